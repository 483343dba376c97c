package io.millrace.cli.terminal;

import java.util.Locale;

/** How amounts of bytes and of time are written for people. */
public final class Sizes {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    private static final int STEP = 1_000;
    private static final long SECONDS_PER_MINUTE = 60;

    private Sizes() {}

    /** As {@code 999 B}, {@code 1.5 kB} or {@code 12 GB}; a thousand bytes are a kilobyte. */
    public static String bytes(long bytes) {
        double left = bytes;
        int unit = 0;
        while (left >= STEP - 0.5 && unit < UNITS.length - 1) {
            left /= STEP;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || left >= 9.95 ? "%.0f %s" : "%.1f %s", left, UNITS[unit]);
    }

    /** As {@code 42 s}, {@code 3:05 min} or {@code 2:00 h}. */
    public static String time(double seconds) {
        long whole = Math.round(seconds);
        if (whole < SECONDS_PER_MINUTE) return whole + " s";
        long minutes = whole / SECONDS_PER_MINUTE;
        return minutes < SECONDS_PER_MINUTE
                ? String.format(Locale.ROOT, "%d:%02d min", minutes, whole % SECONDS_PER_MINUTE)
                : String.format(Locale.ROOT, "%d:%02d h", minutes / SECONDS_PER_MINUTE, minutes % SECONDS_PER_MINUTE);
    }
}
