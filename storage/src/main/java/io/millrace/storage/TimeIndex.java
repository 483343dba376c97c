package io.millrace.storage;

import io.millrace.environment.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Sparse map from time stamps to offsets of one segment (KIP-33). Entry, 12 bytes: 0 largest time stamp so far i64, 8
 * last offset of the batch that brought it, less the base offset, i32. Both grow. Guarded by {@code IndexLookupBenchmark}.
 */
public final class TimeIndex extends SparseIndex {
    /** Bytes of an entry. */
    public static final int ENTRY_BYTES = 12;

    TimeIndex(LogFile file, long baseOffset, boolean fileExists) {
        super(file, baseOffset, ENTRY_BYTES, fileExists);
    }

    /**
     * An entry.
     *
     * @param timestamp largest time stamp up to there, in milliseconds since the epoch
     * @param offset    last offset of the batch that holds it
     */
    public record Entry(long timestamp, long offset) {}

    @Override
    long key(ByteBuffer entries, int at) {
        return entries.getLong(at);
    }

    /** Adds an entry if its time is later than the last one's. */
    void append(long timestamp, long offset) throws IOException {
        int count = entryCount();
        if (count > 0 && timestamp <= entry(count - 1).getLong(0)) return;
        startEntry().putLong(timestamp).putInt((int) (offset - baseOffset));
    }

    /** Last entry at or before a time; (-1, base offset) if there is none. */
    Entry floorEntry(long timestamp) throws IOException {
        int number = floor(timestamp);
        return number < 0 ? new Entry(-1, baseOffset) : read(number);
    }

    /** The last entry; (-1, base offset) if there is none. */
    Entry lastEntry() throws IOException {
        int count = entryCount();
        return count == 0 ? new Entry(-1, baseOffset) : read(count - 1);
    }

    /** How many of the first entries grow in time and offset and point before an offset. */
    int soundCount(long untilOffset) throws IOException {
        ByteBuffer entries = allInFile();
        long offset = baseOffset - 1;
        long timestamp = -1;
        int sound = 0;
        while (entries.hasRemaining()) {
            long nextTimestamp = entries.getLong();
            long nextOffset = baseOffset + entries.getInt();
            if (nextOffset <= offset || nextOffset >= untilOffset || nextTimestamp <= timestamp) break;
            offset = nextOffset;
            timestamp = nextTimestamp;
            sound++;
        }
        return sound;
    }

    private Entry read(int number) throws IOException {
        ByteBuffer entry = entry(number);
        return new Entry(entry.getLong(0), baseOffset + entry.getInt(8));
    }

    /** Drops entries that point at this offset or later ones. */
    void truncateTo(long offset) throws IOException {
        int low = -1;
        int high = entryCount();
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (baseOffset + entry(middle).getInt(8) < offset) low = middle;
            else high = middle;
        }
        keepFirst(high);
    }

    boolean isFull(int maxBytes) throws IOException {
        return entryCount() >= maxBytes / ENTRY_BYTES - 1;
    }

    /** Whether the file can be right; a wrong one is made anew. */
    boolean isSane() throws IOException {
        if (!isWholeEntries()) return false;
        int count = entryCount();
        if (count == 0) return true;
        Entry first = read(0);
        Entry last = read(count - 1);
        if (first.offset() < baseOffset) return false;
        return count == 1 || (last.offset() > first.offset() && last.timestamp() > first.timestamp());
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
        while (bytes.hasRemaining()) entries.add(new Entry(bytes.getLong(), baseOffset + bytes.getInt()));
        return entries;
    }
}
