package io.millrace.storage.compaction;

import java.util.BitSet;

/**
 * The last offset of every key in a stretch of a log: keys as hashes, 24 bytes each, within a fixed share of memory. The table is
 * small as long as the keys are few: every key is looked up twice, and in a large table the processor waits for
 * memory each time. So keys come in blocks.
 */
public final class LatestOffsets {
    /** Bytes of memory for one key. */
    public static final int ENTRY_BYTES = 24;

    private static final int LONGS_PER_ENTRY = 3;
    private static final int FIRST_ENTRIES = 1 << 12;
    private static final int GROWTH = 4;
    private static final double FULL_ENOUGH_TO_GROW = 0.6;
    private static final int MAX_ENTRIES = (Integer.MAX_VALUE - 8) / LONGS_PER_ENTRY;

    private final KeyHash hash;
    private final double loadFactor;
    private final int mostEntries;
    private long[] table;
    private int entries;
    private int growsAt;
    private int keyCount;

    @SuppressWarnings("UnusedVariable") // so that the compiler does not leave out the reads of touch
    private long touched;

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
        this.growsAt = growsAt();
        this.table = new long[entries * LONGS_PER_ENTRY];
    }

    /** A table that may still grow does so before a search in it takes many steps. */
    private int growsAt() {
        return (int) (entries * (entries == mostEntries ? loadFactor : Math.min(FULL_ENOUGH_TO_GROW, loadFactor)));
    }

    /** How many more keys it takes for sure. */
    public int room() {
        return (int) (mostEntries * loadFactor) - keyCount;
    }

    /** How many keys it holds. */
    public int keyCount() {
        return keyCount;
    }

    /** An empty block for keys of this map. */
    KeyBlock block() {
        return new KeyBlock(hash);
    }

    /** Notes the offsets of a block's keys; a later one takes an earlier one's place. */
    void put(KeyBlock block) {
        touch(block);
        for (int i = 0; i < block.count(); i++) {
            if (keyCount >= growsAt) grow();
            int at = find(block.high(i), block.low(i));
            if (table[at + 2] == 0) keyCount++;
            table[at] = block.high(i);
            table[at + 1] = block.low(i);
            table[at + 2] = Math.max(table[at + 2], block.offset(i) + 1);
        }
    }

    /** Sets a bit, from {@code firstBit} on, for each key of a block of which no later offset was noted. */
    void findLatest(KeyBlock block, BitSet isLatest, int firstBit) {
        touch(block);
        for (int i = 0; i < block.count(); i++)
            if (block.offset(i) >= table[find(block.high(i), block.low(i)) + 2] - 1) isLatest.set(firstBit + i);
    }

    /**
     * Reads where each key will be looked for first. These reads do not depend on one another, so that the processor waits
     * for them all at once; of two searches the second would begin when the first has ended.
     */
    private void touch(KeyBlock block) {
        long sum = 0;
        for (int i = 0; i < block.count(); i++)
            sum += table[(int) Math.unsignedMultiplyHigh(block.high(i), entries) * LONGS_PER_ENTRY];
        touched = sum;
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
        entries = (int) Math.min((long) entries * GROWTH, mostEntries);
        growsAt = growsAt();
        table = new long[entries * LONGS_PER_ENTRY];
        for (int at = 0; at < old.length; at += LONGS_PER_ENTRY) {
            if (old[at + 2] == 0) continue;
            System.arraycopy(old, at, table, find(old[at], old[at + 1]), LONGS_PER_ENTRY);
        }
    }
}
