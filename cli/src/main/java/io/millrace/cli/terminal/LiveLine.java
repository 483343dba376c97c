package io.millrace.cli.terminal;

import java.io.PrintWriter;

/** Says how far something is, once a second: on one line that is written over if somebody looks on, else line by line. For one thread. */
public final class LiveLine {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final PrintWriter out;
    private final boolean isWrittenOver;
    private long nextNanos = System.nanoTime() + NANOS_PER_SECOND;
    private int shownChars;

    /** Begins its first second now. */
    public LiveLine(PrintWriter out, boolean isWrittenOver) {
        this.out = out;
        this.isWrittenOver = isWrittenOver;
    }

    /** Whether a second has passed since the last line. */
    public boolean isDue() {
        return System.nanoTime() - nextNanos >= 0;
    }

    /** Shows the line, and begins the next second. */
    public void show(String line) {
        nextNanos = System.nanoTime() + NANOS_PER_SECOND;
        if (isWrittenOver) {
            out.print("\r" + line + " ".repeat(Math.max(0, shownChars - line.length())));
            out.flush();
            shownChars = line.length();
        } else {
            out.println(line);
        }
    }

    /** Ends the line that is written over, if there is one. */
    public void end() {
        if (shownChars > 0) out.println();
        shownChars = 0;
    }
}
