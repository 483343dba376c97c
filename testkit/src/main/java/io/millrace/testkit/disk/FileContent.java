package io.millrace.simulator;

import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bytes of one file: as they are, as they were when last forced, and every change since. A power cut leaves each sector
 * as it was after some of the changes that touched it, and the file as long as it was at some moment since the force, or as
 * long as half a write would have made it.
 */
final class FileContent implements DiskEntry {
    private static final int SECTOR_BYTES = 512;

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

    FileContent(long nowMs) {
        modifiedMs = nowMs;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    long modifiedMs() {
        return modifiedMs;
    }

    int read(long position, ByteBuffer into) {
        if (position >= sizeBytes) return 0;
        int count = (int) Math.min(into.remaining(), sizeBytes - position);
        into.put(bytes, (int) position, count);
        return count;
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
        sizeBytes = change.sizeAfter;
        unforced.add(change);
    }

    void force() {
        forced = Arrays.copyOf(bytes, sizeBytes);
        unforced.clear();
    }

    void losePower(SeededRandom random) {
        if (unforced.isEmpty()) return;
        int size = survivingSize(random);
        bytes = survivingBytes(random, size);
        sizeBytes = size;
        force();
    }

    private int survivingSize(SeededRandom random) {
        int kept = random.nextInt(unforced.size() + 1);
        int size = kept == 0 ? forced.length : unforced.get(kept - 1).sizeAfter;
        if (kept == unforced.size() || random.nextBoolean()) return size;
        int next = unforced.get(kept).sizeAfter;
        return random.nextInt(Math.min(size, next), Math.max(size, next) + 1);
    }

    private byte[] survivingBytes(SeededRandom random, int size) {
        int longest = Math.max(size, forced.length);
        for (Change change : unforced) longest = Math.max(longest, change.until());
        int sectors = (longest + SECTOR_BYTES - 1) / SECTOR_BYTES;
        int[] changesLeft = new int[sectors];
        for (Change change : unforced) {
            for (int sector = firstSector(change); sector < sectorsUntil(change); sector++) changesLeft[sector]++;
        }
        double keepsAll = random.pick(0.0, 0.3, 0.7, 1.0);
        for (int sector = 0; sector < sectors; sector++) {
            if (changesLeft[sector] > 0 && !random.chance(keepsAll))
                changesLeft[sector] = random.nextInt(changesLeft[sector]);
        }
        byte[] left = Arrays.copyOf(forced, longest);
        for (Change change : unforced) {
            for (int sector = firstSector(change); sector < sectorsUntil(change); sector++) {
                if (changesLeft[sector]-- <= 0) continue;
                int from = Math.max(change.from(), sector * SECTOR_BYTES);
                change.apply(left, from, Math.min(change.until(), (sector + 1) * SECTOR_BYTES));
            }
        }
        return Arrays.copyOf(left, size);
    }

    private static int firstSector(Change change) {
        return change.from() / SECTOR_BYTES;
    }

    private static int sectorsUntil(Change change) {
        return (change.until() + SECTOR_BYTES - 1) / SECTOR_BYTES;
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
