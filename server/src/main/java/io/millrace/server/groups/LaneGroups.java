package io.millrace.server.groups;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.coordinators.group.GroupLimits;
import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.storage.LogDirectoryFailed;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The group shards of one lane, by partition of {@code __consumer_offsets}. Touched only on that lane. */
public final class LaneGroups {
    /** The topic that groups and their offsets are kept in. */
    public static final String TOPIC = "__consumer_offsets";

    private final Lane lane;
    private final Clock clock;
    private final Randomness randomness;
    private final ShardLimits shardLimits;
    private final GroupLimits groupLimits;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final TreeMap<Integer, GroupShard> shards = new TreeMap<>();
    private final GroupShard nobody;

    /** Makes an empty set. */
    public LaneGroups(
            Lane lane,
            Clock clock,
            Randomness randomness,
            ShardLimits shardLimits,
            GroupLimits groupLimits,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.lane = lane;
        this.clock = clock;
        this.randomness = randomness;
        this.shardLimits = shardLimits;
        this.groupLimits = groupLimits;
        this.diskFailed = diskFailed;
        this.nobody = newShard("nobody's");
    }

    private GroupShard newShard(String name) {
        return new GroupShard(name, lane, clock, randomness, shardLimits, groupLimits);
    }

    /** The shard of a partition; one that refuses everything as NOT_COORDINATOR if the partition is not led here. */
    public GroupShard shard(int partition) {
        return shards.getOrDefault(partition, nobody);
    }

    /** The shards led here, in the order of their partitions. */
    public Collection<GroupShard> all() {
        return shards.values();
    }

    /** The partition is led here from now on. */
    public void lead(LeaderPartition partition) {
        int index = partition.name().partition();
        GroupShard shard =
                shards.computeIfAbsent(index, i -> newShard(partition.name().toString()));
        partition.follow(grown -> shard.onHighWatermark(grown.highWatermark()));
        shard.becomeLeader(new PartitionShardLog(partition, diskFailed), new PartitionShardLoader(partition, lane));
    }

    /** The partition is no longer led here. */
    public void resign(int partition) {
        GroupShard shard = shards.remove(partition);
        if (shard != null) shard.resign();
    }

    /** Topics are gone: their committed offsets go too. */
    public void topicsDeleted(List<DeletedTopic> topics) {
        for (GroupShard shard : shards.values()) shard.topicsDeleted(topics);
    }
}
