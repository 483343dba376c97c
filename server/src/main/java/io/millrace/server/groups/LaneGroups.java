package io.millrace.server.groups;

import io.millrace.coordinators.group.DeletedTopic;
import io.millrace.coordinators.group.GroupLimits;
import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.Leaderships;
import io.millrace.storage.LogDirectoryFailed;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The group shards of one lane, by partition of {@code __consumer_offsets}. Touched only on that lane. */
public final class LaneGroups implements Leaderships {
    /** The topic that groups and their offsets are kept in. */
    public static final String TOPIC = "__consumer_offsets";

    /** Remembered of those that are gone; the offsets of earlier ones expire by themselves. */
    static final int MOST_GONE = 10_000;

    private final Lane lane;
    private final Clock clock;
    private final Randomness randomness;
    private final ShardLimits shardLimits;
    private final GroupLimits groupLimits;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final TreeMap<Integer, Led> shards = new TreeMap<>();
    private final GroupShard nobody;
    private final GroupShard opening;
    private Predicate<TopicPartition> isBeingOpened = name -> false;

    /** Topics that are gone, by name, the latest last: one may have gone while a shard was on its way from another broker to here. */
    private final LinkedHashMap<String, DeletedTopic> gone = new LinkedHashMap<>();

    /** A shard and the partition it is kept on, from the begin to the end of a leadership. */
    private final class Led {
        private final GroupShard shard;
        private final LeaderPartition partition;
        private int leaderEpoch;

        Led(LeaderPartition partition) {
            this.shard = newShard(partition.name().toString());
            this.partition = partition;
            this.leaderEpoch = partition.leaderEpoch();
        }

        void load() {
            shard.becomeLeader(
                    new PartitionShardLog(partition, diskFailed),
                    new PartitionShardLoader(partition, lane, diskFailed));
            if (!gone.isEmpty()) shard.topicsDeleted(List.copyOf(gone.values()));
        }

        void moved() {
            shard.onHighWatermark(partition.highWatermark());
            if (partition.leaderEpoch() == leaderEpoch) return;
            leaderEpoch = partition.leaderEpoch();
            // Who goes on leading has the log it had, and what was loaded from that is still so. What could not be
            // loaded may be now.
            if (!shard.isActive() && !shard.isLoading()) load();
        }
    }

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
        this.opening = newShard("not open");
        opening.awaitLog();
    }

    /** Asks {@code isBeingOpened} of a partition that is not led here whether it will be, once its log is open. */
    public void askWhatIsBeingOpened(Predicate<TopicPartition> isBeingOpened) {
        this.isBeingOpened = isBeingOpened;
    }

    private GroupShard newShard(String name) {
        return new GroupShard(name, lane, clock, randomness, shardLimits, groupLimits);
    }

    /**
     * The shard of a partition; one that refuses everything if the partition is not led here: as COORDINATOR_LOAD_IN_PROGRESS if it will be once its log is open,
     * otherwise as NOT_COORDINATOR. That is said, too, while another broker is likely to lead it: what is known here of commits and members may be of the past.
     */
    public GroupShard shard(int partition) {
        Led led = shards.get(partition);
        return led != null && led.partition.isDeserted() ? nobody : shardForHeartbeats(partition);
    }

    /** As {@link #shard}, also while another broker is likely to lead it: for heartbeats, which learn nothing from it. */
    public GroupShard shardForHeartbeats(int partition) {
        Led led = shards.get(partition);
        if (led != null) return led.shard;
        return isBeingOpened.test(new TopicPartition(TOPIC, partition)) ? opening : nobody;
    }

    /** The shards led here, in the order of their partitions. */
    public List<GroupShard> all() {
        return shards.values().stream().map(led -> led.shard).toList();
    }

    /** Loads the shard of a partition that is led here from now on. Of another topic's it takes no notice. */
    @Override
    public void led(LeaderPartition partition) {
        int index = partition.name().partition();
        if (!partition.name().topic().equals(TOPIC)) return;
        Led led = new Led(partition);
        shards.put(index, led);
        partition.follow(moved -> led.moved());
        led.load();
    }

    /** The shard of a partition that is not led here any more tells those who wait, and is forgotten. */
    @Override
    public void resigned(TopicPartition name) {
        if (!name.topic().equals(TOPIC)) return;
        Led led = shards.remove(name.partition());
        if (led != null) led.shard.resign();
    }

    /** Topics are gone: their committed offsets go too, also from shards that are led here later. */
    public void topicsDeleted(List<DeletedTopic> topics) {
        for (Led led : shards.values()) led.shard.topicsDeleted(topics);
        for (DeletedTopic topic : topics) {
            gone.remove(topic.name());
            gone.put(topic.name(), topic);
        }
        while (gone.size() > MOST_GONE) gone.pollFirstEntry();
    }

    /** A topic of that name exists: offsets that are committed from now on are its own. */
    public void topicExists(String name) {
        if (!gone.isEmpty()) gone.remove(name);
    }
}
