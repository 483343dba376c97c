package io.millrace.records;

/**
 * How much a compressed batch may unpack to, so that a few bytes cannot claim a heap. The size allowed is
 * {@code compressed bytes * maxRatio}, but at least {@code freeBytes} and at most {@code maxBytes}: small batches of very
 * regular data compress a thousandfold and more without any harm meant.
 *
 * @param maxBytes  the most any batch may unpack to, at least 1
 * @param maxRatio  unpacked over packed size that is not questioned, at least 1
 * @param freeBytes up to this size the ratio does not matter, from 0
 */
public record DecompressionLimit(int maxBytes, int maxRatio, int freeBytes) {
    /** 128 MiB, a ratio of 1100 (the most gzip can reach is 1032), and the first 16 MiB whatever the ratio. */
    public static final DecompressionLimit DEFAULT = new DecompressionLimit(128 << 20, 1100, 16 << 20);

    /**
     * Checks all three.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public DecompressionLimit {
        if (maxBytes < 1) throw new IllegalArgumentException("limit of " + maxBytes + " bytes is below 1");
        if (maxRatio < 1) throw new IllegalArgumentException("ratio " + maxRatio + " is below 1");
        if (freeBytes < 0) throw new IllegalArgumentException("free size of " + freeBytes + " bytes is negative");
    }

    /** The most that many compressed bytes may unpack to. */
    public int bytesAllowed(int compressedBytes) {
        return (int) Math.min(maxBytes, Math.max(freeBytes, (long) compressedBytes * maxRatio));
    }
}
