package io.millrace.server.storage;

import io.millrace.environment.Lane;
import io.millrace.protocol.Uuid;
import io.millrace.raft.run.ForcedUpTo;
import io.millrace.records.TopicPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.storage.CheckpointTopicIds;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.OffsetCheckpoint;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the checkpoint files of all log directories from what the lanes say of their logs, every so often and at the end. A file
 * that would say what it says already is not written again, so an idle node writes nothing.
 */
public final class Checkpoints {
    private static final System.Logger LOG = System.getLogger(Checkpoints.class.getName());
    private static final TopicPartition METADATA_PARTITION = new TopicPartition("__cluster_metadata", 0);

    private final LogDirectories directories;
    private final List<BrokerLane> lanes;
    private final Lane home;
    private final Supplier<ForcedUpTo> metadataRecoveryPoint;
    private final long intervalMs;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final IdentityHashMap<OffsetCheckpoint, Map<TopicPartition, Long>> written = new IdentityHashMap<>();
    private final IdentityHashMap<CheckpointTopicIds, Map<TopicPartition, Uuid>> writtenIds = new IdentityHashMap<>();
    private boolean isStopped;
    private boolean isWriting;
    private boolean isInRound;
    private Lane.@Nullable Timer nextRound;
    private @Nullable Runnable afterWriting;
    private List<Runnable> unwritten = new ArrayList<>();

    /**
     * Makes the writer.
     *
     * @param home where the timer runs
     * @param metadataRecoveryPoint up to where the metadata log is forced; asked on {@code home}
     * @param intervalMs {@code log.flush.offset.checkpoint.interval.ms}
     */
    public Checkpoints(
            LogDirectories directories,
            List<BrokerLane> lanes,
            Lane home,
            Supplier<ForcedUpTo> metadataRecoveryPoint,
            long intervalMs,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.directories = directories;
        this.lanes = List.copyOf(lanes);
        this.home = home;
        this.metadataRecoveryPoint = metadataRecoveryPoint;
        this.intervalMs = intervalMs;
        this.diskFailed = diskFailed;
    }

    /** Begins; called on {@code home}. */
    public void start() {
        nextRound = home.schedule(intervalMs, this::round);
    }

    /**
     * Has the high watermarks of partitions with other replicas written more often than the rest; called on {@code home}, once.
     *
     * @param everyMs {@code replica.high.watermark.checkpoint.interval.ms}
     */
    public void startHighWatermarks(long everyMs) {
        home.schedule(everyMs, () -> highWatermarkRound(everyMs));
    }

    private void highWatermarkRound(long everyMs) {
        if (isStopped) return;
        home.schedule(everyMs, () -> highWatermarkRound(everyMs));
        if (isInRound || isWriting) return;
        isInRound = true;
        List<LaneHighWatermarks> collected = new ArrayList<>();
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> {
                LaneHighWatermarks found = LaneHighWatermarks.of(lane);
                home.execute(() -> {
                    collected.add(found);
                    if (collected.size() == lanes.size()) writeHighWatermarks(collected);
                });
            });
    }

    private void writeHighWatermarks(List<LaneHighWatermarks> collected) {
        if (isStopped) return;
        isWriting = true;
        home.offload(
                () -> {
                    List<LogDirectoryFailed> failures = new ArrayList<>();
                    for (LogDirectories.InUse directory : directories.online()) {
                        try {
                            writeHighWatermarks(directory, collected);
                        } catch (LogDirectoryFailed failed) {
                            failures.add(failed);
                        }
                    }
                    return failures;
                },
                outcome -> {
                    isWriting = false;
                    isInRound = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<List<LogDirectoryFailed>>(List<LogDirectoryFailed> failures) ->
                            failures.forEach(diskFailed);
                        case Lane.Outcome.Failed<List<LogDirectoryFailed>>(Exception cause) ->
                            LOG.log(System.Logger.Level.ERROR, "the high watermarks could not be written", cause);
                    }
                    if (afterWriting != null) afterWriting.run();
                    if (!unwritten.isEmpty()) soon();
                });
    }

    private void writeHighWatermarks(LogDirectories.InUse directory, List<LaneHighWatermarks> collected) {
        OffsetCheckpoint file = directory.directory().highWatermarks();
        Map<TopicPartition, Long> offsets = new TreeMap<>(offsetsWritten(file));
        for (LaneHighWatermarks lane : collected) offsets.putAll(lane.offsets().getOrDefault(directory, Map.of()));
        writeIfNew(file, offsets);
    }

    /** Has the next round begin now, unless one is under way: much was forced that a restart need not scan. */
    public void soon() {
        if (isStopped || isInRound || nextRound == null) return;
        nextRound.cancel();
        round();
    }

    /**
     * Has the files say what holds now, in a round of its own if one is under way.
     *
     * @param then run on {@code home} once they do, save those in a directory that fails; not at all once the writer is stopped
     */
    public void writeNow(Runnable then) {
        unwritten.add(then);
        soon();
    }

    /** Ends; what is being written is finished. */
    public void stop() {
        isStopped = true;
    }

    /** After {@link #stop}: runs {@code then} once nothing is being written any more, so that the last write is alone. */
    public void whenIdle(Runnable then) {
        if (isWriting) afterWriting = then;
        else then.run();
    }

    private void round() {
        if (isStopped) return;
        isInRound = true;
        List<Runnable> waiting = unwritten;
        unwritten = new ArrayList<>();
        List<LaneOffsets> collected = new ArrayList<>();
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> {
                LaneOffsets offsets = LaneOffsets.of(lane);
                home.execute(() -> {
                    collected.add(offsets);
                    if (collected.size() == lanes.size()) writeOffLane(collected, waiting);
                });
            });
    }

    private void writeOffLane(List<LaneOffsets> collected, List<Runnable> waiting) {
        if (isStopped) return;
        ForcedUpTo metadataIsForcedTo = metadataRecoveryPoint.get();
        isWriting = true;
        home.offload(
                () -> {
                    return write(collected, metadataIsForcedTo);
                },
                outcome -> {
                    isWriting = false;
                    isInRound = false;
                    switch (outcome) {
                        case Lane.Outcome.Done<List<LogDirectoryFailed>>(List<LogDirectoryFailed> failures) -> {
                            failures.forEach(diskFailed);
                            for (Runnable then : waiting) then.run();
                        }
                        case Lane.Outcome.Failed<List<LogDirectoryFailed>>(Exception cause) -> {
                            LOG.log(System.Logger.Level.ERROR, "the checkpoints could not be written", cause);
                            unwritten.addAll(waiting);
                        }
                    }
                    if (afterWriting != null) afterWriting.run();
                    if (isStopped) return;
                    boolean isAskedFor = !unwritten.isEmpty() && outcome instanceof Lane.Outcome.Done;
                    nextRound = home.schedule(isAskedFor ? 0 : intervalMs, this::round);
                });
    }

    /**
     * Writes the files of every directory that can be used. Blocks; one call at a time.
     *
     * @return the failures, at most one of each directory; they do not keep the other directories from theirs
     */
    public List<LogDirectoryFailed> write(List<LaneOffsets> collected, ForcedUpTo metadataIsForcedTo) {
        List<LogDirectoryFailed> failures = new ArrayList<>();
        for (LogDirectories.InUse directory : directories.online()) {
            try {
                write(directory, collected, metadataIsForcedTo);
            } catch (LogDirectoryFailed failed) {
                failures.add(failed);
            }
        }
        return failures;
    }

    private void write(LogDirectories.InUse directory, List<LaneOffsets> collected, ForcedUpTo metadataIsForcedTo) {
        Map<TopicPartition, Long> recoveryPoints = new TreeMap<>();
        Map<TopicPartition, Long> logStartOffsets = new TreeMap<>();
        Map<TopicPartition, Long> highWatermarks = new TreeMap<>();
        Map<TopicPartition, Uuid> topicIds = new TreeMap<>();
        for (LaneOffsets offsets : collected) {
            recoveryPoints.putAll(offsets.recoveryPoints().getOrDefault(directory, Map.of()));
            logStartOffsets.putAll(offsets.logStartOffsets().getOrDefault(directory, Map.of()));
            highWatermarks.putAll(offsets.highWatermarks().getOrDefault(directory, Map.of()));
            topicIds.putAll(offsets.topicIds().getOrDefault(directory, Map.of()));
        }
        CheckpointTopicIds ids = directory.directory().checkpointTopicIds();
        for (LaneOffsets offsets : collected) {
            Set<TopicPartition> unopened = offsets.unopened().getOrDefault(directory, Set.of());
            keep(unopened, offsetsWritten(directory.directory().recoveryPoints()), recoveryPoints);
            keep(unopened, offsetsWritten(directory.directory().logStartOffsets()), logStartOffsets);
            keep(unopened, offsetsWritten(directory.directory().highWatermarks()), highWatermarks);
            keep(unopened, topicIdsWritten(ids), topicIds);
        }
        leaveOutOthers(ids, topicIds);
        OffsetCheckpoint recoveryPointFile = directory.directory().recoveryPoints();
        if (directory.hasMetadataLog())
            metadataIsForcedTo.write(offset -> {
                recoveryPoints.put(METADATA_PARTITION, offset);
                writeIfNew(recoveryPointFile, recoveryPoints);
            });
        else writeIfNew(recoveryPointFile, recoveryPoints);
        writeIfNew(directory.directory().logStartOffsets(), logStartOffsets);
        writeIfNew(directory.directory().highWatermarks(), highWatermarks);
        if (!topicIds.equals(topicIdsWritten(ids))) {
            ids.write(topicIds);
            writtenIds.put(ids, topicIds);
        }
    }

    /**
     * Takes out those that are about to be overwritten with offsets of another topic, so that whatever moment the process ends
     * at, an offset that is found beside its topic's id is that topic's.
     */
    private void leaveOutOthers(CheckpointTopicIds file, Map<TopicPartition, Uuid> topicIds) {
        Map<TopicPartition, Uuid> before = topicIdsWritten(file);
        Map<TopicPartition, Uuid> same = new TreeMap<>(before);
        same.entrySet().removeIf(one -> !one.getValue().equals(topicIds.get(one.getKey())));
        if (same.equals(before)) return;
        file.write(same);
        writtenIds.put(file, same);
    }

    private Map<TopicPartition, Uuid> topicIdsWritten(CheckpointTopicIds file) {
        return writtenIds.computeIfAbsent(file, f -> f.read().orElse(Map.of()));
    }

    private static <T> void keep(Set<TopicPartition> names, Map<TopicPartition, T> before, Map<TopicPartition, T> now) {
        for (TopicPartition name : names) {
            T value = before.get(name);
            if (value != null) now.putIfAbsent(name, value);
        }
    }

    private Map<TopicPartition, Long> offsetsWritten(OffsetCheckpoint file) {
        return written.computeIfAbsent(file, OffsetCheckpoint::read);
    }

    private void writeIfNew(OffsetCheckpoint file, Map<TopicPartition, Long> offsets) {
        if (offsets.equals(written.get(file))) return;
        file.write(offsets);
        written.put(file, offsets);
    }
}
