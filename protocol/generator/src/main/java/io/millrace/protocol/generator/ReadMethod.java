package io.millrace.protocol.generator;

import java.util.List;
import java.util.stream.Collectors;

/** The {@code read} method of one struct. */
final class ReadMethod {
    private final Message message;
    private final Struct struct;
    private final JavaSource java;
    private final SmallestSize smallest;

    ReadMethod(Message message, Struct struct, JavaSource java) {
        this.message = message;
        this.struct = struct;
        this.java = java;
        this.smallest = new SmallestSize(message);
    }

    void add() {
        Versions possible = message.versions();
        java.doc(
                "Reads the fields that a version has; the others get their defaults.",
                "@throws io.millrace.protocol.MalformedMessage if the bytes are not such a " + struct.name(),
                "@throws UnsupportedVersion if there is no such version");
        java.add("public static " + struct.name() + " read(ProtocolReader in, int version) {");
        if (message.isTop(struct)) java.add("requireVersion(version);");
        for (Field field : struct.fields())
            java.add(field.type().javaType() + " " + field.localName() + " = " + Defaults.value(field) + ";");
        for (Field field : struct.fields()) {
            Versions plain = plainVersions(field);
            if (plain.isEmpty()) continue;
            boolean block = java.beginIf(plain.test(possible));
            readValue(field, plain, false);
            if (block) java.add("}");
        }
        if (!message.flexible().intersect(possible).isEmpty()) {
            boolean block = java.beginIf(message.flexible().test(possible));
            readTaggedFields();
            if (block) java.add("}");
        }
        java.add("return new " + struct.name() + "("
                + struct.fields().stream().map(Field::localName).collect(Collectors.joining(", ")) + ");");
        java.add("}");
    }

    /** Where the field stands among the others by its place. */
    private Versions plainVersions(Field field) {
        return WriteMethod.plainVersions(message, field);
    }

    private void readTaggedFields() {
        Versions flexible = message.flexible().intersect(message.versions());
        List<Field> tagged = struct.taggedFields(flexible);
        if (tagged.isEmpty()) {
            java.add("in.skipTaggedFields(" + quoted(struct.name()) + ");");
            return;
        }
        String name = quoted(struct.name());
        java.add("int tags = in.readTaggedFieldCount(" + name + ");");
        java.add("int tag = -1;");
        java.add("for (; tags > 0; tags--) {");
        java.add("tag = in.readTag(" + name + ", tag);");
        java.add("int end = in.readTaggedFieldEnd(" + name + ");");
        java.add("switch (tag) {");
        for (Field field : tagged) {
            Versions versions = field.tagged().intersect(flexible);
            java.add("case " + field.tag() + " -> {");
            String test = versions.test(flexible);
            if (!test.equals("true"))
                java.add("if (!(" + test + ")) throw in.misplacedTag(" + where(field) + ", version);");
            readValue(field, versions, true);
            java.add("in.requireTaggedFieldEnd(" + where(field) + ", end);");
            java.add("}");
        }
        java.add("default -> in.skipTaggedField(end);");
        java.add("}");
        java.add("}");
    }

    private void readValue(Field field, Versions versions, boolean tagged) {
        String local = field.localName();
        String where = where(field);
        String compact = message.flexible(field).test(versions);
        String nullable = field.nullable().test(versions);
        switch (field.type()) {
            case WireType.Scalar scalar
            when scalar.fixedBytes() > 0 -> java.add(local + " = in.read" + scalar.methodSuffix() + "(" + where + ");");
            case WireType.Scalar scalar -> {
                String plain = "in.read" + scalar.methodSuffix() + "(" + where + ", " + compact + ")";
                String optional = "in.readNullable" + scalar.methodSuffix() + "(" + where + ", " + compact + ")";
                java.add(local + " = " + choose(nullable, optional, plain) + ";");
            }
            case WireType.Struct(String name) -> {
                String read = name + ".read(in, version)";
                String optional =
                        "in.read" + (tagged ? "TaggedIsPresent(" : "IsPresent(") + where + ") ? " + read + " : null";
                java.add(local + " = " + choose(nullable, optional, read) + ";");
            }
            case WireType.Array(WireType element) -> readArray(field, element, versions, nullable);
        }
    }

    private void readArray(Field field, WireType element, Versions versions, String nullable) {
        String local = field.localName();
        String compact = message.flexible(field).test(versions);
        String arguments = where(field) + ", " + compact + ", "
                + smallest.expression(element, message.flexible(field), versions) + ")";
        java.add("{");
        java.add("int count = "
                + choose(nullable, "in.readNullableArrayCount(" + arguments, "in.readArrayCount(" + arguments) + ";");
        String none = nullable.equals("false") ? "List.of()" : "count < 0 ? null : List.of()";
        java.add("if (count <= 0) {");
        java.add(local + " = " + none + ";");
        java.add("} else {");
        java.add("%s[] elements = new %s[count];".formatted(element.boxedType(), element.boxedType()));
        java.add("for (int i = 0; i < count; i++) elements[i] = " + readElement(field, element, compact) + ";");
        java.add(local + " = WireList.wrap(elements);");
        java.add("}");
        java.add("}");
    }

    private String readElement(Field field, WireType element, String compact) {
        return switch (element) {
            case WireType.Scalar scalar
            when scalar.fixedBytes() > 0 -> "in.read" + scalar.methodSuffix() + "(" + where(field) + ")";
            case WireType.Scalar scalar ->
                "in.read" + scalar.methodSuffix() + "(" + where(field) + ", " + compact + ")";
            case WireType.Struct(String name) -> name + ".read(in, version)";
            case WireType.Array array -> throw new IllegalStateException("array of arrays");
        };
    }

    private static String choose(String test, String ifTrue, String ifFalse) {
        return switch (test) {
            case "true" -> ifTrue;
            case "false" -> ifFalse;
            default -> "(" + test + ") ? " + (ifTrue.contains("?") ? "(" + ifTrue + ")" : ifTrue) + " : " + ifFalse;
        };
    }

    private String where(Field field) {
        return quoted(struct.name() + "." + field.javaName());
    }

    private static String quoted(String text) {
        return "\"" + text + "\"";
    }
}
