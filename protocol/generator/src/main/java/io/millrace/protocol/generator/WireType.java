package io.millrace.protocol.generator;

import java.util.Locale;

/** The type of a field, as the schema says it. */
sealed interface WireType {
    /** How Java says it, where it cannot be null. */
    String javaType();

    /** How Java says it between angle brackets. */
    String boxedType();

    /** The types that need no other. */
    enum Scalar implements WireType {
        BOOL("boolean", "Boolean", "Boolean", 1),
        INT8("byte", "Byte", "Int8", 1),
        INT16("short", "Short", "Int16", 2),
        UINT16("int", "Integer", "Uint16", 2),
        INT32("int", "Integer", "Int32", 4),
        UINT32("long", "Long", "Uint32", 4),
        INT64("long", "Long", "Int64", 8),
        FLOAT64("double", "Double", "Float64", 8),
        UUID("Uuid", "Uuid", "Uuid", 16),
        STRING("String", "String", "String", 0),
        BYTES("byte[]", "byte[]", "Bytes", 0),
        RECORDS("RecordsPayload", "RecordsPayload", "Records", 0);

        private final String javaType;
        private final String boxedType;
        private final String methodSuffix;
        private final int fixedBytes;

        Scalar(String javaType, String boxedType, String methodSuffix, int fixedBytes) {
            this.javaType = javaType;
            this.boxedType = boxedType;
            this.methodSuffix = methodSuffix;
            this.fixedBytes = fixedBytes;
        }

        @Override
        public String javaType() {
            return javaType;
        }

        @Override
        public String boxedType() {
            return boxedType;
        }

        /** What follows {@code read} and {@code write} in the names of the primitives. */
        String methodSuffix() {
            return methodSuffix;
        }

        /** Its size, or 0 if it has a length in front. */
        int fixedBytes() {
            return fixedBytes;
        }

        boolean isPrimitive() {
            return fixedBytes > 0 && this != UUID;
        }
    }

    /** A struct. The name is that of a struct of the same message. */
    record Struct(String name) implements WireType {
        @Override
        public String javaType() {
            return name;
        }

        @Override
        public String boxedType() {
            return name;
        }
    }

    /** A list. The element is anything but an array. */
    record Array(WireType element) implements WireType {
        @Override
        public String javaType() {
            return "List<" + element.boxedType() + ">";
        }

        @Override
        public String boxedType() {
            return javaType();
        }
    }

    static WireType parse(String text) {
        if (text.startsWith("[]")) {
            WireType element = parse(text.substring(2));
            if (element instanceof Array) throw new IllegalArgumentException("array of arrays: " + text);
            return new Array(element);
        }
        if (Character.isUpperCase(text.charAt(0))) return new Struct(text);
        return Scalar.valueOf(text.toUpperCase(Locale.ROOT));
    }
}
