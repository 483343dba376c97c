package io.millrace.cli.produce;

import java.io.PrintWriter;
import java.util.Locale;

/** Tells how far a run is: once a second on one line that is written over, and once at the end. */
final class Progress {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final PrintWriter out;
    private final boolean isShown;
    private final long beganNanos = System.nanoTime();
    private long nextNanos = beganNanos + NANOS_PER_SECOND;
    private long shownRecords;
    private int shownChars;

    Progress(PrintWriter out, boolean isShown) {
        this.out = out;
        this.isShown = isShown;
    }

    /** Told after each record. Looks at the clock each time: records may come slowly. */
    void at(long records, long bytes) {
        if (!isShown) return;
        long nowNanos = System.nanoTime();
        if (nowNanos < nextNanos) return;
        double seconds = (double) (nowNanos - nextNanos + NANOS_PER_SECOND) / NANOS_PER_SECOND;
        long rate = Math.round((records - shownRecords) / seconds);
        show(String.format(Locale.ROOT, "%,d records, %,d bytes, %,d records/s", records, bytes, rate));
        shownRecords = records;
        nextNanos = nowNanos + NANOS_PER_SECOND;
    }

    private void show(String line) {
        out.print("\r" + line + " ".repeat(Math.max(0, shownChars - line.length())));
        out.flush();
        shownChars = line.length();
    }

    /** Ends the line, if there is one. */
    void end() {
        if (shownChars > 0) out.println();
    }

    double seconds() {
        return (double) (System.nanoTime() - beganNanos) / NANOS_PER_SECOND;
    }
}
