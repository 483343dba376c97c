package io.millrace.server.storage;

import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.BrokerLane;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The high watermarks of one lane's partitions that have other replicas, by log directory. They are checkpointed more often than the rest: a leader
 * does not know more than that after a crash until its followers have fetched.
 */
record LaneHighWatermarks(IdentityHashMap<LogDirectories.InUse, Map<TopicPartition, Long>> offsets) {
    /** Reads them off the lane's partitions; called on the lane. */
    static LaneHighWatermarks of(BrokerLane lane) {
        LaneHighWatermarks found = new LaneHighWatermarks(new IdentityHashMap<>());
        for (LeaderPartition partition : lane.partitions().all())
            if (partition.hasFollowers()) found.add(lane, partition.name(), partition.highWatermark());
        for (FollowerPartition partition : lane.partitions().followed())
            found.add(lane, partition.name(), partition.highWatermark());
        return found;
    }

    private void add(BrokerLane lane, TopicPartition name, long highWatermark) {
        lane.applier()
                .placeOf(name)
                .ifPresent(directory ->
                        offsets.computeIfAbsent(directory, d -> new HashMap<>()).put(name, highWatermark));
    }
}
