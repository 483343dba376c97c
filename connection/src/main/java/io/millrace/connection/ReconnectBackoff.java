package io.millrace.connection;

/**
 * How long to wait before connecting again: twice as long after each failure in a row, up to a bound, and spread by a
 * fifth either way so that clients do not come back in step (KIP-580).
 *
 * @param firstMs after the first failure, {@code reconnect.backoff.ms}, from 0
 * @param maxMs the bound before spreading, {@code reconnect.backoff.max.ms}, from {@code firstMs}
 */
public record ReconnectBackoff(long firstMs, long maxMs) {
    private static final double SPREAD = 0.2;
    private static final int MAX_DOUBLINGS = 40;

    /** Checks the ranges. */
    public ReconnectBackoff {
        if (firstMs < 0) throw new IllegalArgumentException("reconnect.backoff.ms is " + firstMs);
        if (maxMs < firstMs) {
            throw new IllegalArgumentException("reconnect.backoff.max.ms is " + maxMs + ", below " + firstMs);
        }
    }

    /**
     * The wait after so many failures in a row.
     *
     * @param failureCount at least 1
     * @param randomBits any number; it decides the spread
     * @return milliseconds, from 0
     */
    public long waitMs(int failureCount, long randomBits) {
        if (failureCount < 1) throw new IllegalArgumentException(failureCount + " failures");
        double grown = firstMs * Math.pow(2, Math.min(failureCount - 1, MAX_DOUBLINGS));
        double unit = (randomBits >>> 11) * 0x1.0p-53;
        return Math.round(Math.min(grown, (double) maxMs) * (1 - SPREAD + 2 * SPREAD * unit));
    }
}
