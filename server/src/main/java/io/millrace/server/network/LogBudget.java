package io.millrace.server.network;

/** Keeps peers from filling the log: so many lines at once, and one a second in the long run. */
final class LogBudget {
    private static final int MOST_AT_ONCE = 20;
    private static final long MS_PER_LINE = 1_000;

    private long fullAtMs = Long.MIN_VALUE;
    private long leftOut;

    /** The number of lines left out since the last one, if a line may be written now; else -1. */
    long mayLog(long nowMs) {
        long due = Math.max(fullAtMs, nowMs) + MS_PER_LINE;
        if (due - nowMs > MOST_AT_ONCE * MS_PER_LINE) {
            leftOut++;
            return -1;
        }
        fullAtMs = due;
        long unsaid = leftOut;
        leftOut = 0;
        return unsaid;
    }
}
