package io.millrace.protocol.generator;

import java.math.BigInteger;

/** The values of fields that are not there. */
final class Defaults {
    private Defaults() {}

    /** Java for a field's default. */
    static String value(Field field) {
        if (field.defaultsToNull()) return "null";
        return switch (field.type()) {
            case WireType.Scalar scalar -> value(scalar, field.defaultText());
            case WireType.Array array when field.defaultText().isEmpty() -> "List.of()";
            case WireType.Struct(String name) when field.defaultText().isEmpty() -> name + ".DEFAULT";
            default -> throw unknown(field);
        };
    }

    private static String value(WireType.Scalar type, String text) {
        return switch (type) {
            case BOOL -> text.isEmpty() ? "false" : String.valueOf(Boolean.parseBoolean(text));
            case INT8 -> "(byte) " + number(text, 8);
            case INT16 -> "(short) " + number(text, 16);
            case UINT16, INT32 -> number(text, 32).toString();
            case UINT32, INT64 -> number(text, 64) + "L";
            case FLOAT64 -> text.isEmpty() ? "0.0" : String.valueOf(Double.parseDouble(text));
            case STRING -> "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            case UUID -> text.isEmpty() ? "Uuid.ZERO" : "Uuid.parse(\"" + text + "\")";
            case BYTES -> {
                if (!text.isEmpty()) throw new IllegalArgumentException("default bytes " + text);
                yield "NO_BYTES";
            }
            case RECORDS -> throw new IllegalArgumentException("default records " + text);
        };
    }

    private static BigInteger number(String text, int bits) {
        if (text.isEmpty()) return BigInteger.ZERO;
        boolean negative = text.startsWith("-");
        String digits = negative ? text.substring(1) : text;
        BigInteger value = digits.startsWith("0x") ? new BigInteger(digits.substring(2), 16) : new BigInteger(digits);
        BigInteger signed = negative ? value.negate() : value;
        if (signed.bitLength() >= bits) throw new IllegalArgumentException(text + " has more than " + bits + " bits");
        return signed;
    }

    /** Java that says whether the component holds something else than its default. */
    static String differs(Field field) {
        String component = "this." + field.javaName();
        if (field.defaultsToNull()) return component + " != null";
        String nullOr = field.isEverNullable() ? component + " == null || " : "";
        return switch (field.type()) {
            case WireType.Scalar scalar
            when scalar == WireType.Scalar.BOOL -> value(field).equals("true") ? "!" + component : component;
            case WireType.Scalar scalar when scalar.isPrimitive() -> component + " != " + value(field);
            case WireType.Scalar scalar when scalar == WireType.Scalar.BYTES -> nullOr + component + ".length != 0";
            case WireType.Scalar scalar -> "!" + value(field) + ".equals(" + component + ")";
            case WireType.Array array -> nullOr + "!" + component + ".isEmpty()";
            case WireType.Struct struct -> "!" + value(field) + ".equals(" + component + ")";
        };
    }

    private static IllegalArgumentException unknown(Field field) {
        return new IllegalArgumentException(field.schemaName() + ": default " + field.defaultText());
    }
}
