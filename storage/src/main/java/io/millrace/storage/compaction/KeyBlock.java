package io.millrace.storage.compaction;

import java.nio.ByteBuffer;

/** Some hashed keys with their records' offsets, which are looked up together ({@link LatestOffsets}). One thread's. */
final class KeyBlock {
    private static final int KEYS = 256;

    private final KeyHash hash;
    private final long[] highs = new long[KEYS];
    private final long[] lows = new long[KEYS];
    private final long[] offsets = new long[KEYS];
    private int count;

    KeyBlock(KeyHash hash) {
        this.hash = hash;
    }

    void add(ByteBuffer bytes, int keyAt, int keyBytes, long offset) {
        hash.of(bytes, keyAt, keyBytes);
        highs[count] = hash.high();
        lows[count] = hash.low();
        offsets[count++] = offset;
    }

    boolean isFull() {
        return count == KEYS;
    }

    int count() {
        return count;
    }

    long high(int index) {
        return highs[index];
    }

    long low(int index) {
        return lows[index];
    }

    long offset(int index) {
        return offsets[index];
    }

    void clear() {
        count = 0;
    }
}
