package io.millrace.storage.compaction;

import java.nio.ByteBuffer;

/**
 * The last offset of every key in a stretch of a log: keys as hashes, 24 bytes each, within a fixed share of memory. The table is
 * small until it has to be large.
 */
public final class LatestOffsets {
    /** Bytes of memory for one key. */
    public static final int ENTRY_BYTES = 24;

    private static final int LONGS_PER_ENTRY = 3;
    private static final int FIRST_ENTRIES = 1 << 14;
    private static final int MAX_ENTRIES = (Integer.MAX_VALUE - 8) / LONGS_PER_ENTRY;

    private final KeyHash hash;
    private final double loadFactor;
    private final int mostEntries;
    private long[] table;
    private int entries;
    private int keyCount;

    /**
     * An empty map.
     *
     * @param secret0    half of the hash's secret; random for every compaction
     * @param secret1    the other half
     * @param maxBytes   how large the table may become
     * @param loadFactor how full it may become, above 0 and below 1
     * @param maxKeys    more keys than this will not come; the table is made no larger than they need
     */
    public LatestOffsets(long secret0, long secret1, long maxBytes, double loadFactor, long maxKeys) {
        this.hash = new KeyHash(secret0, secret1);
        this.loadFactor = Math.clamp(loadFactor, 0.05, 0.95);
        long wanted = (long) Math.min(MAX_ENTRIES, maxKeys / this.loadFactor + 2);
        this.mostEntries = (int) Math.max(2, Math.min(Math.min(maxBytes / ENTRY_BYTES, MAX_ENTRIES), wanted));
        this.entries = Math.min(FIRST_ENTRIES, mostEntries);
        this.table = new long[entries * LONGS_PER_ENTRY];
    }

    /** How many more keys it takes for sure. */
    public int room() {
        return (int) (mostEntries * loadFactor) - keyCount;
    }

    /** How many keys it holds. */
    public int keyCount() {
        return keyCount;
    }

    /** Notes a key's offset; a later one takes an earlier one's place. */
    public void put(ByteBuffer bytes, int keyAt, int keyBytes, long offset) {
        if (keyCount >= entries * loadFactor) grow();
        hash.of(bytes, keyAt, keyBytes);
        int at = find(hash.high(), hash.low());
        if (table[at + 2] == 0) keyCount++;
        table[at] = hash.high();
        table[at + 1] = hash.low();
        table[at + 2] = Math.max(table[at + 2], offset + 1);
    }

    /** The last offset noted for a key, or -1. */
    public long get(ByteBuffer bytes, int keyAt, int keyBytes) {
        hash.of(bytes, keyAt, keyBytes);
        return table[find(hash.high(), hash.low()) + 2] - 1;
    }

    private int find(long high, long low) {
        int entry = (int) Math.unsignedMultiplyHigh(high, entries);
        while (true) {
            int at = entry * LONGS_PER_ENTRY;
            if (table[at + 2] == 0 || (table[at] == high && table[at + 1] == low)) return at;
            if (++entry == entries) entry = 0;
        }
    }

    private void grow() {
        if (entries == mostEntries) throw new IllegalStateException("more keys than there is room for");
        long[] old = table;
        entries = mostEntries;
        table = new long[entries * LONGS_PER_ENTRY];
        for (int at = 0; at < old.length; at += LONGS_PER_ENTRY) {
            if (old[at + 2] == 0) continue;
            System.arraycopy(old, at, table, find(old[at], old[at + 1]), LONGS_PER_ENTRY);
        }
    }
}
