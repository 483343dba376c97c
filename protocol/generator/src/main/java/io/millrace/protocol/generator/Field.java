package io.millrace.protocol.generator;

import java.util.Set;

/**
 * One field of a struct.
 *
 * @param schemaName  as the schema writes it
 * @param type        its type
 * @param versions    where it exists
 * @param nullable    where it may be null
 * @param tagged      where it stands among the tagged fields
 * @param tag         its tag; -1 for a field that is never tagged
 * @param flexible    where its lengths are compact, if it has a say of its own
 * @param ignorable   whether a version without it may drop its value silently
 * @param defaultText the default, {@code ""} for the type's own
 * @param about       what the schema says of it
 */
record Field(
        String schemaName,
        WireType type,
        Versions versions,
        Versions nullable,
        Versions tagged,
        int tag,
        Versions flexible,
        boolean ignorable,
        String defaultText,
        String about) {

    private static final Set<String> TAKEN = Set.of(
            "abstract",
            "assert",
            "boolean",
            "break",
            "byte",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extends",
            "false",
            "final",
            "finally",
            "float",
            "for",
            "goto",
            "if",
            "implements",
            "import",
            "instanceof",
            "int",
            "interface",
            "long",
            "native",
            "new",
            "null",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "short",
            "static",
            "strictfp",
            "super",
            "switch",
            "synchronized",
            "this",
            "throw",
            "throws",
            "transient",
            "true",
            "try",
            "void",
            "volatile",
            "while",
            "clone",
            "finalize",
            "getClass",
            "hashCode",
            "notify",
            "notifyAll",
            "toString",
            "wait",
            "toBuilder",
            "write",
            "read",
            "builder",
            "build");

    private static final Set<String> LOCALS =
            Set.of("in", "out", "version", "tag", "tags", "end", "count", "elements", "at", "i");

    /** The record component: the schema's name with a small first letter, and "Field" behind it if Java minds. */
    String javaName() {
        String name = Character.toLowerCase(schemaName.charAt(0)) + schemaName.substring(1);
        return TAKEN.contains(name) ? name + "Field" : name;
    }

    /** The local variable that holds it while reading. */
    String localName() {
        return LOCALS.contains(javaName()) ? javaName() + "Value" : javaName();
    }

    boolean isEverNullable() {
        return !nullable.isEmpty() || type == WireType.Scalar.RECORDS;
    }

    boolean defaultsToNull() {
        return defaultText.equals("null") || (type == WireType.Scalar.RECORDS && defaultText.isEmpty());
    }

    /** How the component's type is written. */
    String javaType() {
        if (!isEverNullable()) return type.javaType();
        return type == WireType.Scalar.BYTES ? "byte @Nullable []" : "@Nullable " + type.javaType();
    }
}
