package io.millrace.cli.terminal;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Reads a moment from a command line. */
public final class Moment {
    private Moment() {}

    /**
     * Milliseconds since 1970, of {@code 2026-01-31T12:00:00+01:00}, {@code 2026-01-31T12:00:00} or {@code 2026-01-31} (both
     * UTC, as Kafka's tools take them), or of the number itself.
     *
     * @throws IllegalArgumentException if it is none of these, or before 1970
     */
    public static long parse(String text) {
        long ms;
        try {
            if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) ms = Long.parseLong(text);
            else if (text.indexOf('T') < 0) ms = millis(LocalDate.parse(text).atStartOfDay());
            else if (text.matches(".*(Z|[+-]\\d\\d:?\\d\\d)"))
                ms = OffsetDateTime.parse(text).toInstant().toEpochMilli();
            else ms = millis(LocalDateTime.parse(text));
        } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no moment; want ms since 1970, or as 2026-01-31T12:00:00Z", e);
        }
        if (ms < 0) throw new IllegalArgumentException("'" + text + "' is before 1970");
        return ms;
    }

    private static long millis(LocalDateTime moment) {
        return moment.toInstant(ZoneOffset.UTC).toEpochMilli();
    }
}
