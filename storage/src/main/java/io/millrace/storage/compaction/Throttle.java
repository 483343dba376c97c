package io.millrace.storage.compaction;

/**
 * Keeps what compaction reads and writes below {@code log.cleaner.io.max.bytes.per.second}: says how long to pause after each slice.
 * What a slice could have used and did not is not saved up, so there is no burst after a slow one; parts of a millisecond are.
 */
public final class Throttle {
    private double owedMs;

    /**
     * The pause that a slice of work has to be followed by.
     *
     * @param bytes          read and written by it, from 0
     * @param bytesPerSecond what is allowed now, above 0; it may be another with every call
     * @param tookMs         how long the slice took, in milliseconds
     * @return milliseconds, from 0; never more than about 290 years
     */
    public long pauseMs(long bytes, double bytesPerSecond, long tookMs) {
        owedMs = Math.max(0, owedMs + bytes * 1000.0 / bytesPerSecond - tookMs);
        long pause = (long) owedMs;
        owedMs -= pause;
        return pause;
    }
}
