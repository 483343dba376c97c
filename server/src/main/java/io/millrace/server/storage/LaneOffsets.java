package io.millrace.server.storage;

import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.BrokerLane;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the checkpoint files are to say of one lane's logs, by log directory.
 *
 * @param recoveryPoints everything below was forced
 * @param logStartOffsets where that is not the beginning of the log
 * @param highWatermarks everything below was committed
 * @param topicIds of which topics all of these are
 */
public record LaneOffsets(
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> recoveryPoints,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> logStartOffsets,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> highWatermarks,
        IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Uuid>> topicIds) {
    /** Reads it off the lane's logs; called on the lane. */
    public static LaneOffsets of(BrokerLane lane) {
        LaneOffsets offsets = new LaneOffsets(
                new IdentityHashMap<>(), new IdentityHashMap<>(), new IdentityHashMap<>(), new IdentityHashMap<>());
        lane.applier().places().forEach((name, directory) -> {
            LeaderPartition partition = lane.partitions().find(name);
            if (partition == null) return;
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
