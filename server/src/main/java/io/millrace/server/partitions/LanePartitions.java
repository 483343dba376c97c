package io.millrace.server.partitions;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FetchVerdict;
import io.millrace.replication.FollowerFetch;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.FollowerRest;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.FileRecords;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ReadOutcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** One lane's share of the partitions this broker leads or follows. Touched only on that lane. */
public final class LanePartitions {
    private static final System.Logger LOG = System.getLogger(LanePartitions.class.getName());
    private static final int MOST_REPORTED = 1_000;

    private final Map<TopicPartition, LeaderPartition> led = new HashMap<>();
    private final Map<TopicPartition, FollowerPartition> followed = new HashMap<>();
    private final Set<String> reported = new HashSet<>();
    private final Set<TopicPartition> offline = new HashSet<>();
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final OpenFileSweep openFiles;
    private final AppendOrder appendOrder = new AppendOrder();
    private final OldFormats oldFormats = new OldFormats(this);
    private Leaderships leaderships = Leaderships.UNHEARD;
    private long appendedBytes;
    private long appendedBatches;

    /**
     * Makes an empty share.
     *
     * @param diskFailed fences the directory of a log that failed
     * @param surplusFiles how many files too many are open in the process
     */
    public LanePartitions(Consumer<LogDirectoryFailed> diskFailed, IntSupplier surplusFiles) {
        this.diskFailed = diskFailed;
        this.openFiles = new OpenFileSweep(this, surplusFiles, diskFailed);
    }

    /** Tells {@code listener} of the partitions that come to be led and that are led no more; before there are any. */
    void tell(Leaderships listener) {
        leaderships = listener;
    }

    /** The partition, if this broker leads it and this lane owns it. */
    public @Nullable LeaderPartition find(TopicPartition name) {
        return led.get(name);
    }

    /** Adds a partition that this broker leads from now on. */
    public void add(LeaderPartition partition) {
        LeaderPartition before = led.put(partition.name(), partition);
        if (before != null) throw new IllegalStateException(partition.name() + " is led twice");
        leaderships.led(partition);
    }

    /** Adds a partition that this broker follows from now on. */
    public void add(FollowerPartition partition) {
        if (led.containsKey(partition.name()) || followed.put(partition.name(), partition) != null)
            throw new IllegalStateException(partition.name() + " is here twice");
    }

    /** The partition, if this broker keeps a replica and does not lead, and this lane owns it. */
    public @Nullable FollowerPartition findFollowed(TopicPartition name) {
        return followed.get(name);
    }

    /** The partition, if this broker leads or follows it and this lane owns it. */
    public @Nullable LocalReplica replica(TopicPartition name) {
        LeaderPartition leader = led.get(name);
        return leader == null ? followed.get(name) : leader;
    }

    /** Takes a partition out, waking whoever waits at it; null if it was neither led nor followed here. */
    public @Nullable LocalReplica remove(TopicPartition name) {
        LocalReplica gone = led.remove(name);
        if (gone != null) leaderships.resigned(name);
        else gone = followed.remove(name);
        if (gone != null) gone.resign();
        return gone;
    }

    /** Notes that a partition's log directory has failed: until {@link #online} it is neither led nor anybody else's. */
    public void offline(TopicPartition name) {
        offline.add(name);
    }

    /** Ends {@link #offline}. */
    public void online(TopicPartition name) {
        offline.remove(name);
    }

    /** How many partitions are in a log directory that has failed. */
    public int offlineCount() {
        return offline.size();
    }

    /** Why a partition that exists is not led on this lane, in the terms of an answer to a client. */
    public ErrorCode whyNotLed(TopicPartition name) {
        return offline.contains(name) ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NOT_LEADER_OR_FOLLOWER;
    }

    /** All that this broker leads, in no particular order; for work on each whose order does not matter. */
    public Collection<LeaderPartition> all() {
        return led.values();
    }

    /** All that this broker follows, in no particular order. */
    public Collection<FollowerPartition> followed() {
        return followed.values();
    }

    /** All that are led or followed here, in no particular order. */
    public Collection<? extends LocalReplica> replicas() {
        if (followed.isEmpty()) return led.values();
        List<LocalReplica> all = new ArrayList<>(led.size() + followed.size());
        all.addAll(led.values());
        all.addAll(followed.values());
        return all;
    }

    /** How many those are. */
    public int replicaCount() {
        return led.size() + followed.size();
    }

    /** The order of batches on their way to these partitions. */
    public AppendOrder appendOrder() {
        return appendOrder;
    }

    /** What has consumers read old batches of these partitions. */
    public OldFormats oldFormats() {
        return oldFormats;
    }

    /** The directory of a log failed while something else than this was reading it. */
    void diskFailed(LogDirectoryFailed failure) {
        diskFailed.accept(failure);
    }

    /** Bytes appended by produce requests since the start, for metrics. */
    public long appendedBytes() {
        return appendedBytes;
    }

    /** Batches appended by produce requests since the start, for metrics. */
    public long appendedBatches() {
        return appendedBatches;
    }

    /**
     * Reports damage that was met in a log, once for each place; the rest of the log goes on.
     *
     * @return what whoever asked for it is told
     */
    public ErrorCode damaged(TopicPartition name, CorruptLog damage) {
        if (reported.size() < MOST_REPORTED && reported.add(String.valueOf(damage.getMessage())))
            LOG.log(System.Logger.Level.ERROR, name + " is damaged: " + damage.getMessage());
        return ErrorCode.CORRUPT_MESSAGE;
    }

    /** Counts a produce for metrics, and lets go of files if that opened one too many. */
    public void countAppend(int bytes) {
        appendedBytes += bytes;
        appendedBatches++;
        openFiles.sweepIfTooMany();
    }

    /** Runs {@code watcher} each time the partition's committed part grows, and when it is lost. */
    public void watch(TopicPartition name, Runnable watcher) {
        LeaderPartition partition = led.get(name);
        FollowerPartition follower = partition == null ? followed.get(name) : null;
        if (partition != null) partition.watch(watcher);
        if (follower != null) follower.watch(watcher);
    }

    /** Ends {@link #watch}. */
    public void unwatch(TopicPartition name, Runnable watcher) {
        LeaderPartition partition = led.get(name);
        FollowerPartition follower = partition == null ? followed.get(name) : null;
        if (partition != null) partition.unwatch(watcher);
        if (follower != null) follower.unwatch(watcher);
    }

    /** Runs {@code watcher} each time the log grows, and when the partition is lost or led in another epoch. */
    public void watchEnd(TopicPartition name, Runnable watcher) {
        LeaderPartition partition = led.get(name);
        if (partition != null) partition.watchEnd(watcher);
    }

    /** Ends {@link #watchEnd}. */
    public void unwatchEnd(TopicPartition name, Runnable watcher) {
        LeaderPartition partition = led.get(name);
        if (partition != null) partition.unwatchEnd(watcher);
    }

    /**
     * Checks the epoch a client believes in (KIP-320).
     *
     * @param believed the client's epoch, -1 for no opinion
     */
    public static ErrorCode checkLeaderEpoch(int believed, int leaderEpoch) {
        if (believed < 0 || believed == leaderEpoch) return ErrorCode.NONE;
        return believed < leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
    }

    /**
     * Reads for a consumer: up to the high watermark, or the last stable offset.
     *
     * @param mayReadAtFollowers whether a replica that follows will do (KIP-392): it has what its leader said is committed
     * @param bytesLeft what the whole fetch may still take, from 0
     * @param atLeastOneBatch whether the first batch is wanted even if it is larger than the limits (KIP-74)
     */
    public PartitionRead read(PartitionRead read, boolean mayReadAtFollowers, int bytesLeft, boolean atLeastOneBatch) {
        openFiles.sweepIfTooMany();
        LocalReplica partition = led.get(read.topicPartition());
        boolean isLed = partition != null;
        if (partition == null && mayReadAtFollowers) partition = followed.get(read.topicPartition());
        if (partition == null) return read.refused(whyNotLed(read.topicPartition()));
        PartitionRead.Wanted wanted = read.wanted();
        ErrorCode epochError = checkLeaderEpoch(wanted.currentLeaderEpoch(), partition.leaderEpoch());
        if (epochError != ErrorCode.NONE) return read.refused(epochError);
        PartitionLog log = partition.log();
        // What a follower lacks its leader may have: a reader that was told of no such offset would begin anew.
        if (!isLed && wanted.fetchOffset() > log.logEndOffset()) return read.refused(ErrorCode.OFFSET_NOT_AVAILABLE);
        long lastStableOffset = Math.min(log.lastStableOffset(), partition.highWatermark());
        long untilOffset = wanted.readCommitted() ? lastStableOffset : partition.highWatermark();
        int maxBytes = Math.min(wanted.maxBytes(), bytesLeft);
        try {
            if (wanted.lastFetchedEpoch() >= 0) {
                Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(wanted.lastFetchedEpoch());
                if (end.isEmpty()) return read.refused(ErrorCode.OFFSET_OUT_OF_RANGE);
                boolean diverges = end.get().leaderEpoch() < wanted.lastFetchedEpoch()
                        || end.get().offset() < wanted.fetchOffset();
                if (diverges)
                    return read.diverging(
                            partition.leaderEpoch(),
                            partition.highWatermark(),
                            lastStableOffset,
                            log.logStartOffset(),
                            end.get());
            }
            return switch (log.read(wanted.fetchOffset(), maxBytes, atLeastOneBatch, untilOffset)) {
                case ReadOutcome.OutOfRange ignored -> {
                    PartitionRead refused = read.refused(ErrorCode.OFFSET_OUT_OF_RANGE);
                    yield refused;
                }
                case ReadOutcome.Slice slice ->
                    read.found(
                            slice.records(),
                            partition.leaderEpoch(),
                            partition.highWatermark(),
                            lastStableOffset,
                            log.logStartOffset(),
                            wanted.readCommitted() ? aborted(log, slice) : List.of());
            };
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return read.refused(ErrorCode.KAFKA_STORAGE_ERROR);
        } catch (CorruptLog damage) {
            return read.refused(damaged(read.topicPartition(), damage));
        }
    }

    /**
     * Reads for a follower: up to the log end.
     *
     * @param read says what the follower has
     * @param isFirstLook whether the request is new, and counts as an acknowledgement of what the follower has
     * @param bytesLeft as for {@link #read}
     * @param atLeastOneBatch as for {@link #read}
     * @param isThrottleOpen whether followers that keep to the replication throttle may have records
     */
    public PartitionRead readForFollower(
            PartitionRead read, boolean isFirstLook, int bytesLeft, boolean atLeastOneBatch, boolean isThrottleOpen) {
        openFiles.sweepIfTooMany();
        FollowerFetch fetch = read.wanted().follower();
        if (fetch == null) throw new IllegalArgumentException("a client reads " + read.topicPartition());
        LeaderPartition partition = led.get(read.topicPartition());
        if (partition == null) return read.refused(whyNotLed(read.topicPartition()));
        PartitionLog log = partition.log();
        try {
            FetchVerdict verdict = isFirstLook ? partition.fetched(fetch) : again(partition, fetch);
            return switch (verdict) {
                case FetchVerdict.Refused(ErrorCode error) -> read.refused(error);
                case FetchVerdict.Diverges(OffsetAndEpoch end) ->
                    read.diverging(
                            partition.leaderEpoch(),
                            partition.highWatermark(),
                            log.lastStableOffset(),
                            log.logStartOffset(),
                            end);
                case FetchVerdict.Agrees ignored -> {
                    int maxBytes = Math.min(read.wanted().maxBytes(), bytesLeft);
                    if (!partition.isThrottled(fetch.brokerId()))
                        yield toFollower(partition, read, maxBytes, atLeastOneBatch);
                    PartitionRead throttled = isThrottleOpen
                            ? toFollower(partition, read, maxBytes, atLeastOneBatch)
                            : found(partition, read, FileRecords.EMPTY);
                    yield throttled.throttled(!isThrottleOpen);
                }
            };
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return read.refused(ErrorCode.KAFKA_STORAGE_ERROR);
        } catch (CorruptLog damage) {
            return read.refused(damaged(read.topicPartition(), damage));
        }
    }

    /** A request that has waited says nothing new, and may be of a leadership that has ended meanwhile. */
    private static FetchVerdict again(LeaderPartition partition, FollowerFetch fetch) {
        ErrorCode error = partition.refusal(fetch.leaderEpoch());
        return error == ErrorCode.NONE ? new FetchVerdict.Agrees() : new FetchVerdict.Refused(error);
    }

    /**
     * Has a partition rest of which a follower has everything, and is told everything by what was read.
     *
     * @return whether it rests, which {@code read} says then, too
     */
    public boolean rest(PartitionRead read) {
        FollowerRest rest = read.rest();
        if (rest == null || read.isUrgent()) return false;
        LeaderPartition partition = led.get(read.topicPartition());
        if (partition == null || !isUpToDate(read, partition) || !partition.rest(rest)) return false;
        read.rests();
        return true;
    }

    private static boolean isUpToDate(PartitionRead read, LeaderPartition partition) {
        return read.wanted().fetchOffset() == partition.log().logEndOffset()
                && read.leaderEpoch() == partition.leaderEpoch()
                && read.highWatermark() == partition.highWatermark()
                && read.logStartOffset() == partition.log().logStartOffset();
    }

    private static PartitionRead toFollower(
            LeaderPartition partition, PartitionRead read, int maxBytes, boolean atLeastOneBatch) {
        PartitionLog log = partition.log();
        return switch (log.read(read.wanted().fetchOffset(), maxBytes, atLeastOneBatch, log.logEndOffset())) {
            case ReadOutcome.OutOfRange ignored -> {
                PartitionRead refused = read.refused(ErrorCode.OFFSET_OUT_OF_RANGE);
                yield refused;
            }
            case ReadOutcome.Slice slice -> found(partition, read, slice.records());
        };
    }

    private static PartitionRead found(LeaderPartition partition, PartitionRead read, FileRecords records) {
        return read.found(
                records,
                partition.leaderEpoch(),
                partition.highWatermark(),
                partition.log().lastStableOffset(),
                partition.log().logStartOffset(),
                List.of());
    }

    private static List<FetchResponse.AbortedTransaction> aborted(PartitionLog log, ReadOutcome.Slice slice) {
        List<FetchResponse.AbortedTransaction> aborted = new ArrayList<>();
        for (var transaction : log.abortedTransactions(slice))
            aborted.add(FetchResponse.AbortedTransaction.builder()
                    .producerId(transaction.producerId())
                    .firstOffset(transaction.firstOffset())
                    .build());
        return aborted;
    }
}
