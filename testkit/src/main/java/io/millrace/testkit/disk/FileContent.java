package io.millrace.testkit.disk;

import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bytes of one file: as programs see them in the page cache, as they are on the platters, and every change since they
 * were last forced. A power cut leaves each page, or each sector, as it was after some of the changes that touched it, and
 * the file as long as it was at some moment since the force, or as long as half a write would have made it.
 *
 * <p>After a force that failed the cache takes all pages for clean: what did not reach the platters is never written by a
 * later force, though that reports success (Rebello et al., ATC'20).
 */
final class FileContent implements DiskEntry, StoredFile {
    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    /** A write if there are bytes, else a cut to {@code sizeAfter}. */
    private static final class Change {
        final int position;
        final byte[] bytes;
        final int sizeBefore;
        final int sizeAfter;

        Change(int position, byte[] bytes, int sizeBefore, int sizeAfter) {
            this.position = position;
            this.bytes = bytes;
            this.sizeBefore = sizeBefore;
            this.sizeAfter = sizeAfter;
        }

        boolean isCut() {
            return sizeAfter < sizeBefore;
        }

        int from() {
            return isCut() ? sizeAfter : position;
        }

        int until() {
            return isCut() ? sizeBefore : position + bytes.length;
        }

        void apply(byte[] to, int from, int until) {
            if (isCut()) Arrays.fill(to, from, until, (byte) 0);
            else System.arraycopy(bytes, from - position, to, from, until - from);
        }
    }

    private byte[] bytes = new byte[0];
    private int sizeBytes;
    private byte[] forced = new byte[0];
    private final List<Change> unforced = new ArrayList<>();
    private long modifiedMs;
    private long rewriteCount;

    FileContent(long nowMs) {
        modifiedMs = nowMs;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    long modifiedMs() {
        return modifiedMs;
    }

    void setModifiedMs(long ms) {
        modifiedMs = ms;
    }

    int read(long position, ByteBuffer into) {
        if (position >= sizeBytes) return 0;
        int count = (int) Math.min(into.remaining(), sizeBytes - position);
        into.put(bytes, (int) position, count);
        return count;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, sizeBytes);
    }

    @Override
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes, 0, sizeBytes);
    }

    @Override
    public long rewriteCount() {
        return rewriteCount;
    }

    void write(int position, ByteBuffer from, long nowMs) {
        byte[] written = new byte[from.remaining()];
        from.get(written);
        change(new Change(position, written, sizeBytes, Math.max(sizeBytes, position + written.length)));
        modifiedMs = nowMs;
    }

    void truncate(int size, long nowMs) {
        if (size >= sizeBytes) return;
        change(new Change(size, new byte[0], sizeBytes, size));
        modifiedMs = nowMs;
    }

    private void change(Change change) {
        if (change.until() > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(change.until(), bytes.length * 2));
        change.apply(bytes, change.from(), change.until());
        if (change.from() < sizeBytes) rewriteCount++;
        sizeBytes = change.sizeAfter;
        unforced.add(change);
    }

    void force() {
        int longest = Math.max(sizeBytes, forced.length);
        for (Change change : unforced) longest = Math.max(longest, change.until());
        byte[] written = Arrays.copyOf(forced, longest);
        for (Change change : unforced) change.apply(written, change.from(), change.until());
        forced = Arrays.copyOf(written, sizeBytes);
        unforced.clear();
    }

    /**
     * A force that reported failure.
     *
     * @param evicts whether the cache lets the pages go at once, so that programs see what is on the platters
     */
    void failToForce(SeededRandom random, boolean evicts) {
        if (unforced.isEmpty()) return;
        forced = survivingBytes(random, survivingSize(random));
        unforced.clear();
        if (!evicts) return;
        // The length is in the inode, which is not lost with the pages.
        bytes = Arrays.copyOf(forced, sizeBytes);
        rewriteCount++;
    }

    /** Turns a bit over, in the cache and on the platters. */
    void rot(int position, int bit) {
        rewriteCount++;
        bytes[position] ^= (byte) (1 << bit);
        if (position < forced.length) forced[position] ^= (byte) (1 << bit);
        for (Change change : unforced)
            if (!change.isCut() && position >= change.from() && position < change.until())
                change.bytes[position - change.position] ^= (byte) (1 << bit);
    }

    void losePower(SeededRandom random) {
        byte[] left = unforced.isEmpty() ? forced : survivingBytes(random, survivingSize(random));
        rewriteCount++;
        bytes = left.clone();
        sizeBytes = left.length;
        forced = left.clone();
        unforced.clear();
    }

    private int survivingSize(SeededRandom random) {
        int kept = random.nextInt(unforced.size() + 1);
        int size = kept == 0 ? forced.length : unforced.get(kept - 1).sizeAfter;
        if (kept == unforced.size() || random.nextBoolean()) return size;
        int next = unforced.get(kept).sizeAfter;
        return random.nextInt(Math.min(size, next), Math.max(size, next) + 1);
    }

    private byte[] survivingBytes(SeededRandom random, int size) {
        int unit = random.nextInt(3) == 0 ? PAGE_BYTES : SECTOR_BYTES;
        int longest = Math.max(size, forced.length);
        for (Change change : unforced) longest = Math.max(longest, change.until());
        int units = (longest + unit - 1) / unit;
        int[] changesLeft = new int[units];
        for (Change change : unforced)
            for (int at = change.from() / unit; at < until(change, unit); at++) changesLeft[at]++;
        double keepsAll = random.pick(0.0, 0.3, 0.7, 1.0);
        for (int at = 0; at < units; at++)
            if (changesLeft[at] > 0 && !random.chance(keepsAll)) changesLeft[at] = random.nextInt(changesLeft[at]);
        byte[] left = Arrays.copyOf(forced, longest);
        for (Change change : unforced) {
            for (int at = change.from() / unit; at < until(change, unit); at++) {
                if (changesLeft[at]-- <= 0) continue;
                int from = Math.max(change.from(), at * unit);
                change.apply(left, from, Math.min(change.until(), (at + 1) * unit));
            }
        }
        return Arrays.copyOf(left, size);
    }

    private static int until(Change change, int unit) {
        return (change.until() + unit - 1) / unit;
    }

    @Override
    public FileContent copy() {
        FileContent copy = new FileContent(modifiedMs);
        copy.bytes = bytes.clone();
        copy.sizeBytes = sizeBytes;
        copy.forced = forced.clone();
        copy.unforced.addAll(unforced);
        return copy;
    }
}
