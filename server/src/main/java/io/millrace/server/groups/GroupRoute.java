package io.millrace.server.groups;

import io.millrace.coordinators.group.GroupPartitioner;
import io.millrace.coordinators.group.GroupRequestContext;
import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.records.TopicPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.partitions.BrokerLane;
import java.util.function.Consumer;

/** Finds the way to a group's shard from one lane: its partition, and the lane that owns it. */
public final class GroupRoute {
    private final BrokerLane home;
    private final int configuredPartitions;

    /**
     * Makes the routes from one lane.
     *
     * @param configuredPartitions {@code offsets.topic.num.partitions}, which counts until the topic exists
     */
    public GroupRoute(BrokerLane home, int configuredPartitions) {
        this.home = home;
        this.configuredPartitions = configuredPartitions;
    }

    /** How many partitions groups are spread over. */
    public int partitionCount() {
        var topic = home.image().topics().topic(LaneGroups.TOPIC);
        return topic == null ? configuredPartitions : topic.partitionCount();
    }

    /** The partition a group lives on. */
    public int partitionOf(String groupId) {
        return GroupPartitioner.partitionOf(groupId, partitionCount());
    }

    /** Goes to the shard of a group, on the shard's lane. */
    public void to(String groupId, Consumer<GroupShard> task) {
        toPartition(partitionOf(groupId), task);
    }

    /** Goes to the shard of a group, on the shard's lane, for a heartbeat. */
    public void toForHeartbeat(String groupId, Consumer<GroupShard> task) {
        int partition = partitionOf(groupId);
        BrokerLane owner = ownerOf(partition);
        owner.run(() -> task.accept(owner.groups().shardForHeartbeats(partition)));
    }

    /** Goes to the shard of a partition, on the shard's lane. */
    public void toPartition(int partition, Consumer<GroupShard> task) {
        BrokerLane owner = ownerOf(partition);
        owner.run(() -> task.accept(owner.groups().shard(partition)));
    }

    private BrokerLane ownerOf(int partition) {
        return home.ownerOf(new TopicPartition(LaneGroups.TOPIC, partition));
    }

    /** What a shard needs to know of a request beside its body. */
    public static GroupRequestContext contextOf(Exchange<?> exchange) {
        return new GroupRequestContext(
                exchange.version(),
                exchange.clientId(),
                "/" + exchange.clientAddress().getAddress().getHostAddress());
    }
}
