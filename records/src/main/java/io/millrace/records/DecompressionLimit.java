package io.millrace.records;

/**
 * How much a compressed batch, and each record in it, may unpack to, so that a few bytes cannot claim a heap. The size allowed is
 * {@code compressed bytes * maxRatio}, but at least {@code freeBytes} and at most {@code maxBytes}: small batches of very
 * regular data compress a thousandfold and more without any harm meant.
 *
 * @param maxBytes  the most any batch may unpack to, at least 1
 * @param maxRatio  unpacked over packed size that is not questioned, at least 1
 * @param freeBytes up to this size the ratio does not matter, from 0
 * @param maxRecordBytes {@code max.decompressed.message.bytes}: the most a record of a compressed batch may have behind its size
 *                       field, at least 0; records that are not compressed are not bounded by it
 */
public record DecompressionLimit(int maxBytes, int maxRatio, int freeBytes, int maxRecordBytes) {
    /** 128 MiB, a ratio of 1100 (the most gzip can reach is 1032), and the first 16 MiB whatever the ratio. */
    public static final DecompressionLimit DEFAULT = new DecompressionLimit(128 << 20, 1100, 16 << 20);

    /** A limit for batches that asks nothing of their records. */
    public DecompressionLimit(int maxBytes, int maxRatio, int freeBytes) {
        this(maxBytes, maxRatio, freeBytes, Integer.MAX_VALUE);
    }

    /**
     * Checks all four.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public DecompressionLimit {
        if (maxBytes < 1) throw new IllegalArgumentException("limit of " + maxBytes + " bytes is below 1");
        if (maxRatio < 1) throw new IllegalArgumentException("ratio " + maxRatio + " is below 1");
        if (freeBytes < 0) throw new IllegalArgumentException("free size of " + freeBytes + " bytes is negative");
        if (maxRecordBytes < 0)
            throw new IllegalArgumentException("limit of " + maxRecordBytes + " bytes for a record is negative");
    }

    /** The same limit for batches with another one for records. */
    public DecompressionLimit withMaxRecordBytes(int bytes) {
        return new DecompressionLimit(maxBytes, maxRatio, freeBytes, bytes);
    }

    /** Refuses a record of a compressed batch that is larger than {@link #maxRecordBytes}; says the same wherever one is found. */
    void checkRecord(int recordBytes, int index) {
        if (recordBytes > maxRecordBytes)
            throw new InvalidBatch("record " + index + " has " + recordBytes
                    + " bytes unpacked, max.decompressed.message.bytes is " + maxRecordBytes);
    }

    /** The most that many compressed bytes may unpack to. */
    public int bytesAllowed(int compressedBytes) {
        return (int) Math.min(maxBytes, Math.max(freeBytes, (long) compressedBytes * maxRatio));
    }
}
