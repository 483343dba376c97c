package io.millrace.storage;

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
        log.create().write(sizeBytes, batches);
        logExists = true;
        for (int at = from; at < until; ) {
            int batchBytes = BatchHeader.sizeBytes(batches, at);
            index(
                    BatchHeader.lastOffset(batches, at),
                    BatchHeader.maxTimestamp(batches, at),
                    sizeBytes,
                    batchBytes,
                    indexIntervalBytes);
            sizeBytes += batchBytes;
            at += batchBytes;
        }
    }

    private void index(long lastOffset, long timestamp, int position, int batchBytes, int indexIntervalBytes)
            throws IOException {
        if (firstBatchTimestamp < 0) firstBatchTimestamp = timestamp;
        if (timestamp > maxTimestamp()) {
            maxTimestamp = timestamp;
            maxTimestampOffset = lastOffset;
        }
        if (bytesSinceIndexEntry > indexIntervalBytes) {
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

    /** Closes the segment for appends: the newest time stamp gets its entry, and the indexes are written. */
    void finish() throws IOException {
        if (!logExists) return;
        checkIndexes();
        if (maxTimestamp() >= 0) timeIndex.append(maxTimestamp, maxTimestampOffset);
        offsetIndex.finish();
        timeIndex.finish();
    }

    // Reading

    /** A batch of this segment: where it lies and what it holds; {@code baseOffset} as {@link StoredBatch} has it. */
    record Place(int position, long baseOffset, int sizeBytes) {}

    /** The first batch whose last offset is at least the wanted one, or null if all end before it. */
    @Nullable
    Place find(long offset) throws IOException {
        if (sizeBytes == 0) return null;
        checkIndexes();
        BatchCursor cursor = cursor(offsetIndex.lookup(offset), Scratch.headers());
        while (cursor.next())
            if (cursor.lastOffset() >= offset)
                return new Place((int) cursor.position(), cursor.baseOffset(), cursor.sizeBytes());
        return null;
    }

    /** An offset at or past all batches that begin before a position; the end of the segment if no entry says better. */
    long upperBoundOffset(long fromOffset, long untilPosition, long segmentEndOffset) throws IOException {
        checkIndexes();
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
        return new BatchCursor(log.existing(), window, position, sizeBytes);
    }

    BatchCursor scan() throws IOException {
        return cursor(0, ByteBuffer.allocate(SCAN_WINDOW_BYTES));
    }

    /** The offset after the last batch; reads the batches behind the last index entry. */
    long nextOffset() throws IOException {
        if (sizeBytes == 0) return baseOffset;
        checkIndexes();
        BatchCursor cursor = cursor(offsetIndex.lookup(Long.MAX_VALUE), ByteBuffer.allocate(SCAN_WINDOW_BYTES));
        long next = baseOffset;
        while (cursor.next()) next = cursor.lastOffset() + 1;
        return next;
    }

    /** Largest time stamp in the segment, or -1 if no batch has one. */
    long maxTimestamp() throws IOException {
        if (maxTimestamp == UNKNOWN) {
            checkIndexes();
            TimeIndex.Entry last = timeIndex.lastEntry();
            long newest = last.timestamp();
            long newestOffset = last.offset();
            BatchCursor cursor = cursor(offsetIndex.lookup(last.offset()), Scratch.headers());
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

    /** First record from an offset on that is at least this late. */
    Optional<TimestampOffset> findTimestamp(long timestamp, long fromOffset) throws IOException {
        if (sizeBytes == 0) return Optional.empty();
        checkIndexes();
        long start = Math.max(timeIndex.floorEntry(timestamp).offset(), fromOffset);
        BatchCursor cursor = cursor(offsetIndex.lookup(start), ByteBuffer.allocate(SCAN_WINDOW_BYTES));
        while (cursor.next()) {
            if (cursor.maxTimestamp() < timestamp || cursor.lastOffset() < fromOffset) continue;
            Optional<TimestampOffset> found = findTimestamp(cursor, timestamp, fromOffset);
            if (found.isPresent()) return found;
        }
        return Optional.empty();
    }

    private Optional<TimestampOffset> findTimestamp(BatchCursor cursor, long timestamp, long fromOffset)
            throws IOException {
        ByteBuffer batch = cursor.batch();
        try {
            if (LegacyBatch.isLegacy(batch, 0)) {
                for (Record record : LegacyBatch.records(batch, 0, DecompressionLimit.DEFAULT))
                    if (record.timestamp() >= timestamp && record.offset() >= fromOffset)
                        return Optional.of(
                                new TimestampOffset(record.timestamp(), record.offset(), cursor.leaderEpoch()));
                return Optional.empty();
            }
            RecordWalk walk = new RecordWalk(DecompressionLimit.DEFAULT);
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
        return transactionIndex.fileExists();
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

    /** Makes both indexes anew from the batches. */
    void rebuildIndexes() throws IOException {
        startRebuild();
        BatchCursor cursor = scan();
        while (cursor.next())
            reindex(cursor.lastOffset(), cursor.maxTimestamp(), (int) cursor.position(), cursor.sizeBytes());
        endRebuild();
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
        if (maxTimestamp >= 0) timeIndex.append(maxTimestamp, maxTimestampOffset);
        offsetIndex.flush();
        timeIndex.flush();
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
        offsetIndex.flush();
        timeIndex.flush();
    }

    /** Cuts the file of batches only, for recovery. */
    void cut(int position) throws IOException {
        if (logExists) log.existing().truncate(position);
        sizeBytes = position;
    }

    /** Forgets the aborted transactions, torn entries included. */
    void resetTransactions() throws IOException {
        transactionIndex.reset();
    }

    /** Forces the batches. */
    void force() throws IOException {
        if (logExists) log.existing().force();
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
