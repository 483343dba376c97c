package io.millrace.protocol.generator;

import java.util.List;
import java.util.stream.Collectors;

/** The builder of one record, and the methods that make one. */
final class BuilderSource {
    private final Struct struct;
    private final JavaSource java;

    BuilderSource(Struct struct, JavaSource java) {
        this.struct = struct;
        this.java = java;
    }

    void add() {
        List<Field> fields = struct.fields();
        java.doc("A builder that holds the defaults.");
        java.add("public static Builder builder() {");
        java.add("return new Builder();");
        java.add("}");
        java.add("");
        java.doc("A builder that holds these values.");
        java.add("public Builder toBuilder() {");
        java.add("Builder builder = new Builder();");
        for (Field field : fields) java.add("builder." + field.javaName() + " = this." + field.javaName() + ";");
        java.add("return builder;");
        java.add("}");
        java.add("");
        java.doc("Collects the fields of a {@link " + struct.name() + "}; those not set keep their defaults.");
        java.add("public static final class Builder {");
        for (Field field : fields)
            java.add("private " + field.javaType() + " " + field.javaName() + " = " + Defaults.value(field) + ";");
        java.add("");
        java.add("private Builder() {}");
        java.add("");
        for (Field field : fields) {
            String name = field.javaName();
            java.doc("Sets {@link " + struct.name() + "#" + name + "}.");
            java.add("public Builder " + name + "(" + field.javaType() + " " + name + ") {");
            java.add("this." + name + " = " + name + ";");
            java.add("return this;");
            java.add("}");
            java.add("");
        }
        java.doc("The record.");
        java.add("public " + struct.name() + " build() {");
        java.add("return new " + struct.name() + "("
                + fields.stream().map(Field::javaName).collect(Collectors.joining(", ")) + ");");
        java.add("}");
        java.add("}");
    }
}
