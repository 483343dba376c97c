package io.millrace.client.fetching;

import java.time.Duration;
import java.time.format.DateTimeParseException;

/** Where to begin when there is no position, or the one there was is not in the log any more: {@code auto.offset.reset}. */
public sealed interface OffsetReset {
    /** Asks ListOffsets for the log's end instead of a time. */
    long LATEST = -1;

    /** Asks ListOffsets for the log's start instead of a time. */
    long EARLIEST = -2;

    /** With the oldest record. */
    record Earliest() implements OffsetReset {}

    /** With what comes next. */
    record Latest() implements OffsetReset {}

    /** Nowhere: the application is told. */
    record Refuse() implements OffsetReset {}

    /**
     * With the first record not older than so long ago; with what comes next if all are older (KIP-1106).
     *
     * @param durationMs from 0
     */
    record ByDuration(long durationMs) implements OffsetReset {}

    /**
     * Reads the property's value.
     *
     * @throws IllegalArgumentException if it is none of {@code earliest}, {@code latest}, {@code none} and
     *     {@code by_duration:PT1H}
     */
    static OffsetReset parse(String text) {
        return switch (text) {
            case "earliest" -> new Earliest();
            case "latest" -> new Latest();
            case "none" -> new Refuse();
            default -> byDuration(text);
        };
    }

    private static OffsetReset byDuration(String text) {
        String prefix = "by_duration:";
        if (text.startsWith(prefix)) {
            try {
                Duration duration = Duration.parse(text.substring(prefix.length()));
                if (!duration.isNegative()) return new ByDuration(duration.toMillis());
            } catch (DateTimeParseException | ArithmeticException e) {
                throw new IllegalArgumentException(
                        "auto.offset.reset is '" + text + "'; want a duration such as by_duration:PT1H", e);
            }
        }
        throw new IllegalArgumentException("auto.offset.reset is '" + text
                + "'; want earliest, latest, none, or by_duration: and a duration such as PT1H");
    }
}
