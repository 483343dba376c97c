package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFull;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.BatchHeader;
import io.millrace.records.LegacyBatch;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The log of one partition: appends, reads, lookups, retention, truncation.
 *
 * <p>Used by one lane at a time. Every method may throw {@link LogDirectoryFailed} when the disk fails, after which the
 * log must not be used any more, and {@link CorruptLog} when it meets damage. Appends are guarded by
 * {@code AppendBenchmark}, lookups by {@code IndexLookupBenchmark}.
 */
public final class PartitionLog {
    private static final int NO_TRANSACTION_VERSION = 0;

    private final LogFolder folder;
    private final TopicPartition partition;
    private final Segments segments;
    private final LogReader reader;
    private final LeaderEpochs epochs;
    private final ProducerStates producers;
    private final ProducerSnapshots snapshots;
    private final ProducerStateConfig producerConfig;
    private final RecoveryReport recovery;
    private final LogCompaction compaction;
    private final Unforced unforced;
    private LogConfig config;
    private @Nullable Uuid topicId;

    private long logStartOffset;
    private long logEndOffset;
    private long highWatermark;
    private AppendSpace space = AppendSpace.UNWATCHED;

    /** Whether records were added or removed since it was opened. */
    private boolean hasChanged;

    private boolean closed;

    PartitionLog(OpenedLog opened) {
        this.folder = opened.folder();
        this.partition = opened.partition();
        this.topicId = opened.topicId();
        this.config = opened.config();
        this.producerConfig = opened.producerConfig();
        this.segments = opened.segments();
        this.reader = new LogReader(segments);
        this.epochs = opened.epochs();
        this.producers = opened.producers();
        this.snapshots = opened.snapshots();
        this.recovery = opened.report();
        this.compaction = new LogCompaction(this, folder, segments, snapshots, producers);
        this.logStartOffset = opened.logStartOffset();
        this.logEndOffset = opened.logEndOffset();
        this.highWatermark = logStartOffset;
        this.unforced = new Unforced(opened);
        active().setJitterMs(jitterMs());
    }

    /**
     * Opens the log in a directory that exists, empty or not, and recovers what a crash left: behind the recovery point
     * batches are checked and the first that is not whole ends the log; missing or wrong indexes are made anew; files on
     * their way to deletion are deleted. Crashing in the midst and opening again ends the same. Blocks; belongs on a disk
     * helper.
     *
     * @param topicId        the topic's id if known
     * @param recoveryPoint  everything below was forced; 0 if unknown
     * @param logStartOffset from the checkpoint; 0 if unknown
     * @param cleanShutdown  whether the directory's marker says that it was closed cleanly
     * @param nowMs          wall time, for what expires
     * @throws CorruptLog         if there is damage below the recovery point
     * @throws LogDirectoryFailed if the disk failed
     */
    public static PartitionLog open(
            Disk disk,
            Path directory,
            TopicPartition partition,
            @Nullable Uuid topicId,
            LogConfig config,
            ProducerStateConfig producerConfig,
            long recoveryPoint,
            long logStartOffset,
            boolean cleanShutdown,
            long nowMs) {
        try {
            PartitionLog opened =
                    new PartitionLog(new LogRecovery(disk, directory, partition, topicId, config, producerConfig, nowMs)
                            .open(recoveryPoint, logStartOffset, cleanShutdown));
            // A start opens all logs, of which few are used soon: no files stay open that recovery has looked into.
            for (Segment segment : opened.segments.all()) segment.closeFiles();
            return opened;
        } catch (IOException e) {
            throw new LogDirectoryFailed(directory, "open", e);
        }
    }

    /** What opening found and did. */
    public RecoveryReport recovery() {
        return recovery;
    }

    /** How far the log is compacted, and what may be compacted next. */
    public LogCompaction compaction() {
        return compaction;
    }

    /** Names in the directory have changed: the next flush forces them. */
    void namesChanged() {
        unforced.namesChanged();
    }

    /** Has appends ask from now on whether the directory has space for them. */
    public void askBeforeAppends(AppendSpace space) {
        this.space = space;
    }

    // Appending

    /** {@link #append(ByteBuffer, AppendOrigin, int, long, long, int)} for anything but transaction markers. */
    public AppendOutcome append(ByteBuffer batches, AppendOrigin origin, int leaderEpoch, long wallMs, long nowMs) {
        return append(batches, origin, leaderEpoch, wallMs, nowMs, NO_TRANSACTION_VERSION);
    }

    /**
     * Checks whole batches and writes them at the end of the log with one write. Unless they come from replication,
     * their offsets and leader epochs, and where needed their time stamps, are set within the given buffer. What was
     * written is visible at once, and survives a power cut after the next {@link Flush}.
     *
     * @param batches            from position to limit; not consumed. From {@link AppendOrigin#REPLICATION} a cut batch
     *                           at the end is passed over
     * @param leaderEpoch        the leader's epoch; batches from replication keep theirs, and those with a later one
     *                           than this are passed over (KAFKA-18723)
     * @param wallMs             wall time in milliseconds since the epoch
     * @param nowMs              monotonic time, for {@code flush.ms}
     * @param transactionVersion level of transaction.version for markers; from 2 a marker raises the epoch (KIP-890)
     * @return refused with KAFKA_STORAGE_ERROR, which clients retry, if there is no space for them: nothing stays of the batches
     *         then
     */
    public AppendOutcome append(
            ByteBuffer batches, AppendOrigin origin, int leaderEpoch, long wallMs, long nowMs, int transactionVersion) {
        if (closed) throw new IllegalStateException("the log of " + partition + " is closed");
        ByteBuffer whole = batches.duplicate();
        AppendOutcome.Refused refused = AppendCheck.check(whole, origin, config, leaderEpoch, logEndOffset, wallMs);
        if (refused == null && whole.hasRemaining()) {
            AppendOutcome answered = ProducerCheck.check(whole, origin, producers, logStartOffset, transactionVersion);
            if (answered != null) return answered;
        }
        if (refused != null) return refused;
        if (!whole.hasRemaining())
            return new AppendOutcome.Appended(logEndOffset, logEndOffset - 1, -1, logStartOffset);
        String wantOfSpace = space.refusal(origin, whole.remaining());
        if (wantOfSpace != null) return new AppendOutcome.Refused(ErrorCode.KAFKA_STORAGE_ERROR, wantOfSpace);
        try {
            AppendOutcome outcome = write(whole, origin, leaderEpoch, wallMs, nowMs);
            space.appended(whole.remaining());
            return outcome;
        } catch (DiskFull full) {
            return new AppendOutcome.Refused(ErrorCode.KAFKA_STORAGE_ERROR, space.ranOut(full));
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "append to", e);
        }
    }

    private AppendOutcome write(ByteBuffer batches, AppendOrigin origin, int leaderEpoch, long wallMs, long nowMs)
            throws IOException {
        boolean assigns = origin != AppendOrigin.REPLICATION;
        long next = assigns ? logEndOffset : firstOffset(batches);
        long baseOffset = next;
        long newestTimestamp = -1;
        for (int at = batches.position(); at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
            if (assigns) {
                BatchHeader.setBaseOffset(batches, at, next);
                BatchHeader.setPartitionLeaderEpoch(batches, at, leaderEpoch);
            }
            next = StoredBatch.lastOffset(batches, at) + 1;
            newestTimestamp = Math.max(newestTimestamp, StoredBatch.maxTimestamp(batches, at));
        }
        rollIfDue(batches.remaining(), baseOffset, next - 1, newestTimestamp, wallMs);
        Segment active = active();
        if (!active.logExists()) unforced.namesChanged();
        int position = active.sizeBytes();
        unforced.written(batches.remaining(), nowMs);
        active.append(batches.duplicate(), config.indexIntervalBytes());
        appended(batches, active, position);
        logEndOffset = next;
        hasChanged = true;
        boolean stamped = assigns && AppendCheck.stampsAppendTime(origin, config);
        return new AppendOutcome.Appended(baseOffset, next - 1, stamped ? wallMs : -1, logStartOffset);
    }

    /** Compressed batches of format 0 and 1 do not say where they begin; it is at the log end or behind it. */
    private long firstOffset(ByteBuffer batches) {
        int at = batches.position();
        return LegacyBatch.isLegacy(batches, at) ? logEndOffset : BatchHeader.baseOffset(batches, at);
    }

    private void appended(ByteBuffer batches, Segment active, int position) throws IOException {
        for (int at = batches.position(); at < batches.limit(); ) {
            int batchBytes = BatchHeader.sizeBytes(batches, at);
            long batchOffset = BatchHeader.baseOffset(batches, at);
            epochs.assign(StoredBatch.leaderEpoch(batches, at), batchOffset);
            if (StoredBatch.producerId(batches, at) >= 0) {
                ProducerStates.Ended ended = producers.replay(batches, at);
                if (ended != null && ended.isAborted()) {
                    active.abort(new AbortedTransaction(
                            ended.producerId(),
                            ended.firstOffset(),
                            ended.markerOffset(),
                            producers.lastStableOffsetAfter(ended)));
                    unforced.namesChanged();
                }
            }
            reader.appended(batchOffset, position);
            position += batchBytes;
            at += batchBytes;
        }
    }

    private Segment active() {
        return segments.active();
    }

    // Segments

    private void rollIfDue(int batchesBytes, long baseOffset, long lastOffset, long newestTimestamp, long wallMs)
            throws IOException {
        if (!active().shouldRoll(batchesBytes, newestTimestamp, lastOffset, config, wallMs)) return;
        rollTo(Math.max(baseOffset, lastOffset - Integer.MAX_VALUE), wallMs);
    }

    /** Begins a new segment at the log end offset; no effect while the active one is empty. */
    public void roll(long wallMs) {
        try {
            if (active().sizeBytes() > 0) rollTo(logEndOffset, wallMs);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "roll a segment of", e);
        }
    }

    /** All that a full disk may refuse comes first, so that then nothing has changed. */
    private void rollTo(long baseOffset, long wallMs) throws IOException {
        Segment old = active();
        if (old.sizeBytes() == 0 && old.baseOffset() == baseOffset) return;
        if (old.sizeBytes() > 0) old.finish();
        snapshots.write(baseOffset, producers);
        Segment next;
        try {
            next = newSegment(baseOffset, wallMs);
        } catch (DiskFull full) {
            // One in the midst of a segment would say that its indexes were forced.
            snapshots.discard(baseOffset);
            throw full;
        }
        if (old.sizeBytes() == 0) {
            segments.remove(segments.count() - 1, segments.count());
            SegmentFiles.delete(folder, old);
        } else {
            unforced.finished(old);
        }
        add(next);
    }

    private Segment newSegment(long baseOffset, long wallMs) throws IOException {
        Segment segment = new Segment(folder, baseOffset, Segment.Found.NOTHING, 0, wallMs);
        if (baseOffset > 0) segment.createFile();
        return segment;
    }

    private void add(Segment segment) {
        segments.add(segment);
        segment.setJitterMs(jitterMs());
        unforced.namesChanged();
        hasChanged = true;
        reader.forgetLastBatch();
    }

    /** Spreads rolls over {@code segment.jitter.ms} by what is fixed for a segment, so that no dice are needed. */
    private long jitterMs() {
        long bound = Math.min(config.segmentJitterMs(), config.segmentMs());
        if (bound <= 0) return 0;
        long mixed = (partition.hashCode() * 31L + active().baseOffset()) * 0x9E3779B97F4A7C15L;
        return Math.floorMod(mixed, bound);
    }

    // Reading

    /**
     * Finds the bytes from the batch that holds an offset on, within one segment.
     *
     * @param fromOffset       first offset wanted, from the log start offset to the log end offset, both included
     * @param maxBytes         soft cap; the range may end within a batch
     * @param atLeastOneBatch  whether the first batch is returned whole even if it is larger (KIP-74); if not, nothing is
     * @param untilOffset      batches that hold this offset or later ones are left out: the high watermark, the last
     *                         stable offset or the log end offset
     */
    public ReadOutcome read(long fromOffset, int maxBytes, boolean atLeastOneBatch, long untilOffset) {
        if (fromOffset < logStartOffset || fromOffset > logEndOffset)
            return new ReadOutcome.OutOfRange(logStartOffset, logEndOffset);
        try {
            return reader.read(fromOffset, maxBytes, atLeastOneBatch, untilOffset, logEndOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "read from", e);
        }
    }

    /**
     * The aborted transactions that a reader of committed records has to skip.
     *
     * @param fromOffset  first offset that is read
     * @param untilOffset just past the last offset that is read
     */
    public List<AbortedTransaction> abortedTransactions(long fromOffset, long untilOffset) {
        try {
            return reader.abortedTransactions(fromOffset, untilOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "read the transaction index of", e);
        }
    }

    /** {@link #abortedTransactions(long, long)} for the offsets that may be in a slice; it may name a few more. */
    public List<AbortedTransaction> abortedTransactions(ReadOutcome.Slice slice) {
        if (slice.records().sizeBytes() == 0) return List.of();
        try {
            return abortedTransactions(slice.fetchOffset(), reader.upperBoundOffset(slice, logEndOffset));
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "read the index of", e);
        }
    }

    // Lookups

    /**
     * The first record whose time stamp is at least this, or nothing.
     *
     * @throws CorruptLog if records on the way there do not unpack, or are larger than {@code max.decompressed.message.bytes}
     */
    public Optional<TimestampOffset> offsetForTimestamp(long timestamp) {
        try {
            return reader.offsetForTimestamp(timestamp, logStartOffset, config.decompressionLimit());
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "look up a time in", e);
        }
    }

    /**
     * The first record with the largest time stamp (KIP-734), or nothing if no record has one.
     *
     * @throws CorruptLog as {@link #offsetForTimestamp} does
     */
    public Optional<TimestampOffset> maxTimestampOffset() {
        try {
            long newest = reader.newestTimestamp();
            return newest < 0 ? Optional.empty() : offsetForTimestamp(newest);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "look up the latest time in", e);
        }
    }

    /** Where an epoch ends: the largest known epoch that is at most this one, and the first offset after it (KIP-279). */
    public Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch) {
        return epochs.endOffsetFor(epoch, logEndOffset);
    }

    /** The newest leader epoch, or -1. */
    public int latestEpoch() {
        return epochs.latestEpoch();
    }

    /** The leader epoch in which an offset was written, or -1 if unknown. */
    public int epochAt(long offset) {
        return epochs.epochAt(offset);
    }

    /** All known leader epochs, oldest first. */
    public List<LeaderEpochs.Entry> leaderEpochs() {
        return epochs.entries();
    }

    /** Notes that an epoch begins at an offset, before its first record; a known or older epoch changes nothing. */
    public void assignEpochStart(int epoch, long offset) {
        epochs.assign(epoch, offset);
    }

    // Offsets

    /** The first offset that can be read. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** The offset the next record gets. */
    public long logEndOffset() {
        return logEndOffset;
    }

    /** Everything below is on the whole in-sync replica set. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Raises the high watermark, to the log end offset at most; a lower value changes nothing. */
    public void advanceHighWatermark(long offset) {
        long bounded = Math.min(offset, logEndOffset);
        if (bounded <= highWatermark) return;
        highWatermark = bounded;
        producers.highWatermarkAdvanced(bounded);
    }

    /**
     * Everything below is decided, and replicated: the high watermark or the first unstable offset before it, but never
     * below the log start offset, though an open transaction may have begun there.
     */
    public long lastStableOffset() {
        long unstable = producers.firstUnstableOffset();
        return unstable < 0 ? highWatermark : Math.clamp(unstable, logStartOffset, highWatermark);
    }

    /** First offset of the oldest open transaction, or nothing. */
    public Optional<Long> firstOpenTransactionOffset() {
        long first = producers.firstUndecidedOffset();
        return first < 0 ? Optional.empty() : Optional.of(first);
    }

    /** Everything below survives a power cut, and is not scanned after one. */
    public long recoveryPoint() {
        return unforced.recoveryPoint();
    }

    /** Bytes of batches, indexes not counted. */
    public long sizeBytes() {
        return segments.sizeBytes();
    }

    /** How many segments there are, the active one included. */
    public int segmentCount() {
        return segments.count();
    }

    /** Base offset of the active segment. */
    public long activeSegmentBaseOffset() {
        return active().baseOffset();
    }

    /** The topic's id, if known. */
    public Optional<Uuid> topicId() {
        return Optional.ofNullable(topicId);
    }

    /**
     * Notes the topic's id.
     *
     * @throws IllegalStateException if the log belongs to another id
     */
    public void assignTopicId(Uuid id) {
        if (topicId != null && !topicId.equals(id))
            throw new IllegalStateException(
                    "the log of " + partition + " belongs to topic id " + topicId + ", not " + id);
        topicId = id;
    }

    /** Which partition this is. */
    public TopicPartition partition() {
        return partition;
    }

    /** The directory that holds the files. */
    public Path directory() {
        return folder.directory();
    }

    /** Its owner has renamed the directory. */
    public void directoryRenamed(Path newDirectory) {
        compaction.cancel();
        try {
            closeFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
        folder.movedTo(newDirectory);
        snapshots.directoryRenamed();
        unforced.directoryRenamed();
    }

    /** The properties in effect. */
    public LogConfig config() {
        return config;
    }

    /** Takes over changed properties. */
    public void updateConfig(LogConfig newConfig) {
        config = newConfig;
        active().setJitterMs(jitterMs());
    }

    // Producers

    /** The producers remembered, in no particular order. */
    public List<ActiveProducer> activeProducers() {
        return producers.active();
    }

    /** How many transactions are open here. */
    public int openTransactionCount() {
        return producers.openCount();
    }

    /**
     * How many transactions are open whose producer has been silent for longer than this: nobody may be left to end them.
     */
    public int lateTransactionCount(long wallMs, long silentMs) {
        return producers.lateCount(wallMs, silentMs);
    }

    /** Whether this producer, in this epoch, has a transaction open here. */
    public boolean hasOpenTransaction(long producerId, short producerEpoch) {
        return producers.hasOpenTransaction(producerId, producerEpoch);
    }

    /** Forgets producers that have been silent for {@code producer.id.expiration.ms}; returns how many. */
    public int expireProducers(long wallMs) {
        return producers.expire(wallMs, producerConfig.producerIdExpirationMs());
    }

    // Keeping and letting go

    /**
     * Raises the log start offset (DeleteRecords). Segments wholly below it go with the next {@link #expire}.
     *
     * @return false if the offset lies above the high watermark; nothing has changed then
     */
    public boolean deleteRecordsBefore(long offset) {
        if (offset > highWatermark) return false;
        if (offset > logStartOffset) {
            logStartOffset = offset;
            epochs.truncateFromStart(offset);
        }
        return true;
    }

    /**
     * A follower's log start offset follows its leader's, bounded by its own end.
     *
     * @return whether it changed
     */
    public boolean advanceLogStartOffset(long offset) {
        long bounded = Math.min(offset, logEndOffset);
        if (bounded <= logStartOffset) return false;
        logStartOffset = bounded;
        advanceHighWatermark(bounded);
        epochs.truncateFromStart(bounded);
        return true;
    }

    /**
     * Takes segments out that {@code retention.ms}, {@code retention.bytes} or the log start offset no longer keep, and
     * renames their files. Nothing at or above the high watermark goes.
     *
     * @param wallMs wall time in milliseconds since the epoch
     * @return what is to be deleted after {@code file.delete.delay.ms}; empty if nothing was due
     */
    public List<PendingDeletion> expire(long wallMs) {
        try {
            int due = Retention.dueCount(segments, config, logStartOffset, logEndOffset, highWatermark, wallMs);
            if (due == 0) return List.of();
            if (due == segments.count() && !rollsIfThereIsSpace(wallMs)) due--;
            if (due == 0) return List.of();
            List<Segment> removed = segments.remove(0, due);
            logStartOffset = Math.max(logStartOffset, segments.first().baseOffset());
            epochs.truncateFromStart(logStartOffset);
            List<PendingDeletion> pending = new ArrayList<>(removed.size());
            for (Segment segment : removed) pending.add(SegmentFiles.markDeleted(folder, segment));
            snapshots.deleteBefore(segments.first().baseOffset());
            unforced.namesChanged();
            return pending;
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(folder.directory(), "remove old segments of", e);
        }
    }

    private boolean rollsIfThereIsSpace(long wallMs) throws IOException {
        try {
            rollTo(logEndOffset, wallMs);
            return true;
        } catch (DiskFull full) {
            return false;
        }
    }

    /**
     * Cuts the log so that it ends at an offset, or at the base offset of the batch that holds it. Blocks for a force,
     * so that what was cut cannot come back; before anything is appended the owner writes the lowered recovery point to
     * its checkpoint. A leader epoch that begins at the log end goes in any case: it is of a leader that never wrote, and need not be known
     * to whoever leads now.
     *
     * @return false if the log ended there or before already
     */
    public boolean truncateTo(long offset) {
        if (offset >= logEndOffset) {
            epochs.truncateFromEnd(logEndOffset);
            return false;
        }
        if (offset < segments.first().baseOffset()) {
            truncateFullyAndStartAt(offset);
            return true;
        }
        compaction.truncated(offset);
        try {
            hasChanged = true;
            logEndOffset = LogTruncation.cut(folder, segments, offset);
            reader.forgetLastBatch();
            logStartOffset = Math.min(logStartOffset, logEndOffset);
            highWatermark = Math.min(highWatermark, logEndOffset);
            unforced.truncatedTo(logEndOffset);
            epochs.truncateFromEnd(logEndOffset);
            snapshots.deleteFrom(logEndOffset + 1);
            snapshots.restore(producers, segments, logStartOffset, logEndOffset);
            producers.highWatermarkAdvanced(highWatermark);
            active().setJitterMs(jitterMs());
            return true;
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(folder.directory(), "truncate", e);
        }
    }

    /** Empties the log and lets it begin anew at an offset. Blocks for a force. */
    public void truncateFullyAndStartAt(long offset) {
        compaction.truncated(0);
        try {
            hasChanged = true;
            LogTruncation.removeFrom(folder, segments, 0);
            snapshots.deleteFrom(0);
            producers.clear();
            epochs.clear();
            add(newSegment(offset, 0));
            folder.disk().forceDirectory(folder.directory());
            logStartOffset = offset;
            logEndOffset = offset;
            highWatermark = offset;
            unforced.truncatedTo(offset);
        } catch (IOException e) {
            throw LogDirectoryFailed.halfDone(folder.directory(), "truncate", e);
        }
    }

    // Moving to another log directory

    Segments segments() {
        return segments;
    }

    Disk disk() {
        return folder.disk();
    }

    byte[] encodedEpochs() {
        return epochs.encode();
    }

    /** As {@link #read} up to the log end offset, and from before the log start offset if batches are there. */
    ReadOutcome.Slice readBeyondStart(long fromOffset, int maxBytes) {
        try {
            return (ReadOutcome.Slice) reader.read(fromOffset, maxBytes, true, logEndOffset, logEndOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "read from", e);
        }
    }

    /** A copy of a log takes over what the original knows beyond its batches. Both end at the same offset. */
    void takeOver(PartitionLog original) {
        config = original.config;
        advanceLogStartOffset(original.logStartOffset);
        advanceHighWatermark(original.highWatermark);
        producers.takeOver(original.producers);
        epochs.takeOver(original.epochs);
        compaction.resumeAt(original.compaction.firstDirtyOffset());
        active().setJitterMs(jitterMs());
    }

    // Flushing and closing

    /** Whether {@code flush.messages}, {@code flush.ms}, forced acks or a finished segment ask for a flush. */
    public boolean isFlushDue(long nowMs) {
        return msUntilFlushDue(nowMs) == 0;
    }

    /** Milliseconds until {@code flush.ms} asks for a flush if nothing else does; 0 if one is due, -1 if none will be. */
    public long msUntilFlushDue(long nowMs) {
        return unforced.msUntilFlushDue(logEndOffset, config, nowMs);
    }

    /** Bytes that a restart after a crash would scan. */
    public long unscannedBytes() {
        return unforced.unscannedBytes();
    }

    /**
     * Collects what has to be forced up to the log end offset. The owner runs it elsewhere and then calls
     * {@link #flushed}.
     */
    public Flush prepareFlush() {
        return unforced.prepareFlush(Unforced.Extent.RECORDS, logEndOffset);
    }

    /**
     * As {@link #prepareFlush}, and so that after a crash the scan begins at the log end offset, in the midst of the
     * segment: indexes are forced too, and a producer snapshot is written behind it all.
     */
    public Flush prepareCheckpoint() {
        return unforced.prepareFlush(Unforced.Extent.CHECKPOINT, logEndOffset);
    }

    /**
     * A flush has run: everything below its end offset is safe, unless the log was cut meanwhile. If a full disk kept something
     * small from being written, the recovery point stays, and a later flush tries again.
     */
    public void flushed(Flush flush) {
        if (!flush.isDone()) throw new IllegalArgumentException("the flush of " + partition + " has not run");
        unforced.flushed(flush, !closed);
    }

    /** Lets go of files that were not used since the last call; an idle log keeps none open. */
    public void closeIdleFiles() {
        try {
            for (Segment segment : segments.all()) segment.closeIdleFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close files of", e);
        }
    }

    /** How many files the log holds open itself; ranges handed out are not counted. */
    public int openFileCount() {
        int open = 0;
        for (Segment segment : segments.all()) open += segment.openFileCount();
        return open;
    }

    /**
     * Writes and forces everything, so that the next start finds indexes, producer snapshot and epochs complete. Blocks.
     * Afterwards the recovery point is the log end offset. A log that was closed before and not changed since is left as it is.
     *
     * @throws LogDirectoryFailed if the disk failed; if it {@link LogDirectoryFailed#isWantOfSpace}, the batches are forced and the
     *                            files closed, but the next start has to scan the log
     */
    public void close() {
        if (closed) return;
        closed = true;
        compaction.cancel();
        try {
            if (!isAsItWasClosed()) writeLast();
            closeFiles();
        } catch (DiskFull full) {
            closeWithoutSpace(full);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
    }

    private void writeLast() throws IOException {
        active().finish();
        Flush flush = unforced.prepareFlush(Unforced.Extent.CLOSE, logEndOffset);
        flush.run();
        flushed(flush);
        if (flush.snapshot() != null && !flush.isSnapshotWritten()) {
            snapshots.discard(logEndOffset);
            throw new DiskFull(folder.directory(), "cannot write the producer snapshot");
        }
        if (flush.isPartial()) throw new DiskFull(folder.directory(), "cannot write the leader epochs");
    }

    private boolean isAsItWasClosed() {
        return recovery.wasClean()
                && recovery.notes().isEmpty()
                && !hasChanged
                && !unforced.hasNames()
                && !epochs.hasChangedBelow(logEndOffset)
                && (logEndOffset == 0 || snapshots.hasAt(logEndOffset));
    }

    private void closeWithoutSpace(DiskFull full) {
        try {
            for (int i = segments.floorIndex(unforced.recoveryPoint()); i < segments.count(); i++)
                segments.at(i).force();
            closeFiles();
            folder.disk().forceDirectory(folder.directory());
            Path parent = folder.directory().getParent();
            if (parent != null) folder.disk().forceDirectory(parent);
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
        throw new LogDirectoryFailed(folder.directory(), "close", full);
    }

    /** Lets go of the files without writing or forcing anything, since their directory has failed. */
    public void abandon() {
        if (closed) return;
        closed = true;
        try {
            closeFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(folder.directory(), "close", e);
        }
    }

    private void closeFiles() throws IOException {
        for (Segment segment : segments.all()) segment.closeFiles();
    }
}
