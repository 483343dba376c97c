package io.millrace.server.partitions;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import io.millrace.replication.ReplicationQuota;
import io.millrace.replication.run.Forces;
import io.millrace.server.groups.LaneGroups;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the broker keeps on one lane: its share of the partitions, and the newest image it was sent. Touched only on that
 * lane, save {@link #run}, {@link #ownerOf} and what never changes.
 */
public final class BrokerLane {
    private final int index;
    private final Lane lane;
    private final Clock clock;
    private final LanePartitions partitions;
    private final LaneGroups groups;
    private final Forces forces;
    private List<BrokerLane> all = List.of();
    private MetadataImage image;
    private EffectiveConfigs configs;
    private short kraftVersion;
    private ReplicationThrottle leaderThrottle;
    private ReplicationThrottle followerThrottle;
    private @Nullable LaneApplier applier;

    /** Makes the lane's keep; {@link #join} has to follow before it is used. */
    public BrokerLane(
            int index,
            Lane lane,
            Clock clock,
            LanePartitions partitions,
            LaneGroups groups,
            MetadataImage image,
            EffectiveConfigs configs) {
        this.index = index;
        this.lane = lane;
        this.clock = clock;
        this.partitions = partitions;
        this.groups = groups;
        this.forces = new Forces(lane);
        partitions.tell(groups);
        this.image = image;
        this.configs = configs;
        ReplicationQuota quota = ReplicationQuota.of(
                configs.brokerInt("replication.quota.window.num"),
                configs.brokerInt("replication.quota.window.size.seconds") * 1000L);
        this.leaderThrottle = ReplicationThrottle.of(quota, clock);
        this.followerThrottle = ReplicationThrottle.of(quota, clock);
    }

    /** Introduces the lanes of the broker to each other, once, before any of them works. */
    public static void join(List<BrokerLane> lanes) {
        for (BrokerLane lane : lanes) {
            lane.all = List.copyOf(lanes);
            lane.leaderThrottle = lanes.get(0).leaderThrottle.on(lane.clock);
            lane.followerThrottle = lanes.get(0).followerThrottle.on(lane.clock);
        }
    }

    /** What followers that catch up are sent from here, of replicas that are throttled. */
    public ReplicationThrottle leaderThrottle() {
        return leaderThrottle;
    }

    /** What followers here fetch to catch up, of replicas that are throttled. */
    public ReplicationThrottle followerThrottle() {
        return followerThrottle;
    }

    /** Its number, from 0. */
    public int index() {
        return index;
    }

    /** The thread it stands for. */
    public Lane lane() {
        return lane;
    }

    /** The node's clock. */
    public Clock clock() {
        return clock;
    }

    /** Its share of the partitions. */
    public LanePartitions partitions() {
        return partitions;
    }

    /** Its share of the group coordinators. */
    public LaneGroups groups() {
        return groups;
    }

    /** The forces of its logs. */
    public Forces forces() {
        return forces;
    }

    /** Why a partition is not to be found among those led here, in the terms of an answer to a client. */
    public ErrorCode whyNotLed(TopicPartition partition) {
        TopicImage topic = image.topics().topic(partition.topic());
        boolean exists = topic != null && partition.partition() < topic.partitionCount();
        return exists ? partitions.whyNotLed(partition) : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }

    /** All lanes of the broker. */
    public List<BrokerLane> all() {
        return all;
    }

    /** What the cluster is known to be, as of the last image this lane was sent. */
    public MetadataImage image() {
        return image;
    }

    /** The values in force on this node, as of that image. */
    public EffectiveConfigs configs() {
        return configs;
    }

    /** Takes newer values. */
    void configs(EffectiveConfigs newer) {
        configs = newer;
    }

    /** The level of {@code kraft.version}, which the quorum keeps beside the image; 0 if it is off. */
    public short kraftVersion() {
        return kraftVersion;
    }

    /** Takes a newer level, with the image it came with. */
    public void kraftVersion(short newer) {
        kraftVersion = newer;
    }

    /** What keeps this lane's partitions as the image says. */
    public LaneApplier applier() {
        if (applier == null) throw new IllegalStateException("lane " + index + " has no applier yet");
        return applier;
    }

    /** Says so, once, before the lane works. */
    void applier(LaneApplier newApplier) {
        applier = newApplier;
    }

    /** Takes a newer image. */
    void image(MetadataImage newer) {
        image = newer;
    }

    /**
     * The lane that owns a partition: the partitions of a topic go round the lanes, beginning at one its name decides. Fixed
     * for the life of the process.
     */
    public BrokerLane ownerOf(TopicPartition partition) {
        return all.get(Math.floorMod(partition.topic().hashCode() + partition.partition(), all.size()));
    }

    /** Runs a task on this lane: at once if the caller is on it, else when its turn comes. */
    public void run(Runnable task) {
        if (lane.isCurrent()) task.run();
        else lane.execute(task);
    }
}
