package io.millrace.cli.consume;

import io.millrace.cli.terminal.Sizes;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalDouble;

/** Tells how far a read is, once a second on one line that is written over; with its share and its end in sight, if it has one. */
final class ReadProgress {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final PrintWriter out;
    private final boolean isShown;
    private final long beganNanos = System.nanoTime();
    private final TimeLeft left = new TimeLeft();
    private long nextNanos = beganNanos + NANOS_PER_SECOND;
    private int shownChars;

    ReadProgress(PrintWriter out, boolean isShown) {
        this.out = out;
        this.isShown = isShown;
    }

    /**
     * Told now and then.
     *
     * @param doneOffsets read so far, of {@code allOffsets}; the latter is 0 if there is no end
     */
    void at(long records, long doneOffsets, long allOffsets) {
        if (!isShown) return;
        long nowNanos = System.nanoTime();
        if (nowNanos < nextNanos) return;
        nextNanos = nowNanos + NANOS_PER_SECOND;
        double seconds = (double) (nowNanos - beganNanos) / NANOS_PER_SECOND;
        String line = String.format(Locale.ROOT, "%,d records, %,.0f records/s", records, records / seconds);
        if (allOffsets > 0) {
            line += String.format(Locale.ROOT, ", %.0f %%", 100 * Math.min(1, (double) doneOffsets / allOffsets));
            OptionalDouble secondsLeft = left.look(nowNanos, doneOffsets, allOffsets);
            if (secondsLeft.isPresent()) line += ", " + Sizes.time(secondsLeft.getAsDouble()) + " to go";
        }
        out.print("\r" + line + " ".repeat(Math.max(0, shownChars - line.length())));
        out.flush();
        shownChars = line.length();
    }

    /** Ends the line, if there is one. */
    void end() {
        if (shownChars > 0) out.println();
    }
}
