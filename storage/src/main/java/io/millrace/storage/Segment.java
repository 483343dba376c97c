package io.millrace.storage;

import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.LegacyBatch;
import io.millrace.records.Record;
import io.millrace.records.RecordWalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a log: one file of batches with its indexes. Only the last segment of a log grows. An unused segment
 * holds no open file, and a segment nobody wrote to has no file at all.
 */
final class Segment {
    private static final long UNKNOWN = Long.MIN_VALUE;
    private static final int SCAN_WINDOW_BYTES = 64 << 10;

    private final LogFolder folder;
    private final long baseOffset;
    private final LogFile log;
    private final OffsetIndex offsetIndex;
    private final TimeIndex timeIndex;
    private final TransactionIndex transactionIndex;
    private boolean logExists;
    private boolean indexesChecked;
    private int sizeBytes;
    private int bytesSinceIndexEntry;
    private long maxTimestamp = UNKNOWN;
    private long maxTimestampOffset;
    private long firstBatchTimestamp = UNKNOWN;
    private long createdMs;
    private long jitterMs;
    private final FormatKnowledge formats;

    /** Which files of a segment were found in its directory. */
    record Found(boolean log, boolean offsetIndex, boolean timeIndex, boolean transactionIndex) {
        static final Found NOTHING = new Found(false, false, false, false);
    }

    Segment(LogFolder folder, long baseOffset, Found found, int sizeBytes, long createdMs) {
        this(folder, baseOffset, found, sizeBytes, createdMs, "");
    }

    /** A segment that compaction writes, under names of its own. */
    static Segment cleaned(LogFolder folder, long baseOffset) {
        return new Segment(folder, baseOffset, Found.NOTHING, 0, 0, SegmentFileNames.CLEANED);
    }

    private Segment(LogFolder folder, long baseOffset, Found found, int sizeBytes, long createdMs, String transition) {
        this.folder = folder;
        this.baseOffset = baseOffset;
        this.log = new LogFile(folder, baseOffset, SegmentFileNames.LOG + transition);
        this.offsetIndex = new OffsetIndex(
                new LogFile(folder, baseOffset, SegmentFileNames.INDEX + transition), baseOffset, found.offsetIndex());
        this.timeIndex = new TimeIndex(
                new LogFile(folder, baseOffset, SegmentFileNames.TIME_INDEX + transition),
                baseOffset,
                found.timeIndex());
        this.transactionIndex = new TransactionIndex(
                new LogFile(folder, baseOffset, SegmentFileNames.TRANSACTION_INDEX + transition),
                found.transactionIndex());
        this.logExists = found.log();
        this.sizeBytes = sizeBytes;
        this.createdMs = createdMs;
        this.formats = new FormatKnowledge(sizeBytes);
        if (sizeBytes == 0) {
            indexesChecked = !found.offsetIndex() && !found.timeIndex();
            maxTimestamp = -1;
            maxTimestampOffset = baseOffset;
            firstBatchTimestamp = -1;
        }
    }

    long baseOffset() {
        return baseOffset;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    LogFile log() {
        return log;
    }

    /** Which stretches of the file are known to hold nothing but batches of format 2. */
    FormatKnowledge formats() {
        return formats;
    }

    boolean logExists() {
        return logExists;
    }

    void setJitterMs(long jitterMs) {
        this.jitterMs = jitterMs;
    }

    /** Makes the empty file, for a segment whose base offset has to survive a restart. */
    void createFile() throws IOException {
        log.create();
        logExists = true;
    }

    // Appending

    /** Writes whole batches at the end, from the buffer's position to its limit, which is consumed. */
    void append(ByteBuffer batches, int indexIntervalBytes) throws IOException {
        checkIndexes();
        int from = batches.position();
        int until = batches.limit();
        write(batches);
        for (int at = from; at < until; ) {
            int batchBytes = BatchHeader.sizeBytes(batches, at);
            index(
                    StoredBatch.lastOffset(batches, at),
                    StoredBatch.maxTimestamp(batches, at),
                    sizeBytes,
                    batchBytes,
                    indexIntervalBytes);
            sizeBytes += batchBytes;
            if (LegacyBatch.isLegacy(batches, at)) formats.appendedOld(sizeBytes);
            at += batchBytes;
        }
    }

    /**
     * On a full disk nothing stays of them: a file that ends within a batch would hide what is appended later. A power cut can
     * bring them back until the file is forced, be it empty.
     */
    private void write(ByteBuffer batches) throws IOException {
        DiskFile file = log.create();
        logExists = true;
        try {
            file.write(sizeBytes, batches);
        } catch (DiskFull full) {
            if (file.sizeBytes() > sizeBytes) file.truncate(sizeBytes);
            throw full;
        }
    }

    private void index(long lastOffset, long timestamp, int position, int batchBytes, int indexIntervalBytes)
            throws IOException {
        if (firstBatchTimestamp == -1) firstBatchTimestamp = timestamp;
        if (timestamp > maxTimestamp()) {
            maxTimestamp = timestamp;
            maxTimestampOffset = lastOffset;
        }
        if (bytesSinceIndexEntry > indexIntervalBytes && offsetIndex.makeRoom() && timeIndex.makeRoom()) {
            offsetIndex.append(lastOffset, position);
            if (maxTimestamp >= 0) timeIndex.append(maxTimestamp, maxTimestampOffset);
            bytesSinceIndexEntry = 0;
        }
        bytesSinceIndexEntry += batchBytes;
    }

    boolean shouldRoll(int batchesBytes, long batchesMaxTimestamp, long lastOffset, LogConfig config, long wallMs)
            throws IOException {
        if (lastOffset - baseOffset > Integer.MAX_VALUE) return true;
        if (sizeBytes == 0) {
            createdMs = wallMs;
            return false;
        }
        return sizeBytes > config.segmentBytes() - batchesBytes
                || waitedMs(batchesMaxTimestamp, wallMs) > config.longestSegmentMs() - jitterMs
                || offsetIndex.isFull(config.segmentIndexBytes())
                || timeIndex.isFull(config.segmentIndexBytes());
    }

    private long waitedMs(long batchesMaxTimestamp, long wallMs) throws IOException {
        long first = firstBatchTimestamp();
        return first >= 0 ? batchesMaxTimestamp - first : wallMs - createdMs;
    }

    /** Largest time stamp of the first batch, or -1 if there is none. */
    long firstBatchTimestamp() throws IOException {
        if (firstBatchTimestamp == UNKNOWN) {
            BatchCursor cursor = cursor(0, Scratch.headers());
            firstBatchTimestamp = cursor.next() ? cursor.maxTimestamp() : -1;
        }
        return firstBatchTimestamp;
    }

    /** Closes the segment for appends, or on a full disk leaves it open: the newest time stamp gets its entry, and the indexes are written. */
    void finish() throws IOException {
        if (!logExists) return;
        checkIndexes();
        transactionIndex.flush();
        if (maxTimestamp() >= 0) timeIndex.append(maxTimestamp, maxTimestampOffset);
        offsetIndex.finish();
        timeIndex.finish();
    }

    // Reading

    /** A batch of this segment: where it lies and what it holds; {@code baseOffset} as {@link StoredBatch} has it. */
    record Place(int position, long baseOffset, int sizeBytes) {}

    /**
     * A cursor at or before the batch that holds an offset. Where the index names a batch that is not there it has rotted,
     * and is made anew: an offset must never be looked for behind its place.
     */
    private BatchCursor cursorNear(long offset, ByteBuffer window) throws IOException {
        OffsetIndex.Entry entry = offsetIndex.floorEntry(offset);
        BatchCursor cursor = cursor(entry.position(), window);
        if (entry.position() == 0 || cursor.peekLastOffset() == entry.offset()) return cursor;
        rebuildIndexes();
        return cursor(offsetIndex.lookup(offset), window);
    }

    /** The first batch whose last offset is at least the wanted one, or null if all end before it. */
    @Nullable
    Place find(long offset) throws IOException {
        if (sizeBytes == 0) return null;
        checkIndexes();
        BatchCursor cursor = cursorNear(offset, Scratch.headers());
        while (cursor.next()) {
            if (cursor.lastOffset() < offset) continue;
            Place found = new Place((int) cursor.position(), cursor.baseOffset(), cursor.sizeBytes());
            // Either compaction has left a gap, or a base offset has rotted, which the batch behind shows.
            boolean isBehindGap = found.baseOffset() > offset && !cursor.isLegacy();
            if (isBehindGap) cursor.next();
            return found;
        }
        return null;
    }

    /** An offset at or past all batches that begin before a position; the end of the segment if no entry says better. */
    long upperBoundOffset(long fromOffset, long untilPosition, long segmentEndOffset) throws IOException {
        checkIndexes();
        Optional<OffsetIndex.Entry> after =
                offsetIndex.firstFromPosition(offsetIndex.floorEntry(fromOffset), untilPosition);
        if (after.isEmpty()) return segmentEndOffset;
        if (cursor(after.get().position(), Scratch.headers()).peekLastOffset()
                == after.get().offset()) return after.get().offset();
        rebuildIndexes();
        return offsetIndex
                .firstFromPosition(offsetIndex.floorEntry(fromOffset), untilPosition)
                .map(OffsetIndex.Entry::offset)
                .orElse(segmentEndOffset);
    }

    /** Where a batch begins that lies so many index entries before an offset; the first batch if there are fewer. */
    int positionOfEntryBefore(long offset, int entries) throws IOException {
        checkIndexes();
        return offsetIndex.positionBefore(offset, entries);
    }

    BatchCursor cursor(long position, ByteBuffer window) throws IOException {
        return new BatchCursor(log.existing(), baseOffset, window, position, sizeBytes);
    }

    BatchCursor scan() throws IOException {
        return cursor(0, ByteBuffer.allocate(SCAN_WINDOW_BYTES));
    }

    /**
     * The offset after the last batch; reads and checks the batches behind the last index entry, as everything goes by what
     * they say.
     */
    long nextOffset() throws IOException {
        if (sizeBytes == 0) return baseOffset;
        checkIndexes();
        BatchCursor cursor = cursorNear(Long.MAX_VALUE, ByteBuffer.allocate(SCAN_WINDOW_BYTES));
        long next = baseOffset;
        while (cursor.next()) {
            if (!(StoredBatch.check(cursor.batch(), 0) instanceof BatchCheck.Whole))
                throw new CorruptLog(log.path(), cursor.position(), "the CRC of a batch does not fit its bytes");
            next = cursor.lastOffset() + 1;
        }
        return next;
    }

    /** Largest time stamp in the segment, or -1 if no batch has one. */
    long maxTimestamp() throws IOException {
        if (maxTimestamp == UNKNOWN) {
            checkIndexes();
            TimeIndex.Entry last = timeIndex.lastEntry();
            if (!isTrue(last)) {
                rebuildIndexes();
                return maxTimestamp;
            }
            long newest = last.timestamp();
            long newestOffset = last.offset();
            BatchCursor cursor = cursorNear(last.offset(), Scratch.headers());
            while (cursor.next()) {
                if (cursor.maxTimestamp() > newest) {
                    newest = cursor.maxTimestamp();
                    newestOffset = cursor.lastOffset();
                }
            }
            maxTimestamp = newest;
            maxTimestampOffset = newestOffset;
        }
        return maxTimestamp;
    }

    /** The time retention goes by: the largest time stamp, or when the file was last written if there is none. */
    long retentionTimestamp() throws IOException {
        long newest = maxTimestamp();
        if (newest >= 0) return newest;
        return logExists ? folder.disk().lastModifiedMs(log.path()) : createdMs;
    }

    /**
     * First record from an offset on that is at least this late.
     *
     * @throws CorruptLog if a batch on the way there does not unpack within the limit
     */
    Optional<TimestampOffset> findTimestamp(long timestamp, long fromOffset, DecompressionLimit limit)
            throws IOException {
        if (sizeBytes == 0) return Optional.empty();
        checkIndexes();
        if (!isTrue(timeIndex.floorEntry(timestamp))) rebuildIndexes();
        long start = Math.max(timeIndex.floorEntry(timestamp).offset(), fromOffset);
        BatchCursor cursor = cursorNear(start, ByteBuffer.allocate(SCAN_WINDOW_BYTES));
        while (cursor.next()) {
            if (cursor.maxTimestamp() < timestamp || cursor.lastOffset() < fromOffset) continue;
            Optional<TimestampOffset> found = findTimestamp(cursor, timestamp, fromOffset, limit);
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    private Optional<TimestampOffset> findTimestamp(
            BatchCursor cursor, long timestamp, long fromOffset, DecompressionLimit limit) throws IOException {
        ByteBuffer batch = cursor.batch();
        try {
            if (LegacyBatch.isLegacy(batch, 0)) {
                for (Record record : LegacyBatch.records(batch, 0, limit))
                    if (record.timestamp() >= timestamp && record.offset() >= fromOffset)
                        return Optional.of(
                                new TimestampOffset(record.timestamp(), record.offset(), cursor.leaderEpoch()));
                return Optional.empty();
            }
            RecordWalk walk = new RecordWalk(limit);
            walk.begin(batch, 0);
            while (walk.next())
                if (walk.timestamp() >= timestamp && walk.offset() >= fromOffset)
                    return Optional.of(new TimestampOffset(walk.timestamp(), walk.offset(), cursor.leaderEpoch()));
            return Optional.empty();
        } catch (InvalidBatch malformed) {
            // Compressed records of clients are not looked at when they are appended.
            throw new CorruptLog(log.path(), cursor.position(), String.valueOf(malformed.getMessage()));
        }
    }

    /** The first offset of the batch at a place, which one of an old format does not tell before it is unpacked. */
    long firstOffset(Place place) throws IOException {
        BatchCursor cursor = cursor(place.position(), Scratch.headers());
        if (!cursor.next() || !LegacyBatch.isLegacy(cursor.header(), cursor.headerAt())) return place.baseOffset();
        try {
            return LegacyBatch.records(cursor.batch(), 0, DecompressionLimit.DEFAULT)
                    .getFirst()
                    .offset();
        } catch (InvalidBatch malformed) {
            throw new CorruptLog(log.path(), place.position(), String.valueOf(malformed.getMessage()));
        }
    }

    List<AbortedTransaction> abortedTransactions() throws IOException {
        return transactionIndex.all();
    }

    /** What is wrong with the file of aborted transactions, or null. */
    @Nullable
    String transactionDamage(long nextOffset) throws IOException {
        return transactionIndex.damage(baseOffset, nextOffset);
    }

    /** Makes the file of aborted transactions anew. */
    void replaceTransactions(List<AbortedTransaction> transactions) throws IOException {
        transactionIndex.replace(folder.disk(), transactions);
    }

    /** Whether there is a file of aborted transactions. */
    boolean hasTransactions() {
        return transactionIndex.hasAny();
    }

    /** When it was made or found written, wall time. */
    long createdMs() {
        return createdMs;
    }

    void abort(AbortedTransaction transaction) throws IOException {
        transactionIndex.append(transaction);
    }

    // Indexes

    private void checkIndexes() throws IOException {
        if (indexesChecked) return;
        indexesChecked = true;
        boolean needsEntries = sizeBytes > 0 && !(offsetIndex.fileExists() && timeIndex.fileExists());
        if (needsEntries || !offsetIndex.isSane(sizeBytes) || !timeIndex.isSane() || !lastEntryPointsAtItsBatch())
            rebuildIndexes();
    }

    private boolean lastEntryPointsAtItsBatch() throws IOException {
        if (offsetIndex.entryCount() == 0) return true;
        OffsetIndex.Entry last = offsetIndex.floorEntry(Long.MAX_VALUE);
        ByteBuffer header = Scratch.headers().clear().limit(BatchHeader.HEADER_BYTES);
        if (log.existing().read(last.position(), header) < LegacyBatch.SMALLEST_BYTES) return false;
        byte magic = BatchHeader.magic(header, 0);
        return magic >= 0 && magic <= BatchHeader.MAGIC && StoredBatch.lastOffset(header, 0) == last.offset();
    }

    /** Whether the batch that an entry of the time index points at has that time. */
    private boolean isTrue(TimeIndex.Entry entry) throws IOException {
        if (timeIndex.entryCount() == 0 || entry.equals(new TimeIndex.Entry(-1, baseOffset))) return true;
        BatchCursor cursor = cursorNear(entry.offset(), Scratch.headers());
        while (cursor.next())
            if (cursor.lastOffset() >= entry.offset())
                return cursor.isLegacy()
                        || (cursor.baseOffset() <= entry.offset() && cursor.maxTimestamp() == entry.timestamp());
        return false;
    }

    /**
     * Has the next scan begin at an offset instead of the segment's beginning: everything below was forced, indexes
     * included. They keep what they say of it, if it can be true, and forget the rest.
     *
     * @param offset where a batch begins
     * @return position of that batch, or -1 if the segment has to be scanned as a whole
     */
    int resumeAt(long offset) throws IOException {
        if (!offsetIndex.fileExists() || !timeIndex.fileExists()) return -1;
        int entries = offsetIndex.soundCount(offset, sizeBytes);
        OffsetIndex.Entry last = entries == 0 ? new OffsetIndex.Entry(baseOffset, 0) : offsetIndex.at(entries - 1);
        if (entries > 0 && cursor(last.position(), Scratch.headers()).peekLastOffset() != last.offset()) return -1;
        indexesChecked = true;
        offsetIndex.cutTo(entries);
        timeIndex.cutTo(timeIndex.soundCount(offset));
        TimeIndex.Entry newest = timeIndex.lastEntry();
        try {
            if (!isTrue(newest)) return -1;
            int position = walk(newest, last, offset);
            return position >= 0 && transactionIndex.keepBefore(baseOffset, offset) ? position : -1;
        } catch (CorruptLog damaged) {
            return -1;
        }
    }

    /**
     * Walks the headers from the last entry of the time index, or of the other if that comes before, to an offset, for what
     * is kept in memory of the batches behind them.
     *
     * @return position of the batch that begins at the offset, or -1 if none does
     */
    private int walk(TimeIndex.Entry newest, OffsetIndex.Entry last, long offset) throws IOException {
        maxTimestamp = newest.timestamp();
        maxTimestampOffset = newest.offset();
        int from = newest.timestamp() < 0 ? 0 : Math.min(last.position(), offsetIndex.lookup(newest.offset()));
        BatchCursor cursor = cursor(from, ByteBuffer.allocate(SCAN_WINDOW_BYTES));
        bytesSinceIndexEntry = 0;
        while (cursor.next()) {
            if (cursor.maxTimestamp() > maxTimestamp) {
                maxTimestamp = cursor.maxTimestamp();
                maxTimestampOffset = cursor.lastOffset();
            }
            if (cursor.position() >= last.position()) bytesSinceIndexEntry += cursor.sizeBytes();
            long next = cursor.lastOffset() + 1;
            if (next >= offset) return next == offset ? (int) cursor.endPosition() : -1;
        }
        return -1;
    }

    /** Checks the indexes of a segment nobody appends to, and makes wrong ones anew, while a helper may take its time. */
    void mendIndexes() throws IOException {
        if (sizeBytes == 0) return;
        checkIndexes();
        closeFiles();
    }

    /** Whether index files are missing that have to be made before anything is found here. */
    boolean lacksIndexes() {
        return sizeBytes > 0 && !(offsetIndex.fileExists() && timeIndex.fileExists());
    }

    /** Makes both indexes anew from the batches. */
    void rebuildIndexes() throws IOException {
        startRebuild();
        BatchCursor cursor = scan();
        while (cursor.next())
            reindex(cursor.lastOffset(), cursor.maxTimestamp(), (int) cursor.position(), cursor.sizeBytes());
        endRebuild();
        // A snapshot may already promise that they were forced.
        if (offsetIndex.fileExists()) offsetIndex.file().existing().force();
        if (timeIndex.fileExists()) timeIndex.file().existing().force();
    }

    void startRebuild() throws IOException {
        indexesChecked = true;
        offsetIndex.reset();
        timeIndex.reset();
        maxTimestamp = -1;
        maxTimestampOffset = baseOffset;
        firstBatchTimestamp = -1;
        bytesSinceIndexEntry = 0;
    }

    void reindex(long lastOffset, long timestamp, int position, int batchBytes) throws IOException {
        index(lastOffset, timestamp, position, batchBytes, DEFAULT_INDEX_INTERVAL_BYTES);
    }

    void endRebuild() throws IOException {
        if (maxTimestamp >= 0 && timeIndex.makeRoom()) timeIndex.append(maxTimestamp, maxTimestampOffset);
        flushIndexesIfThereIsSpace();
    }

    /** An index that says less than it could is no less true: what lies behind its last entry is searched. */
    private void flushIndexesIfThereIsSpace() throws IOException {
        try {
            offsetIndex.flush();
            timeIndex.flush();
        } catch (DiskFull full) {
            // They stay in memory.
        }
    }

    private static final int DEFAULT_INDEX_INTERVAL_BYTES = 4096;

    // Cutting and letting go

    /** Cuts the file and drops what the indexes say about the rest. */
    void truncate(long offset, int position) throws IOException {
        checkIndexes();
        offsetIndex.truncateTo(offset);
        timeIndex.truncateTo(offset);
        transactionIndex.truncateTo(offset);
        cut(position);
        bytesSinceIndexEntry = position - offsetIndex.lookup(Long.MAX_VALUE);
        maxTimestamp = position == 0 ? -1 : UNKNOWN;
        maxTimestampOffset = baseOffset;
        if (position == 0) firstBatchTimestamp = -1;
        flushIndexesIfThereIsSpace();
    }

    /** Cuts the file of batches only, for recovery. */
    void cut(int position) throws IOException {
        if (logExists) log.existing().truncate(position);
        sizeBytes = position;
        formats.cut(position);
    }

    /** Forgets the aborted transactions, torn entries included. */
    void resetTransactions() throws IOException {
        transactionIndex.reset();
    }

    /** Writes the batches from a position on again, as they are. */
    void rewrite(int fromPosition) throws IOException {
        if (fromPosition < sizeBytes) Rewriting.rewrite(log.existing(), fromPosition, sizeBytes);
    }

    /** Forces the batches. */
    void force() throws IOException {
        if (logExists) log.existing().force();
    }

    /** Writes the entries of both indexes that only memory holds. */
    void writeIndexes() throws IOException {
        if (!logExists) return;
        checkIndexes();
        offsetIndex.flush();
        timeIndex.flush();
        offsetIndex.makeFile();
        timeIndex.makeFile();
    }

    /** Writes the aborted transactions that only memory holds. */
    void writeTransactions() throws IOException {
        transactionIndex.flush();
    }

    /** Forces the indexes that exist. */
    void forceIndexes() throws IOException {
        for (LogFile file : indexFiles()) file.existing().force();
    }

    private List<LogFile> indexFiles() {
        List<LogFile> files = new ArrayList<>(3);
        if (offsetIndex.fileExists()) files.add(offsetIndex.file());
        if (timeIndex.fileExists()) files.add(timeIndex.file());
        if (transactionIndex.fileExists()) files.add(transactionIndex.file());
        return files;
    }

    /**
     * Everything a flush has to force for this segment. The growing indexes of the active segment are left out: after a
     * crash it is scanned. Its aborted transactions are not, so that a roll right after the flush leaves them safe.
     */
    void collectForFlush(boolean withIndexes, List<SharedFile> into) throws IOException {
        if (!logExists) return;
        into.add(log.shared().retain());
        if (withIndexes)
            for (LogFile file : indexFiles()) into.add(file.shared().retain());
        else if (transactionIndex.fileExists())
            into.add(transactionIndex.file().shared().retain());
    }

    void closeIdleFiles() throws IOException {
        log.closeIfIdle();
        offsetIndex.closeIfIdle();
        timeIndex.closeIfIdle();
        transactionIndex.closeIfIdle();
    }

    void closeFiles() throws IOException {
        log.close();
        offsetIndex.file().close();
        timeIndex.file().close();
        transactionIndex.file().close();
    }

    int openFileCount() {
        int open = log.isOpen() ? 1 : 0;
        for (LogFile file : indexFiles()) if (file.isOpen()) open++;
        return open;
    }
}
