package io.millrace.protocol.generator;

import java.util.List;
import java.util.stream.Collectors;

/** The Java file of one message: its record, with one nested record for each struct. */
final class RecordSource {
    private final Message message;
    private final JavaSource java = new JavaSource();

    RecordSource(Message message) {
        this.message = message;
    }

    /** The whole file. */
    String source() {
        java.add("package io.millrace.protocol.messages;");
        java.add("");
        for (String name : List.of(
                "ApiKey",
                "ApiMessage",
                "CoordinatorKey",
                "CoordinatorValue",
                "MetadataRecord",
                "ProtocolReader",
                "ProtocolWriter",
                "RecordsPayload",
                "Request",
                "Response",
                "UnsupportedVersion",
                "Uuid",
                "WireList")) java.add("import io.millrace.protocol." + name + ";");
        for (String name : List.of("Arrays", "List", "Objects")) java.add("import java.util." + name + ";");
        java.add("import org.jspecify.annotations.Nullable;");
        java.add("");
        addRecord(message.top());
        return java.toString();
    }

    private void addRecord(Struct struct) {
        boolean isTop = message.isTop(struct);
        java.doc(documentation(struct));
        java.add("public record " + struct.name() + "("
                + struct.fields().stream()
                        .map(field -> field.javaType() + " " + field.javaName())
                        .collect(Collectors.joining(", "))
                + ")" + (isTop ? " implements " + Kind.of(message).interfaceName() : "") + " {");
        addConstants(struct);
        addConstructor(struct);
        if (isTop) {
            Kind.of(message).addMethods(message, java);
            addRequireVersion();
        }
        new ReadMethod(message, struct, java).add();
        java.add("");
        new WriteMethod(message, struct, java).add();
        java.add("");
        if (struct.fields().stream().anyMatch(field -> field.type() == WireType.Scalar.BYTES)) addEquality(struct);
        new BuilderSource(struct, java).add();
        if (isTop) {
            for (Struct nested : message.structs().values()) {
                java.add("");
                addRecord(nested);
            }
        }
        java.add("}");
    }

    private String[] documentation(Struct struct) {
        String title = message.isTop(struct)
                ? "{@code " + struct.name() + "}, versions "
                        + message.versions().lowest() + " to "
                        + message.versions().highest() + ", as the schema in " + message.origin() + " has it."
                : "A {@code " + struct.name() + "} of {@link " + message.name() + "}. "
                        + JavaSource.escaped(struct.about());
        List<String> parameters = struct.fields().stream()
                .map(field -> "@param " + field.javaName() + " "
                        + (field.about().isBlank() ? "as named" : JavaSource.escaped(field.about())))
                .toList();
        String[] all = new String[parameters.size() + 1];
        all[0] = title;
        for (int i = 0; i < parameters.size(); i++) all[i + 1] = parameters.get(i);
        return all;
    }

    private void addConstants(Struct struct) {
        if (message.isTop(struct)) {
            java.doc("The oldest version there is.");
            java.add("public static final short LOWEST_SUPPORTED_VERSION = "
                    + message.versions().lowest() + ";");
            java.doc("The newest version there is.");
            java.add("public static final short HIGHEST_SUPPORTED_VERSION = "
                    + message.versions().highest() + ";");
        }
        if (struct.fields().stream()
                .anyMatch(field -> field.type() == WireType.Scalar.BYTES && !field.defaultsToNull()))
            java.add("private static final byte[] NO_BYTES = {};");
        if (!message.isTop(struct)) {
            java.doc("Every field at its default.");
            java.add("public static final " + struct.name() + " DEFAULT = builder().build();");
        }
        java.add("");
    }

    private void addConstructor(Struct struct) {
        List<Field> checked = struct.fields().stream()
                .filter(field -> !(field.type() instanceof WireType.Scalar scalar && scalar.isPrimitive()))
                .filter(field -> !field.isEverNullable() || field.type() instanceof WireType.Array)
                .toList();
        if (checked.isEmpty()) return;
        java.doc("Keeps lists of its own; bytes are shared with the caller, who leaves them alone.");
        java.add("public " + struct.name() + " {");
        for (Field field : checked) {
            String name = field.javaName();
            if (!field.isEverNullable()) java.add("Objects.requireNonNull(" + name + ", \"" + name + "\");");
            if (field.type() instanceof WireType.Array)
                java.add((field.isEverNullable() ? "if (" + name + " != null) " : "") + name + " = WireList.copyOf("
                        + name + ");");
        }
        java.add("}");
        java.add("");
    }

    private void addRequireVersion() {
        java.add("private static void requireVersion(int version) {");
        java.add("if (version < LOWEST_SUPPORTED_VERSION || version > HIGHEST_SUPPORTED_VERSION)");
        java.add("    throw UnsupportedVersion.ofMessage(\"" + message.name()
                + "\", version, LOWEST_SUPPORTED_VERSION, HIGHEST_SUPPORTED_VERSION);");
        java.add("}");
        java.add("");
    }

    private void addEquality(Struct struct) {
        java.add("@Override");
        java.add("public boolean equals(@Nullable Object other) {");
        java.add("return other instanceof " + struct.name() + " that");
        for (Field field : struct.fields()) java.add("        && " + equal(field));
        java.add("        ;");
        java.add("}");
        java.add("");
        java.add("@Override");
        java.add("public int hashCode() {");
        java.add("int hash = 0;");
        for (Field field : struct.fields()) java.add("hash = 31 * hash + " + hash(field) + ";");
        java.add("return hash;");
        java.add("}");
        java.add("");
    }

    private static String equal(Field field) {
        String name = field.javaName();
        String pair = "(this." + name + ", that." + name + ")";
        if (field.type() == WireType.Scalar.BYTES) return "Arrays.equals" + pair;
        if (field.type() == WireType.Scalar.FLOAT64) return "Double.compare" + pair + " == 0";
        boolean primitive = field.type() instanceof WireType.Scalar scalar && scalar.isPrimitive();
        return primitive ? "this." + name + " == that." + name : "Objects.equals" + pair;
    }

    private static String hash(Field field) {
        String argument = "(this." + field.javaName() + ")";
        if (field.type() == WireType.Scalar.BYTES) return "Arrays.hashCode" + argument;
        boolean primitive = field.type() instanceof WireType.Scalar scalar && scalar.isPrimitive();
        return (primitive ? field.type().boxedType() + ".hashCode" : "Objects.hashCode") + argument;
    }
}
