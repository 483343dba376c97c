package io.millrace.protocol.generator;

import java.util.List;

/** The {@code write} method of one struct. */
final class WriteMethod {
    private final Message message;
    private final Struct struct;
    private final JavaSource java;

    WriteMethod(Message message, Struct struct, JavaSource java) {
        this.message = message;
        this.struct = struct;
        this.java = java;
    }

    void add() {
        Versions possible = message.versions();
        if (message.isTop(struct)) {
            java.add("@Override");
        } else {
            java.doc(
                    "Writes the fields that a version has.",
                    "@throws UnsupportedVersion if this holds something that the version cannot say");
        }
        java.add("public void write(ProtocolWriter out, int version) {");
        if (message.isTop(struct)) java.add("requireVersion(version);");
        for (Field field : struct.fields()) writePlain(field, plainVersions(message, field));
        if (!message.flexible().intersect(possible).isEmpty()) {
            boolean block = java.beginIf(message.flexible().test(possible));
            writeTaggedFields();
            if (block) java.add("}");
        }
        java.add("}");
    }

    /** Where a field stands among the others by its place; a field is tagged from some version on, or never. */
    static Versions plainVersions(Message message, Field field) {
        Versions exists = field.versions().intersect(message.versions());
        Versions tagged = field.tagged().intersect(message.versions());
        if (tagged.isEmpty()) return exists;
        if (tagged.highest() != exists.highest())
            throw new IllegalStateException(message.name() + "." + field.schemaName() + " stops being tagged");
        return exists.intersect(new Versions(exists.lowest(), tagged.lowest() - 1));
    }

    private void writePlain(Field field, Versions plain) {
        Versions possible = message.versions();
        Versions exists = field.versions().intersect(possible);
        String test = plain.test(possible);
        boolean mustBeDefault = !field.ignorable() && !exists.test(possible).equals("true");
        if (!plain.isEmpty()) {
            boolean block = java.beginIf(test);
            writeValue(field, plain, "IsPresent");
            if (block) java.add("}");
        }
        if (mustBeDefault) {
            String absent = exists.isEmpty() ? "" : "!(" + exists.test(possible) + ") && ";
            java.add("if (" + absent + "(" + Defaults.differs(field) + ")) throw UnsupportedVersion.ofField("
                    + where(field) + ", version);");
        }
    }

    private void writeTaggedFields() {
        Versions flexible = message.flexible().intersect(message.versions());
        List<Field> tagged = struct.taggedFields(flexible);
        if (tagged.isEmpty()) {
            java.add("out.writeUnsignedVarint(0);");
            return;
        }
        java.add("int tags = 0;");
        for (Field field : tagged) java.add("if (" + isWritten(field, flexible) + ") tags++;");
        java.add("out.writeUnsignedVarint(tags);");
        for (Field field : tagged) {
            java.add("if (" + isWritten(field, flexible) + ") {");
            java.add("int at = out.beginTaggedField(" + field.tag() + ");");
            writeValue(field, field.tagged().intersect(flexible), "TaggedIsPresent");
            java.add("out.endTaggedField(at);");
            java.add("}");
        }
    }

    private static String isWritten(Field field, Versions flexible) {
        String test = field.tagged().test(flexible);
        String differs = Defaults.differs(field);
        return test.equals("true") ? differs : test + " && (" + differs + ")";
    }

    private void writeValue(Field field, Versions versions, String presence) {
        String component = "this." + field.javaName();
        String nullable = field.nullable().test(versions);
        String compact = message.flexible(field).test(versions);
        boolean canBeNull = field.isEverNullable();
        if (canBeNull && !nullable.equals("true")) {
            String unless = nullable.equals("false") ? "" : "!(" + nullable + ") && ";
            java.add("if (" + unless + component + " == null) throw UnsupportedVersion.ofNull(" + where(field)
                    + ", version);");
        }
        boolean writesNull = !nullable.equals("false");
        switch (field.type()) {
            case WireType.Scalar scalar
            when scalar.fixedBytes() > 0 -> java.add("out.write" + scalar.methodSuffix() + "(" + component + ");");
            case WireType.Scalar scalar ->
                java.add("out.write" + (writesNull ? "Nullable" : "") + scalar.methodSuffix() + "(" + component + ", "
                        + compact + ");");
            case WireType.Struct struct -> {
                String write = component + ".write(out, version);";
                if (!writesNull) {
                    java.add(write);
                } else if (nullable.equals("true")) {
                    java.add("out.write" + presence + "(" + component + " != null);");
                    java.add("if (" + component + " != null) " + write);
                } else {
                    java.add("if (" + nullable + ") out.write" + presence + "(" + component + " != null);");
                    java.add("if (" + component + " != null) " + write);
                }
            }
            case WireType.Array(WireType element) -> {
                if (writesNull) {
                    java.add("if (" + component + " == null) {");
                    java.add("out.writeNullArray(" + compact + ");");
                    java.add("} else {");
                } else {
                    java.add("{");
                }
                java.add("int count = " + component + ".size();");
                java.add("out.writeArrayCount(count, " + compact + ");");
                java.add("for (int i = 0; i < count; i++) " + writeElement(component + ".get(i)", element, compact));
                java.add("}");
            }
        }
    }

    private static String writeElement(String value, WireType element, String compact) {
        return switch (element) {
            case WireType.Scalar scalar
            when scalar.fixedBytes() > 0 -> "out.write" + scalar.methodSuffix() + "(" + value + ");";
            case WireType.Scalar scalar -> "out.write" + scalar.methodSuffix() + "(" + value + ", " + compact + ");";
            case WireType.Struct struct -> value + ".write(out, version);";
            case WireType.Array array -> throw new IllegalStateException("array of arrays");
        };
    }

    private String where(Field field) {
        return "\"" + struct.name() + "." + field.javaName() + "\"";
    }
}
