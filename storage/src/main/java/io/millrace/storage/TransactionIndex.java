package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The aborted transactions whose markers lie in one segment (KIP-98). Entry, 34 bytes: 0 version i16 (0), 2 producer id
 * i64, 10 first offset i64, 18 last offset i64, 26 last stable offset i64. Last offsets grow. The file exists only if
 * there is such a transaction.
 */
public final class TransactionIndex {
    /** Bytes of an entry. */
    public static final int ENTRY_BYTES = 34;

    private static final short VERSION = 0;

    private final LogFile file;
    private boolean fileExists;
    private List<AbortedTransaction> unwritten = List.of();

    TransactionIndex(LogFile file, boolean fileExists) {
        this.file = file;
        this.fileExists = fileExists;
    }

    boolean fileExists() {
        return fileExists;
    }

    /** Whether there is any transaction, in the file or on its way there. */
    boolean hasAny() {
        return fileExists || !unwritten.isEmpty();
    }

    LogFile file() {
        return file;
    }

    /** Adds a transaction, whose marker is in the log already: on a full disk it is kept in memory until {@link #flush}. */
    void append(AbortedTransaction transaction) throws IOException {
        if (unwritten.isEmpty()) unwritten = new ArrayList<>(1);
        unwritten.add(transaction);
        try {
            flush();
        } catch (DiskFull full) {
            // What relies on the file asks for a flush of its own.
        }
    }

    /** Writes what only memory holds. */
    void flush() throws IOException {
        if (unwritten.isEmpty()) return;
        ByteBuffer entries = ByteBuffer.allocate(unwritten.size() * ENTRY_BYTES);
        for (AbortedTransaction transaction : unwritten) put(transaction, entries);
        var opened = file.create();
        fileExists = true;
        long sizeBytes = opened.sizeBytes();
        try {
            opened.write(sizeBytes, entries.flip());
        } catch (DiskFull full) {
            opened.truncate(sizeBytes);
            throw full;
        }
        unwritten = List.of();
    }

    private void dropUnwritten(long fromOffset) {
        if (!unwritten.isEmpty())
            unwritten = new ArrayList<>(unwritten.stream()
                    .filter(transaction -> transaction.lastOffset() < fromOffset)
                    .toList());
    }

    private static void put(AbortedTransaction transaction, ByteBuffer into) {
        into.putShort(VERSION)
                .putLong(transaction.producerId())
                .putLong(transaction.firstOffset())
                .putLong(transaction.lastOffset())
                .putLong(transaction.lastStableOffset());
    }

    /** Puts a new file in the place of a damaged one, forced and at once: half an index would show aborted records. */
    void replace(Disk disk, List<AbortedTransaction> transactions) throws IOException {
        ByteBuffer entries = ByteBuffer.allocate(transactions.size() * ENTRY_BYTES);
        for (AbortedTransaction transaction : transactions) put(transaction, entries);
        file.close();
        disk.replace(file.path(), entries.array());
        fileExists = true;
        unwritten = List.of();
    }

    List<AbortedTransaction> all() throws IOException {
        if (!fileExists) return List.copyOf(unwritten);
        ByteBuffer bytes = ByteBuffer.allocate((int) file.existing().sizeBytes());
        file.existing().read(0, bytes);
        List<AbortedTransaction> all = parse(file.path(), bytes.flip());
        all.addAll(unwritten);
        return all;
    }

    /**
     * What is wrong with the file, or null: it has whole entries of the known version, and each ends behind the one before
     * and within the segment.
     */
    @Nullable
    String damage(long baseOffset, long nextOffset) throws IOException {
        if (!fileExists) return null;
        long before = baseOffset - 1;
        try {
            for (AbortedTransaction transaction : all()) {
                long last = transaction.lastOffset();
                if (last <= before || last >= nextOffset || transaction.firstOffset() >= last)
                    return "a transaction of " + transaction.firstOffset() + " to " + last
                            + " follows one that ends at " + before + ", in a segment of " + baseOffset + " to "
                            + nextOffset;
                before = last;
            }
            return null;
        } catch (CorruptLog damaged) {
            return damaged.reason();
        } finally {
            file.close();
        }
    }

    /**
     * Drops transactions whose marker has this offset or a later one, with anything behind.
     *
     * @return false if what lies before is damaged or cut; nothing has changed then
     */
    boolean keepBefore(long baseOffset, long offset) throws IOException {
        if (!fileExists) return true;
        ByteBuffer bytes = ByteBuffer.allocate((int) file.existing().sizeBytes());
        file.existing().read(0, bytes);
        bytes.flip();
        long before = baseOffset - 1;
        int kept = 0;
        while (kept < bytes.limit()) {
            if (bytes.limit() - kept < ENTRY_BYTES || bytes.getShort(kept) != VERSION) return false;
            long first = bytes.getLong(kept + 10);
            long last = bytes.getLong(kept + 18);
            if (last <= before || first >= last) return false;
            if (last >= offset) break;
            before = last;
            kept += ENTRY_BYTES;
        }
        file.existing().truncate(kept);
        return true;
    }

    /** Drops transactions whose marker has this offset or a later one; a torn last entry with them. */
    void truncateTo(long offset) throws IOException {
        dropUnwritten(offset);
        if (!fileExists) return;
        ByteBuffer bytes = ByteBuffer.allocate((int) file.existing().sizeBytes());
        file.existing().read(0, bytes);
        bytes.flip();
        int kept = 0;
        while (kept + ENTRY_BYTES <= bytes.limit()
                && bytes.getShort(kept) == VERSION
                && bytes.getLong(kept + 18) < offset) kept += ENTRY_BYTES;
        file.existing().truncate(kept);
    }

    /** Forgets everything, whatever the file holds. */
    void reset() throws IOException {
        unwritten = List.of();
        if (fileExists) file.existing().truncate(0);
    }

    void closeIfIdle() throws IOException {
        file.closeIfIdle();
    }

    /**
     * Reads all entries of a transaction index file, as a tool does.
     *
     * @throws CorruptLog if the file is not a whole number of entries of a known version
     */
    public static List<AbortedTransaction> read(Disk disk, Path file) throws IOException {
        return parse(file, IndexFiles.readWhole(disk, file, ENTRY_BYTES));
    }

    private static List<AbortedTransaction> parse(Path file, ByteBuffer bytes) {
        List<AbortedTransaction> transactions = new ArrayList<>(bytes.remaining() / ENTRY_BYTES);
        while (bytes.hasRemaining()) {
            int at = bytes.position();
            if (bytes.remaining() < ENTRY_BYTES) throw new CorruptLog(file, at, "the last entry is cut");
            short version = bytes.getShort();
            if (version != VERSION) throw new CorruptLog(file, at, "entry of version " + version + ", want " + VERSION);
            transactions.add(
                    new AbortedTransaction(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()));
        }
        return transactions;
    }
}
