package io.millrace.host;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** Writes each event as one line, the stack of a throwable after it. Kept free of formatters, which cost more to load than to do without. */
final class LineLogger implements System.Logger {
    private static final long MS_PER_DAY = 86_400_000L;

    private final String name;
    private final Level threshold;
    private final PrintStream out = System.err;

    LineLogger(String name, Level threshold) {
        this.name = name;
        this.threshold = threshold;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        return level != Level.OFF && threshold != Level.OFF && level.getSeverity() >= threshold.getSeverity();
    }

    @Override
    public void log(
            Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable thrown) {
        if (isLoggable(level)) write(level, text(bundle, message), thrown);
    }

    @Override
    public void log(
            Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... parameters) {
        if (isLoggable(level)) write(level, fill(text(bundle, format), parameters), null);
    }

    private static String text(@Nullable ResourceBundle bundle, @Nullable String message) {
        if (bundle == null || message == null) return String.valueOf(message);
        try {
            return bundle.getString(message);
        } catch (MissingResourceException e) {
            return message;
        }
    }

    /** Puts parameters where {@code {0}}, {@code {1}} ... stand. */
    private static String fill(String format, @Nullable Object @Nullable [] parameters) {
        if (parameters == null || parameters.length == 0) return format;
        String filled = format;
        for (int i = 0; i < parameters.length; i++)
            filled = filled.replace("{" + i + "}", String.valueOf(parameters[i]));
        return filled;
    }

    private void write(Level level, String message, @Nullable Throwable thrown) {
        StringBuilder line = new StringBuilder(message.length() + 64);
        appendTime(line, System.currentTimeMillis());
        line.append(' ').append(word(level)).append(' ').append(name).append(": ");
        appendSingleLine(line, message);
        line.append('\n');
        if (thrown != null) {
            StringWriter stack = new StringWriter();
            thrown.printStackTrace(new PrintWriter(stack, true));
            line.append(stack);
        }
        out.print(line);
        out.flush();
    }

    /** What peers say may end up in a message: line ends and other control characters become {@code ?}. */
    private static void appendSingleLine(StringBuilder line, String message) {
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            line.append(c < ' ' || c == 0x7f ? '?' : c);
        }
    }

    private static String word(Level level) {
        return switch (level) {
            case ERROR -> "ERROR";
            case WARNING -> "WARN ";
            case INFO -> "INFO ";
            case DEBUG -> "DEBUG";
            case TRACE, ALL, OFF -> "TRACE";
        };
    }

    /** UTC by the proleptic Gregorian calendar, as in RFC 3339, with milliseconds. */
    private static void appendTime(StringBuilder line, long wallMs) {
        long days = Math.floorDiv(wallMs, MS_PER_DAY);
        long ms = Math.floorMod(wallMs, MS_PER_DAY);
        // Days are counted in eras of 400 years that begin on 1 March, so that leap days come last.
        long shifted = days + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        long dayOfEra = Math.floorMod(shifted, 146_097L);
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long monthFromMarch = (5 * dayOfYear + 2) / 153;
        long day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
        long month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        pad(line, year, 4).append('-');
        pad(line, month, 2).append('-');
        pad(line, day, 2).append('T');
        pad(line, ms / 3_600_000, 2).append(':');
        pad(line, ms / 60_000 % 60, 2).append(':');
        pad(line, ms / 1_000 % 60, 2).append('.');
        pad(line, ms % 1_000, 3).append('Z');
    }

    private static StringBuilder pad(StringBuilder line, long number, int digits) {
        String text = Long.toString(number);
        line.repeat('0', Math.max(0, digits - text.length()));
        return line.append(text);
    }
}
