package io.millrace.cli.filter;

import io.millrace.client.consumer.ConsumerRecord;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A field beside a literal. A number is compared with what is a number or reads as one, text with text, and what cannot be compared is
 * unequal: neither smaller nor larger.
 *
 * @param operator one of {@code == != < <= > >=}
 * @param literal text, a number, a truth value, or null
 */
record Comparison(
        RecordField field, String operator, @Nullable Object literal) implements RecordFilter {
    @Override
    public boolean takes(ConsumerRecord<byte[], byte[]> record) {
        Object value = field.of(record);
        Integer order = order(value, literal);
        return switch (operator) {
            case "==" -> order != null && order == 0;
            case "!=" -> order == null || order != 0;
            case "<" -> order != null && order < 0;
            case "<=" -> order != null && order <= 0;
            case ">" -> order != null && order > 0;
            case ">=" -> order != null && order >= 0;
            default -> throw new IllegalStateException("there is no operator " + operator);
        };
    }

    /** Null if they cannot be compared. */
    private static @Nullable Integer order(@Nullable Object value, @Nullable Object literal) {
        if (value == null) return literal == null ? 0 : null;
        if (literal == null) return null;
        return switch (literal) {
            case BigDecimal number -> {
                BigDecimal other = value instanceof BigDecimal it
                        ? it
                        : FilterScanner.asNumber(value.toString().strip());
                yield other == null ? null : other.compareTo(number);
            }
            case Boolean truth -> value.toString().equals(truth.toString()) ? 0 : null;
            default -> value.toString().compareTo(literal.toString());
        };
    }
}
