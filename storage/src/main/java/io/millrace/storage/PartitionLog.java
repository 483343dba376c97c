package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.protocol.Uuid;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The log of one partition, as its owners know it: appends, reads, lookups, retention, truncation, flushes. Each is done elsewhere: {@link LogAppender}
 * puts batches at the end, {@link LogRoller} begins segments, {@link LogReader} finds things, {@link LogRemoval} takes records out, {@link Unforced}
 * has what is to be flushed, {@link LogClosing} ends it all; {@link LogParts} is what these have in common.
 *
 * <p>Used by one lane at a time. Every method may throw {@link LogDirectoryFailed} when the disk fails, after which the
 * log must not be used any more, and {@link CorruptLog} when it meets damage. Appends are guarded by
 * {@code AppendBenchmark}, lookups by {@code IndexLookupBenchmark}.
 */
public final class PartitionLog {
    private static final int NO_TRANSACTION_VERSION = 0;

    private final LogParts log;
    private final LogAppender appender;
    private final LogRoller roller;
    private final LogRemoval removal;
    private final LogClosing closing;
    private final LogCompaction compaction;
    private final ProducerStateConfig producerConfig;
    private final RecoveryReport recovery;
    private @Nullable Uuid topicId;

    PartitionLog(OpenedLog opened) {
        this.log = new LogParts(opened);
        this.topicId = opened.topicId();
        this.producerConfig = opened.producerConfig();
        this.recovery = opened.report();
        this.compaction = new LogCompaction(this, log.folder, log.segments, log.snapshots, log.producers);
        this.roller = new LogRoller(log);
        this.appender = new LogAppender(log, roller);
        this.removal = new LogRemoval(log, roller, compaction);
        this.closing = new LogClosing(log, compaction, recovery);
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
            for (Segment segment : opened.log.segments.all()) segment.closeFiles();
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
        log.unforced.namesChanged();
    }

    /** Has appends ask from now on whether the directory has space for them. */
    public void askBeforeAppends(AppendSpace space) {
        appender.askBefore(space);
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
        if (closing.isClosed()) throw new IllegalStateException("the log of " + log.partition + " is closed");
        return appender.append(batches, origin, leaderEpoch, wallMs, nowMs, transactionVersion);
    }

    /** Begins a new segment at the log end offset; no effect while the active one is empty. */
    public void roll(long wallMs) {
        roller.roll(wallMs);
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
        if (fromOffset < log.logStartOffset || fromOffset > log.logEndOffset)
            return new ReadOutcome.OutOfRange(log.logStartOffset, log.logEndOffset);
        try {
            return log.reader.read(fromOffset, maxBytes, atLeastOneBatch, untilOffset, log.logEndOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "read from", e);
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
            return log.reader.abortedTransactions(fromOffset, untilOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "read the transaction index of", e);
        }
    }

    /** {@link #abortedTransactions(long, long)} for the offsets that may be in a slice; it may name a few more. */
    public List<AbortedTransaction> abortedTransactions(ReadOutcome.Slice slice) {
        if (slice.records().sizeBytes() == 0) return List.of();
        try {
            return abortedTransactions(slice.fetchOffset(), log.reader.upperBoundOffset(slice, log.logEndOffset));
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "read the index of", e);
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
            return log.reader.offsetForTimestamp(timestamp, log.logStartOffset, log.config.decompressionLimit());
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "look up a time in", e);
        }
    }

    /**
     * The first record with the largest time stamp (KIP-734), or nothing if no record has one.
     *
     * @throws CorruptLog as {@link #offsetForTimestamp} does
     */
    public Optional<TimestampOffset> maxTimestampOffset() {
        try {
            long newest = log.reader.newestTimestamp();
            return newest < 0 ? Optional.empty() : offsetForTimestamp(newest);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "look up the latest time in", e);
        }
    }

    /** Where an epoch ends: the largest known epoch that is at most this one, and the first offset after it (KIP-279). */
    public Optional<OffsetAndEpoch> endOffsetForEpoch(int epoch) {
        return log.epochs.endOffsetFor(epoch, log.logEndOffset);
    }

    /** The newest leader epoch, or -1. */
    public int latestEpoch() {
        return log.epochs.latestEpoch();
    }

    /** The leader epoch in which an offset was written, or -1 if unknown. */
    public int epochAt(long offset) {
        return log.epochs.epochAt(offset);
    }

    /** All known leader epochs, oldest first. */
    public List<LeaderEpochs.Entry> leaderEpochs() {
        return log.epochs.entries();
    }

    /** Notes that an epoch begins at an offset, before its first record; a known or older epoch changes nothing. */
    public void assignEpochStart(int epoch, long offset) {
        log.epochs.assign(epoch, offset);
    }

    // Offsets

    /** The first offset that can be read. */
    public long logStartOffset() {
        return log.logStartOffset;
    }

    /** The offset the next record gets. */
    public long logEndOffset() {
        return log.logEndOffset;
    }

    /** Everything below is on the whole in-sync replica set. */
    public long highWatermark() {
        return log.highWatermark;
    }

    /** Raises the high watermark, to the log end offset at most; a lower value changes nothing. */
    public void advanceHighWatermark(long offset) {
        log.advanceHighWatermark(offset);
    }

    /**
     * Everything below is decided, and replicated: the high watermark or the first unstable offset before it, but never
     * below the log start offset, though an open transaction may have begun there.
     */
    public long lastStableOffset() {
        long unstable = log.producers.firstUnstableOffset();
        return unstable < 0 ? log.highWatermark : Math.clamp(unstable, log.logStartOffset, log.highWatermark);
    }

    /** First offset of the oldest open transaction, or nothing. */
    public Optional<Long> firstOpenTransactionOffset() {
        long first = log.producers.firstUndecidedOffset();
        return first < 0 ? Optional.empty() : Optional.of(first);
    }

    /** Everything below survives a power cut, and is not scanned after one. */
    public long recoveryPoint() {
        return log.unforced.recoveryPoint();
    }

    /** Bytes of batches, indexes not counted. */
    public long sizeBytes() {
        return log.segments.sizeBytes();
    }

    /** How many segments there are, the active one included. */
    public int segmentCount() {
        return log.segments.count();
    }

    /** Base offset of the active segment. */
    public long activeSegmentBaseOffset() {
        return log.active().baseOffset();
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
                    "the log of " + log.partition + " belongs to topic id " + topicId + ", not " + id);
        topicId = id;
    }

    /** Which partition this is. */
    public TopicPartition partition() {
        return log.partition;
    }

    /** The directory that holds the files. */
    public Path directory() {
        return log.directory();
    }

    /** Its owner has renamed the directory. */
    public void directoryRenamed(Path newDirectory) {
        compaction.cancel();
        try {
            closing.closeFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "close", e);
        }
        log.folder.movedTo(newDirectory);
        log.snapshots.directoryRenamed();
        log.unforced.directoryRenamed();
    }

    /** The properties in effect. */
    public LogConfig config() {
        return log.config;
    }

    /** Takes over changed properties. */
    public void updateConfig(LogConfig newConfig) {
        log.config = newConfig;
        log.updateJitter();
    }

    // Producers

    /** The producers remembered, in no particular order. */
    public List<ActiveProducer> activeProducers() {
        return log.producers.active();
    }

    /** How many transactions are open here. */
    public int openTransactionCount() {
        return log.producers.openCount();
    }

    /**
     * How many transactions are open whose producer has been silent for longer than this: nobody may be left to end them.
     */
    public int lateTransactionCount(long wallMs, long silentMs) {
        return log.producers.lateCount(wallMs, silentMs);
    }

    /** Whether this producer, in this epoch, has a transaction open here. */
    public boolean hasOpenTransaction(long producerId, short producerEpoch) {
        return log.producers.hasOpenTransaction(producerId, producerEpoch);
    }

    /** Forgets producers that have been silent for {@code producer.id.expiration.ms}; returns how many. */
    public int expireProducers(long wallMs) {
        return log.producers.expire(wallMs, producerConfig.producerIdExpirationMs());
    }

    // Keeping and letting go

    /**
     * Raises the log start offset (DeleteRecords). Segments wholly below it go with the next {@link #expire}.
     *
     * @return false if the offset lies above the high watermark; nothing has changed then
     */
    public boolean deleteRecordsBefore(long offset) {
        return removal.deleteRecordsBefore(offset);
    }

    /**
     * A follower's log start offset follows its leader's, bounded by its own end.
     *
     * @return whether it changed
     */
    public boolean advanceLogStartOffset(long offset) {
        return removal.advanceLogStartOffset(offset);
    }

    /**
     * Takes segments out that {@code retention.ms}, {@code retention.bytes} or the log start offset no longer keep, and
     * renames their files. Nothing at or above the high watermark goes.
     *
     * @param wallMs wall time in milliseconds since the epoch
     * @return what is to be deleted after {@code file.delete.delay.ms}; empty if nothing was due
     */
    public List<PendingDeletion> expire(long wallMs) {
        return removal.expire(wallMs);
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
        return removal.truncateTo(offset);
    }

    /** Empties the log and lets it begin anew at an offset. Blocks for a force. */
    public void truncateFullyAndStartAt(long offset) {
        removal.truncateFullyAndStartAt(offset);
    }

    // Moving to another log directory

    Segments segments() {
        return log.segments;
    }

    Disk disk() {
        return log.folder.disk();
    }

    byte[] encodedEpochs() {
        return log.epochs.encode();
    }

    /** As {@link #read} up to the log end offset, and from before the log start offset if batches are there. */
    ReadOutcome.Slice readBeyondStart(long fromOffset, int maxBytes) {
        try {
            return (ReadOutcome.Slice) log.reader.read(fromOffset, maxBytes, true, log.logEndOffset, log.logEndOffset);
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "read from", e);
        }
    }

    /** A copy of a log takes over what the original knows beyond its batches. Both end at the same offset. */
    void takeOver(PartitionLog original) {
        log.config = original.log.config;
        advanceLogStartOffset(original.log.logStartOffset);
        advanceHighWatermark(original.log.highWatermark);
        log.producers.takeOver(original.log.producers);
        log.epochs.takeOver(original.log.epochs);
        compaction.resumeAt(original.compaction.firstDirtyOffset());
        log.updateJitter();
    }

    // Flushing and closing

    /** Whether {@code flush.messages}, {@code flush.ms}, forced acks or a finished segment ask for a flush. */
    public boolean isFlushDue(long nowMs) {
        return msUntilFlushDue(nowMs) == 0;
    }

    /** Milliseconds until {@code flush.ms} asks for a flush if nothing else does; 0 if one is due, -1 if none will be. */
    public long msUntilFlushDue(long nowMs) {
        return log.unforced.msUntilFlushDue(log.logEndOffset, log.config, nowMs);
    }

    /** Bytes that a restart after a crash would scan. */
    public long unscannedBytes() {
        return log.unforced.unscannedBytes();
    }

    /**
     * Collects what has to be forced up to the log end offset. The owner runs it elsewhere and then calls
     * {@link #flushed}.
     */
    public Flush prepareFlush() {
        return log.unforced.prepareFlush(Unforced.Extent.RECORDS, log.logEndOffset);
    }

    /**
     * As {@link #prepareFlush}, and so that after a crash the scan begins at the log end offset, in the midst of the
     * segment: indexes are forced too, and a producer snapshot is written behind it all.
     */
    public Flush prepareCheckpoint() {
        return log.unforced.prepareFlush(Unforced.Extent.CHECKPOINT, log.logEndOffset);
    }

    /**
     * A flush has run: everything below its end offset is safe, unless the log was cut meanwhile. If a full disk kept something
     * small from being written, the recovery point stays, and a later flush tries again.
     */
    public void flushed(Flush flush) {
        if (!flush.isDone()) throw new IllegalArgumentException("the flush of " + log.partition + " has not run");
        log.unforced.flushed(flush, !closing.isClosed());
    }

    /** Lets go of files that were not used since the last call; an idle log keeps none open. */
    public void closeIdleFiles() {
        try {
            for (Segment segment : log.segments.all()) segment.closeIdleFiles();
        } catch (IOException e) {
            throw new LogDirectoryFailed(log.directory(), "close files of", e);
        }
    }

    /** How many files the log holds open itself; ranges handed out are not counted. */
    public int openFileCount() {
        int open = 0;
        for (Segment segment : log.segments.all()) open += segment.openFileCount();
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
        closing.close();
    }

    /** Lets go of the files without writing or forcing anything, since their directory has failed. */
    public void abandon() {
        closing.abandon();
    }
}
