package io.millrace.client.cluster;

/**
 * How long to wait before asking again: twice as long after each failure in a row up to a bound, spread by a fifth either
 * way so that clients do not come back in step (KIP-580).
 *
 * @param firstMs after the first failure, {@code retry.backoff.ms}, from 0
 * @param maxMs the bound before spreading, {@code retry.backoff.max.ms}; one below {@code firstMs} counts as {@code firstMs}
 */
public record RetryBackoff(long firstMs, long maxMs) {
    private static final double SPREAD = 0.2;
    private static final int MAX_DOUBLINGS = 40;

    /** Checks the ranges. */
    public RetryBackoff {
        if (firstMs < 0) throw new IllegalArgumentException("retry.backoff.ms is " + firstMs + ", below 0");
        if (maxMs < 0) throw new IllegalArgumentException("retry.backoff.max.ms is " + maxMs + ", below 0");
        maxMs = Math.max(firstMs, maxMs);
    }

    /**
     * The wait after so many failures in a row.
     *
     * @param failures at least 1
     * @param randomBits any number; it decides the spread
     * @return milliseconds, from 0
     */
    public long waitMs(int failures, long randomBits) {
        double grown = Math.min(firstMs * Math.pow(2, Math.min(failures - 1, MAX_DOUBLINGS)), (double) maxMs);
        double unit = (randomBits >>> 11) * 0x1.0p-53;
        return Math.round(grown * (1 - SPREAD + 2 * SPREAD * unit));
    }
}
