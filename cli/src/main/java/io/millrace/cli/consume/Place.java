package io.millrace.cli.consume;

import io.millrace.cli.terminal.Moment;
import java.time.DateTimeException;
import java.time.Duration;

/** A place in every partition's log, as somebody at a terminal says it. */
sealed interface Place {
    /** The oldest record. */
    record Earliest() implements Place {}

    /** Behind the newest record. */
    record Latest() implements Place {}

    /**
     * That offset.
     *
     * @param offset from 0
     */
    record At(long offset) implements Place {}

    /**
     * So many records before the end.
     *
     * @param count from 0
     */
    record BeforeEnd(long count) implements Place {}

    /**
     * The first record that is not older.
     *
     * @param timestamp milliseconds since 1970
     */
    record Since(long timestamp) implements Place {}

    /**
     * Understands earliest, latest, an offset, {@code -5} for the last five, a moment as {@link Moment} does, and a duration before now such as {@code PT15M}.
     *
     * @throws IllegalArgumentException saying what is understood
     */
    static Place parse(String text, long wallMs) {
        switch (text) {
            case "earliest", "beginning" -> {
                return new Earliest();
            }
            case "latest", "end" -> {
                return new Latest();
            }
            default -> {
                // Something with digits, then.
            }
        }
        try {
            if (text.matches("-?\\d+")) {
                long number = Long.parseLong(text);
                return text.startsWith("-") ? new BeforeEnd(-number) : new At(number);
            }
            long timestamp =
                    text.startsWith("P") ? wallMs - Duration.parse(text).toMillis() : Moment.parse(text);
            if (timestamp >= 0) return new Since(timestamp);
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException(wanted(text), e);
        }
        throw new IllegalArgumentException(wanted(text));
    }

    private static String wanted(String text) {
        return "'" + text + "' is no place; want earliest, latest, an offset, -5 for the last five,"
                + " a moment such as 2026-01-31T08:00:00Z, or PT15M for 15 minutes ago";
    }
}
