package io.millrace.server.partitions;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The followers of one lane: who follows whom, and what becomes of their logs. Touched only on that lane. */
public final class LaneFollowers implements FollowerPartition.Owner {
    private final BrokerLane lane;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final BiConsumer<FollowerPartition, CorruptLog> damaged;

    /** By follower; absent while nobody leads. */
    private final Map<FollowerPartition, Integer> leaders = new HashMap<>();

    /** What waits for a lowered recovery point to be written. */
    private final Set<Runnable> unwritten = new LinkedHashSet<>();

    private @Nullable LeaderFetches fetches;
    private @Nullable Consumer<Runnable> checkpoints;

    LaneFollowers(
            BrokerLane lane,
            Consumer<LogDirectoryFailed> diskFailed,
            BiConsumer<FollowerPartition, CorruptLog> damaged) {
        this.lane = lane;
        this.diskFailed = diskFailed;
        this.damaged = damaged;
    }

    /** Says how followers get what their leaders have, once, before the lane works. Without it they stay as they are. */
    public void fetchBy(LeaderFetches newFetches) {
        fetches = newFetches;
    }

    /**
     * Says how lowered recovery points come into the checkpoint files; until then followers that were cut wait.
     *
     * @param newCheckpoints has the files say what holds now, and then runs what it is given, on this lane
     */
    public void checkpointBy(Consumer<Runnable> newCheckpoints) {
        checkpoints = newCheckpoints;
        for (Runnable then : List.copyOf(unwritten)) newCheckpoints.accept(() -> written(then));
    }

    void brokersChanged(MetadataImage image) {
        if (fetches != null) fetches.brokersChanged(image);
    }

    void throttleChanged() {
        if (fetches != null) fetches.throttleChanged();
    }

    /** A log that is open follows from now on, throttled or not. */
    void follow(TopicPartition name, Uuid topicId, PartitionLog log, PartitionImage image, boolean isThrottled) {
        FollowerPartition partition = new FollowerPartition(
                name,
                log,
                image.leaderEpoch(),
                log.highWatermark(),
                Math.max(0, lane.configs().brokerInt("replica.fetch.backoff.ms")),
                lane.lane(),
                lane.clock(),
                lane.forces(),
                this);
        throttle(partition, isThrottled);
        lane.partitions().add(partition);
        fetchFrom(partition, topicId, image.leader());
    }

    private void throttle(FollowerPartition partition, boolean isThrottled) {
        partition.throttle(isThrottled, lane.configs().brokerLong("replica.lag.time.max.ms"));
    }

    /** The image of a partition that follows already may have changed, or whether it is throttled. */
    void goOn(FollowerPartition partition, Uuid topicId, PartitionImage image, boolean isThrottled) {
        throttle(partition, isThrottled);
        if (image.leaderEpoch() <= partition.leaderEpoch()) return;
        Integer before = leaders.get(partition);
        if (before != null && before != image.leader()) leave(partition);
        partition.followIn(image.leaderEpoch());
        fetchFrom(partition, topicId, image.leader());
    }

    private void fetchFrom(FollowerPartition partition, Uuid topicId, int leader) {
        if (leader == PartitionImage.NO_LEADER || fetches == null) return;
        leaders.put(partition, leader);
        fetches.follow(topicId, partition, leader);
    }

    void leave(FollowerPartition partition) {
        if (leaders.remove(partition) != null && fetches != null) fetches.leave(partition);
    }

    /** Nothing is fetched any more, and so no cut needs to be written down before the logs are closed. */
    void stop() {
        leaders.clear();
        if (fetches != null) fetches.close();
        fetches = null;
        for (Runnable then : List.copyOf(unwritten)) written(then);
    }

    /** How many partitions follow here. */
    public int count() {
        return lane.partitions().followed().size();
    }

    /** How many of them have no leader to fetch from. */
    public int leaderless() {
        return count() - leaders.size();
    }

    /** By how many offsets the one that is furthest behind was, when its leader answered last. */
    public long mostLag() {
        long most = 0;
        for (FollowerPartition partition : lane.partitions().followed()) most = Math.max(most, partition.lag());
        return most;
    }

    /** Bytes of their logs. */
    public long sizeBytes() {
        long bytes = 0;
        for (FollowerPartition partition : lane.partitions().followed())
            bytes += partition.log().sizeBytes();
        return bytes;
    }

    @Override
    public void diskFailed(LogDirectoryFailed failure) {
        diskFailed.accept(failure);
    }

    @Override
    public void damaged(FollowerPartition partition, CorruptLog damage) {
        damaged.accept(partition, damage);
    }

    @Override
    public void cutting(FollowerPartition partition) {
        lane.applier().moves().cut(partition.name());
    }

    @Override
    public void recoveryPointLowered(FollowerPartition partition, Runnable then) {
        unwritten.add(then);
        if (checkpoints != null) checkpoints.accept(() -> written(then));
    }

    private void written(Runnable then) {
        if (unwritten.remove(then)) then.run();
    }
}
