package io.millrace.server.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LocalReplica;
import io.millrace.server.partitions.BrokerLane;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the checkpoint files are to say of one lane's logs, by log directory.
 *
 * @param recoveryPoints everything below was forced
 * @param logStartOffsets where that is not the beginning of the log
 * @param highWatermarks everything below was committed
 * @param topicIds of which topics all of these are
 * @param unopened logs that are not open, of which the files go on saying what they said: without its recovery point a
 *     damaged log would be cut at the damage by the next start
 */
public record LaneOffsets(
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> recoveryPoints,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> logStartOffsets,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> highWatermarks,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Uuid>> topicIds,
        IdentityHashMap<LogDirectories.InUse, Set<TopicPartition>> unopened) {
    /** Reads it off the lane's logs; called on the lane. */
    public static LaneOffsets of(BrokerLane lane) {
        LaneOffsets offsets = new LaneOffsets(
                new IdentityHashMap<>(),
                new IdentityHashMap<>(),
                new IdentityHashMap<>(),
                new IdentityHashMap<>(),
                new IdentityHashMap<>());
        lane.applier()
                .unopened()
                .forEach((name, directory) -> offsets.unopened
                        .computeIfAbsent(directory, d -> new TreeSet<>())
                        .add(name));
        lane.applier().places().forEach((name, directory) -> {
            LocalReplica partition = lane.applier().replica(name);
            if (partition == null) {
                lane.applier().closed(name).ifPresent(closed -> {
                    put(offsets.topicIds, directory, name, closed.topicId());
                    put(offsets.recoveryPoints, directory, name, closed.recoveryPoint());
                    put(offsets.logStartOffsets, directory, name, closed.logStartOffset());
                    put(offsets.highWatermarks, directory, name, closed.highWatermark());
                });
                return;
            }
            partition.log().topicId().ifPresent(id -> put(offsets.topicIds, directory, name, id));
            put(offsets.recoveryPoints, directory, name, partition.log().recoveryPoint());
            put(offsets.highWatermarks, directory, name, partition.highWatermark());
            if (partition.log().logStartOffset() > 0)
                put(offsets.logStartOffsets, directory, name, partition.log().logStartOffset());
        });
        return offsets;
    }

    private static <T> void put(
            IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, T>> into,
            LogDirectories.InUse directory,
            TopicPartition name,
            T value) {
        into.computeIfAbsent(directory, d -> new TreeMap<>()).put(name, value);
    }
}
