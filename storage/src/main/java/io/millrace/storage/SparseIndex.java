package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A file of fixed-size entries with growing keys. The newest entries are kept in memory and written in blocks, when
 * {@link #flush} is called or when they have become many; older ones are found by positional reads. Nothing is
 * preallocated, and the file does not exist before the first write. What memory holds is lost in a crash and made again
 * from the log. Guarded by {@code IndexLookupBenchmark}.
 */
abstract class SparseIndex {
    /** Entries kept in memory before the older half is let go. */
    private static final int MAX_MEMORY_ENTRIES = 512;

    private static final int FIRST_MEMORY_ENTRIES = 8;
    private static final int NOT_LOADED = -1;

    final long baseOffset;
    private final LogFile file;
    private final int entryBytes;
    private boolean fileExists;
    private int entryCount = NOT_LOADED;
    private int writtenCount;
    private int memoryFrom;
    private @Nullable ByteBuffer memory;

    /** @param fileExists whether there is a file to continue; if not, one is made at the first write */
    SparseIndex(LogFile file, long baseOffset, int entryBytes, boolean fileExists) {
        this.file = file;
        this.baseOffset = baseOffset;
        this.entryBytes = entryBytes;
        this.fileExists = fileExists;
    }

    /** The key of the entry at a place in memory. */
    abstract long key(ByteBuffer entries, int at);

    /** How many entries there are. */
    int entryCount() throws IOException {
        if (entryCount == NOT_LOADED) {
            long sizeBytes = fileExists ? file.existing().sizeBytes() : 0;
            entryCount = (int) (sizeBytes / entryBytes);
            writtenCount = entryCount;
            memoryFrom = entryCount;
        }
        return entryCount;
    }

    /** Whether the file's size is a whole number of entries. */
    boolean isWholeEntries() throws IOException {
        return !fileExists || file.existing().sizeBytes() % entryBytes == 0;
    }

    boolean fileExists() {
        return fileExists;
    }

    /** Adds an entry that the caller puts into the returned buffer at its position. */
    ByteBuffer startEntry() throws IOException {
        int count = entryCount();
        ByteBuffer entries = memory;
        if (entries == null) {
            entries = ByteBuffer.allocate(FIRST_MEMORY_ENTRIES * entryBytes);
            memoryFrom = count;
        } else if (count - memoryFrom == MAX_MEMORY_ENTRIES) {
            flush();
            int dropped = MAX_MEMORY_ENTRIES / 2;
            entries.position(dropped * entryBytes)
                    .limit(MAX_MEMORY_ENTRIES * entryBytes)
                    .compact();
            memoryFrom += dropped;
        } else if (!hasRoom(entries, count)) {
            entries = ByteBuffer.allocate(Math.min(entries.capacity() * 2, MAX_MEMORY_ENTRIES * entryBytes))
                    .put(0, entries, 0, (count - memoryFrom) * entryBytes);
        }
        memory = entries;
        entries.clear().position((count - memoryFrom) * entryBytes);
        entryCount = count + 1;
        return entries;
    }

    /**
     * Sees to it that one more entry finds room in memory.
     *
     * @return false if the older ones would have to be written and the disk is full: the index stays as sparse as it is
     */
    boolean makeRoom() throws IOException {
        if (memory == null || entryCount() - memoryFrom < MAX_MEMORY_ENTRIES) return true;
        try {
            flush();
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    private boolean hasRoom(ByteBuffer entries, int count) {
        return (count - memoryFrom + 1) * entryBytes <= entries.capacity();
    }

    /**
     * Reads one entry.
     *
     * @return a buffer with the entry at index 0, valid until the next call on this thread
     */
    ByteBuffer entry(int number) throws IOException {
        ByteBuffer scratch = Scratch.entries();
        ByteBuffer entries = memory;
        if (entries != null && number >= memoryFrom)
            return scratch.clear().put(0, entries, (number - memoryFrom) * entryBytes, entryBytes);
        scratch.clear().limit(entryBytes);
        readFully((long) number * entryBytes, scratch);
        return scratch;
    }

    /** All entries, when none is in memory only. */
    ByteBuffer allInFile() throws IOException {
        ByteBuffer all = ByteBuffer.allocate(entryCount() * entryBytes);
        if (fileExists) readFully(0, all);
        return all.flip();
    }

    /** Number of the last entry whose key is at most this one, or -1. */
    int floor(long key) throws IOException {
        int count = entryCount();
        ByteBuffer entries = memory;
        if (entries != null && count > memoryFrom && key(entries, 0) <= key)
            return memoryFrom + floorWithin(entries, count - memoryFrom, key);
        return floorInFile(key, entries == null ? count : Math.min(count, memoryFrom));
    }

    private int floorInFile(long key, int count) throws IOException {
        ByteBuffer scratch = Scratch.entries();
        int blockEntries = scratch.capacity() / entryBytes;
        int low = 0;
        int high = count;
        while (high - low > blockEntries) {
            int middle = (low + high) >>> 1;
            if (key(entry(middle), 0) <= key) low = middle;
            else high = middle;
        }
        if (high == low) return -1;
        scratch.clear().limit((high - low) * entryBytes);
        readFully((long) low * entryBytes, scratch);
        int within = floorWithin(scratch, high - low, key);
        return within < 0 ? -1 : low + within;
    }

    private int floorWithin(ByteBuffer entries, int count, long key) {
        int low = -1;
        int high = count;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (key(entries, middle * entryBytes) <= key) low = middle;
            else high = middle;
        }
        return low;
    }

    private void readFully(long position, ByteBuffer into) throws IOException {
        int wanted = into.remaining();
        int read = file.existing().read(position, into);
        if (read < wanted)
            throw new CorruptLog(file.path(), position + read, "the index ends within entry " + position / entryBytes);
    }

    /** Writes what only memory holds; on a full disk memory goes on holding it, and what was half written is written over. */
    void flush() throws IOException {
        int count = entryCount();
        ByteBuffer entries = memory;
        if (entries == null || writtenCount == count) return;
        ByteBuffer unwritten = entries.duplicate()
                .clear()
                .position((writtenCount - memoryFrom) * entryBytes)
                .limit((count - memoryFrom) * entryBytes);
        openForWriting().write((long) writtenCount * entryBytes, unwritten);
        writtenCount = count;
    }

    /** Writes what only memory holds, makes the file if there is none, and lets the memory go. */
    void finish() throws IOException {
        flush();
        openForWriting();
        memory = null;
        entryCount = NOT_LOADED;
    }

    /** Keeps the first entries only. */
    void keepFirst(int count) throws IOException {
        if (count >= entryCount()) return;
        entryCount = count;
        if (count <= memoryFrom) {
            memory = null;
            memoryFrom = count;
        }
        if (writtenCount > count) {
            writtenCount = count;
            file.existing().truncate((long) count * entryBytes);
        }
    }

    /** Keeps the first entries of the file only, and no part of another. */
    void cutTo(int count) throws IOException {
        memory = null;
        memoryFrom = count;
        entryCount = count;
        writtenCount = count;
        if (fileExists) file.existing().truncate((long) count * entryBytes);
    }

    /** Forgets every entry, those of a file that is not whole included. */
    void reset() throws IOException {
        memory = null;
        memoryFrom = 0;
        entryCount = 0;
        writtenCount = 0;
        if (fileExists) file.existing().truncate(0);
    }

    /** Makes the file if there is none, as that of an index without entries. */
    void makeFile() throws IOException {
        if (!fileExists) openForWriting();
    }

    private DiskFile openForWriting() throws IOException {
        DiskFile opened = file.create();
        fileExists = true;
        return opened;
    }

    LogFile file() {
        return file;
    }

    void closeIfIdle() throws IOException {
        file.closeIfIdle();
    }
}
