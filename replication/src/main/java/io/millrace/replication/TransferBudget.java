package io.millrace.replication;

/** How fast bytes may be copied: says how long to wait after some of them, so that the rate is kept over time. */
public final class TransferBudget {
    private static final long MAX_WAIT_MS = 60_000;

    private long freeAtMs = Long.MIN_VALUE;

    /**
     * Takes note of bytes that were copied.
     *
     * @param bytes how many, from 0
     * @param bytesPerSecond the rate in force; 0 stands for none at all, which is looked at again a minute later at the latest
     * @param nowMs monotonic time
     */
    public void spent(long bytes, long bytesPerSecond, long nowMs) {
        double ms = bytes == 0 ? 0 : bytesPerSecond == 0 ? MAX_WAIT_MS : bytes * 1000.0 / bytesPerSecond;
        freeAtMs = Math.max(freeAtMs, nowMs) + (long) Math.min(ms, MAX_WAIT_MS);
    }

    /** How long to wait before the next bytes are copied; 0 if they may be at once. */
    public long waitMs(long nowMs) {
        return freeAtMs <= nowMs ? 0 : freeAtMs - nowMs;
    }
}
