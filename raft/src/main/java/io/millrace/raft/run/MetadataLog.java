package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.Uuid;
import io.millrace.raft.LogOutline;
import io.millrace.raft.VoterHistory;
import io.millrace.raft.VoterSet;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import io.millrace.records.InvalidBatch;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.FileRecords;
import io.millrace.storage.LeaderEpochs;
import io.millrace.storage.LogConfig;
import io.millrace.storage.OffsetCheckpoint;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ProducerStateConfig;
import io.millrace.storage.ReadOutcome;
import io.millrace.storage.SegmentFileNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The metadata log in its directory, {@code __cluster_metadata-0}: recovery together with its snapshots, appends, and
 * batches for reading. Belongs to the quorum's lane, save {@link #open}, which blocks and comes before.
 */
final class MetadataLog implements LogOutline {
    /** Name of the directory within the metadata log directory. */
    static final String DIRECTORY = "__cluster_metadata-0";

    /** In the place of an offset: the disk is full, and the log as it was. */
    static final long NO_SPACE = -1;

    private static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    private static final TopicPartition PARTITION = new TopicPartition("__cluster_metadata", 0);

    /** How much is read at once when the log is walked. */
    private static final int READ_BYTES = 1 << 20;

    private final Disk disk;
    private final PartitionLog log;
    private final Snapshots snapshots;
    private ForcedUpTo told = new ForcedUpTo(0);

    private MetadataLog(Disk disk, PartitionLog log, Snapshots snapshots) {
        this.disk = disk;
        this.log = log;
        this.snapshots = snapshots;
    }

    /**
     * Opens or makes the log, cuts what a crash left torn, and forces what it found: it may have been read by nobody, but
     * must not be committed unforced. If the latest snapshot is ahead of the log, the log starts anew behind it.
     *
     * <p>Damage below the recovery point is reported. Kafka keeps none for this log, and then nothing tells damage from a
     * tail that was never forced; where the checkpoint of the log directory has one, it counts.
     */
    static MetadataLog open(Disk disk, Path directory, MetadataLogConfig config, long wallMs) throws IOException {
        disk.createDirectories(directory);
        Path parent = directory.getParent();
        if (parent != null) disk.forceDirectory(parent);
        PartitionLog log = PartitionLog.open(
                disk,
                directory,
                PARTITION,
                Uuid.METADATA_TOPIC_ID,
                logConfig(config),
                ProducerStateConfig.DEFAULT,
                recoveryPoint(disk, directory),
                0,
                false,
                wallMs);
        Snapshots snapshots = Snapshots.open(disk, directory, config, log.logStartOffset());
        Optional<OffsetAndEpoch> latest = snapshots.latest();
        if (latest.isPresent() && isAhead(latest.get(), log)) {
            long start = latest.get().offset();
            OffsetCheckpoint.lower(disk, directory.resolveSibling(RECOVERY_POINTS), PARTITION, start);
            log.truncateFullyAndStartAt(start);
        }
        if (log.logStartOffset()
                > snapshots.latest().map(OffsetAndEpoch::offset).orElse(0L)) {
            throw new CorruptLog(
                    directory,
                    0,
                    "the log starts at offset " + log.logStartOffset()
                            + " and there is no snapshot of what was before");
        }
        return new MetadataLog(disk, log, snapshots);
    }

    /**
     * What the checkpoint says, but at least where the segment begins that the latest snapshot ends in: nobody needs those before
     * it, and of several that were being deleted a power cut may have brought back an older one and not the next.
     */
    private static long recoveryPoint(Disk disk, Path directory) throws IOException {
        Path checkpoint = directory.resolveSibling(RECOVERY_POINTS);
        long recoveryPoint = OffsetCheckpoint.read(disk, checkpoint).getOrDefault(PARTITION, 0L);
        List<OffsetAndEpoch> snapshots = SnapshotFiles.list(disk, directory);
        if (snapshots.isEmpty()) return recoveryPoint;
        for (String name : disk.list(directory)) {
            long baseOffset =
                    SegmentFileNames.offsetIn(name, SegmentFileNames.LOG).orElse(0);
            if (baseOffset <= snapshots.getLast().offset()) recoveryPoint = Math.max(recoveryPoint, baseOffset);
        }
        return recoveryPoint;
    }

    private static boolean isAhead(OffsetAndEpoch snapshot, PartitionLog log) {
        return snapshot.offset() > log.logEndOffset() || snapshot.leaderEpoch() > Math.max(0, log.latestEpoch());
    }

    private static LogConfig logConfig(MetadataLogConfig config) {
        return LogConfig.from(Map.of(
                "internal.segment.bytes", Integer.toString(config.segmentBytes()),
                "segment.ms", Long.toString(config.segmentMs()),
                "max.message.bytes", Integer.toString(config.maxBatchBytes()),
                "retention.ms", "-1",
                "retention.bytes", "-1"));
    }

    PartitionLog log() {
        return log;
    }

    Snapshots snapshots() {
        return snapshots;
    }

    /**
     * After a restart the log starts with a segment, which need not be where a snapshot ends: which epoch the record before is of
     * is known only at the first snapshot then.
     */
    @Override
    public OffsetAndEpoch start() {
        long offset = log.logStartOffset();
        return offset == 0 ? new OffsetAndEpoch(0, 0) : snapshots.earliestFrom(offset);
    }

    @Override
    public List<LeaderEpochs.Entry> epochs() {
        return log.leaderEpochs();
    }

    @Override
    public Optional<OffsetAndEpoch> latestSnapshot() {
        return snapshots.latest().filter(id -> !id.equals(SnapshotFiles.BOOTSTRAP));
    }

    /** Next offset, and the epoch of the record before it, be that in the log or in the latest snapshot. */
    @Override
    public OffsetAndEpoch end() {
        int epochOfSnapshot =
                snapshots.latest().map(OffsetAndEpoch::leaderEpoch).orElse(0);
        return new OffsetAndEpoch(log.logEndOffset(), Math.max(epochOfSnapshot, log.latestEpoch()));
    }

    /**
     * Appends one batch that carries its offsets and epoch already.
     *
     * @return its last offset, or {@link #NO_SPACE}
     */
    long append(ByteBuffer batch, int epoch, long wallMs) {
        AppendOutcome outcome = log.append(batch, AppendOrigin.RAFT_LEADER, epoch, wallMs, wallMs);
        if (outcome instanceof AppendOutcome.Appended appended) return appended.lastOffset();
        if (outcome instanceof AppendOutcome.Refused refused && refused.error() == ErrorCode.KAFKA_STORAGE_ERROR)
            return NO_SPACE;
        throw new IllegalStateException("the metadata log did not take a batch of epoch " + epoch + ": " + outcome);
    }

    /**
     * Appends what a leader sent: batches with offsets and epochs of their own, from the end of this log on, up to the first that
     * is cut, damaged or of a later epoch.
     *
     * @param epoch the leader's
     * @param history gets what they say of who votes
     * @return false if nothing was appended
     */
    boolean appendFetched(ByteBuffer records, int epoch, long wallMs, VoterHistory history) {
        ByteBuffer fetched = records.slice();
        List<ByteBuffer> controls = new ArrayList<>();
        int usableBytes = usableBytes(fetched, epoch, controls);
        if (usableBytes == 0) return false;
        fetched.limit(usableBytes);
        AppendOutcome outcome = log.append(fetched, AppendOrigin.REPLICATION, epoch, wallMs, wallMs);
        if (!(outcome instanceof AppendOutcome.Appended)) return false;
        for (ByteBuffer control : controls) addVoters(history, control);
        return true;
    }

    private int usableBytes(ByteBuffer fetched, int epoch, List<ByteBuffer> controls) {
        int at = 0;
        long nextOffset = log.logEndOffset();
        int lastEpoch = end().leaderEpoch();
        while (fetched.limit() - at >= BatchHeader.HEADER_BYTES
                && BatchHeader.check(fetched, at) instanceof BatchCheck.Whole(int sizeBytes)) {
            int batchEpoch = BatchHeader.partitionLeaderEpoch(fetched, at);
            boolean isNext = BatchHeader.baseOffset(fetched, at) == nextOffset
                    && BatchHeader.lastOffset(fetched, at) >= nextOffset
                    && batchEpoch >= lastEpoch
                    && batchEpoch <= epoch;
            ByteBuffer batch = fetched.slice(at, sizeBytes);
            if (!isNext || (BatchHeader.isControl(batch, 0) && !isReadable(batch))) return at;
            if (BatchHeader.isControl(batch, 0)) controls.add(batch);
            nextOffset = BatchHeader.nextOffset(batch, 0);
            lastEpoch = batchEpoch;
            at += sizeBytes;
        }
        return at;
    }

    private static boolean isReadable(ByteBuffer controlBatch) {
        try {
            addVoters(new VoterHistory(VoterSet.NONE), controlBatch);
            return true;
        } catch (InvalidBatch | MalformedMessage | IllegalArgumentException | IllegalStateException damaged) {
            return false;
        }
    }

    /** Up to where the log is forced now. What was told before is out of use then: only this one hears of cuts. */
    ForcedUpTo forcedUpTo() {
        told = new ForcedUpTo(log.recoveryPoint());
        return told;
    }

    /** Blocks for a force, or two. */
    void truncateTo(long offset) {
        lowerRecoveryPoint(offset);
        log.truncateTo(offset);
    }

    private void lowerRecoveryPoint(long offset) {
        told.cutTo(
                offset,
                () -> OffsetCheckpoint.lower(disk, log.directory().resolveSibling(RECOVERY_POINTS), PARTITION, offset));
    }

    /** Begins anew behind a snapshot, with what that says of who votes. Blocks for a force. */
    void beginBehind(FetchedSnapshot.Whole whole, VoterHistory history) {
        SnapshotReader.Snapshot snapshot = whole.snapshot();
        lowerRecoveryPoint(snapshot.id().offset());
        log.truncateFullyAndStartAt(snapshot.id().offset());
        snapshots.add(new Snapshots.Stored(snapshot.id(), whole.sizeBytes(), snapshot.lastContainedLogTimeMs()));
        history.truncateFrom(VoterHistory.BOOTSTRAP_OFFSET);
        addVoters(history, snapshot);
    }

    /**
     * A range of whole or cut batches from an offset on, for reading off the lane; the reader releases it.
     *
     * @param fromOffset the base offset of a batch, below the log end offset
     */
    FileRecords range(long fromOffset, long untilOffset) {
        return switch (log.read(fromOffset, READ_BYTES, true, untilOffset)) {
            case ReadOutcome.Slice slice -> slice.records();
            case ReadOutcome.OutOfRange(long start, long end) ->
                throw new IllegalStateException(
                        "offset " + fromOffset + " of the metadata log lies outside [" + start + ", " + end + "]");
        };
    }

    /** A batch and where in its file it was read. */
    record Stored(ByteBuffer batch, long position) {}

    /**
     * Batches of a range, their CRCs unchecked, each with its own bytes, from the one that holds {@code fromOffset} to the last that begins below
     * {@code untilOffset}.
     *
     * @param bytes the range's bytes
     * @param file  where they were read
     * @param position of the range in the file
     * @throws CorruptLog if a length cannot be one, or what is wanted is not there; it names the file, and where in it
     */
    static List<Stored> batches(ByteBuffer bytes, long fromOffset, long untilOffset, Path file, long position) {
        List<Stored> found = new ArrayList<>();
        int at = 0;
        while (bytes.limit() - at >= BatchHeader.HEADER_BYTES && BatchHeader.baseOffset(bytes, at) < untilOffset) {
            int sizeBytes = BatchHeader.sizeBytes(bytes, at);
            if (sizeBytes < BatchHeader.HEADER_BYTES)
                throw new CorruptLog(file, position + at, "a batch of " + sizeBytes + " bytes");
            if (sizeBytes > bytes.limit() - at) break;
            if (BatchHeader.lastOffset(bytes, at) >= fromOffset) {
                found.add(new Stored(bytes.slice(at, sizeBytes), position + at));
            }
            at += sizeBytes;
        }
        if (found.isEmpty())
            throw new CorruptLog(
                    file,
                    position + at,
                    "no whole batch with offset " + fromOffset + " in " + bytes.limit() + " bytes");
        return found;
    }

    /** Says who votes, from the latest snapshot and the log behind it. Blocks. */
    void readVoters(VoterHistory history, Optional<SnapshotReader.Snapshot> snapshot) {
        snapshot.ifPresent(latest -> addVoters(history, latest));
        long next = snapshot.map(latest -> latest.id().offset()).orElse(log.logStartOffset());
        while (next < log.logEndOffset()) {
            FileRecords range = range(next, log.logEndOffset());
            try {
                for (Stored stored : batches(
                        range.toBuffer(), next, log.logEndOffset(), range.file().path(), range.position())) {
                    ByteBuffer batch = stored.batch();
                    if (BatchHeader.isControl(batch, 0)) {
                        if (BatchHeader.check(batch, 0) instanceof BatchCheck.Corrupt(String why))
                            throw new CorruptLog(range.file().path(), stored.position(), why);
                        addVoters(history, batch);
                    }
                    next = BatchHeader.nextOffset(batch, 0);
                }
            } finally {
                range.release();
            }
        }
    }

    private static void addVoters(VoterHistory history, SnapshotReader.Snapshot snapshot) {
        long offset = snapshot.id().offset() - 1;
        if (snapshot.kraftVersion() > 0) history.addKraftVersion(offset, snapshot.kraftVersion());
        snapshot.voters().ifPresent(voters -> history.addVoters(offset, voters));
    }

    /** Takes in what a control batch of the log says of the quorum. */
    static void addVoters(VoterHistory history, ByteBuffer controlBatch) {
        long offset = BatchHeader.baseOffset(controlBatch, 0);
        for (ControlRecord record : QuorumBatches.readControl(controlBatch)) {
            switch (record) {
                case ControlRecord.KRaftVersion(var version) -> history.addKraftVersion(offset, version.kRaftVersion());
                case ControlRecord.KRaftVoters(var voters) -> history.addVoters(offset, VoterSet.fromRecord(voters));
                default -> {} // says nothing of who votes
            }
        }
    }
}
