package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Sparse map from offsets to file positions of one segment. Entry, 8 bytes: 0 offset less the base offset i32, 4
 * position of a batch in the segment file i32. The offset is the last of the batch at that position. Both grow.
 * Guarded by {@code IndexLookupBenchmark}.
 */
public final class OffsetIndex extends SparseIndex {
    /** Bytes of an entry. */
    public static final int ENTRY_BYTES = 8;

    OffsetIndex(LogFile file, long baseOffset, boolean fileExists) {
        super(file, baseOffset, ENTRY_BYTES, fileExists);
    }

    /**
     * An entry.
     *
     * @param offset   last offset of a batch
     * @param position where that batch begins in the segment file
     */
    public record Entry(long offset, int position) {}

    @Override
    long key(ByteBuffer entries, int at) {
        return entries.getInt(at);
    }

    void append(long offset, int position) throws IOException {
        startEntry().putInt((int) (offset - baseOffset)).putInt(position);
    }

    /** Position from which a scan finds the batch that holds an offset. */
    int lookup(long offset) throws IOException {
        int number = floorOf(offset);
        return number < 0 ? 0 : entry(number).getInt(4);
    }

    /** The position that stands so many entries before the one a lookup of an offset finds; 0 if there are fewer. */
    int positionBefore(long offset, int entries) throws IOException {
        int number = floorOf(offset) - entries;
        return number < 0 ? 0 : entry(number).getInt(4);
    }

    /** Last entry at or before an offset; the base offset at position 0 if there is none. */
    Entry floorEntry(long offset) throws IOException {
        int number = floorOf(offset);
        return number < 0 ? new Entry(baseOffset, 0) : read(number);
    }

    /** First entry whose position is at least this, or nothing. */
    java.util.Optional<Entry> firstFromPosition(Entry from, long position) throws IOException {
        int count = entryCount();
        int low = floorOf(from.offset());
        int high = count;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (entry(middle).getInt(4) < position) low = middle;
            else high = middle;
        }
        return high == count ? java.util.Optional.empty() : java.util.Optional.of(read(high));
    }

    /**
     * How many of the first entries grow in offset and position, lie within a log of this size and end before an offset:
     * what lies behind them was never forced, or is another file's.
     */
    int soundCount(long untilOffset, long logBytes) throws IOException {
        ByteBuffer entries = allInFile();
        long offset = baseOffset - 1;
        int position = -1;
        int sound = 0;
        while (entries.hasRemaining()) {
            long nextOffset = baseOffset + entries.getInt();
            int nextPosition = entries.getInt();
            if (nextOffset <= offset
                    || nextOffset >= untilOffset
                    || nextPosition <= position
                    || nextPosition >= logBytes) break;
            offset = nextOffset;
            position = nextPosition;
            sound++;
        }
        return sound;
    }

    /** The entry of that number, from 0. */
    Entry at(int number) throws IOException {
        return read(number);
    }

    private int floorOf(long offset) throws IOException {
        return floor(Math.min(offset - baseOffset, Integer.MAX_VALUE));
    }

    private Entry read(int number) throws IOException {
        ByteBuffer entry = entry(number);
        return new Entry(baseOffset + entry.getInt(0), entry.getInt(4));
    }

    /** Drops entries of this offset and later ones. */
    void truncateTo(long offset) throws IOException {
        keepFirst(floorOf(offset - 1) + 1);
    }

    boolean isFull(int maxBytes) throws IOException {
        return entryCount() >= maxBytes / ENTRY_BYTES;
    }

    /** Whether the file is what a log of this size may have; a wrong one is made anew. */
    boolean isSane(long logBytes) throws IOException {
        if (!isWholeEntries()) return false;
        int count = entryCount();
        if (count == 0) return true;
        Entry first = read(0);
        Entry last = read(count - 1);
        if (first.position() < 0 || first.offset() < baseOffset || last.position() >= logBytes) return false;
        return count == 1 || (last.offset() > first.offset() && last.position() > first.position());
    }

    /**
     * Reads all entries of an index file, as a tool does.
     *
     * @param baseOffset the offset in its name
     * @throws CorruptLog if the file is not a whole number of entries
     */
    public static List<Entry> read(Disk disk, Path file, long baseOffset) throws IOException {
        ByteBuffer bytes = IndexFiles.readWhole(disk, file, ENTRY_BYTES);
        List<Entry> entries = new ArrayList<>(bytes.remaining() / ENTRY_BYTES);
        while (bytes.hasRemaining()) entries.add(new Entry(baseOffset + bytes.getInt(), bytes.getInt()));
        return entries;
    }
}
