package io.millrace.server.partitions;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.PartitionLog;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The log directory that each log of one lane lies in, and where those ended that are closed. Touched only on the lane. */
final class LogPlaces {
    private final BrokerLane lane;
    private final int brokerId;
    private final LogDirectories directories;
    private final Map<TopicPartition, Placement> placements = new HashMap<>();
    private final Map<TopicPartition, ClosedLog> closed = new HashMap<>();

    /** @param topicId whose log it is */
    record Placement(LogDirectories.InUse directory, Uuid topicId) {}

    LogPlaces(BrokerLane lane, int brokerId, LogDirectories directories) {
        this.lane = lane;
        this.brokerId = brokerId;
        this.directories = directories;
    }

    /** Where a log lies, or null if it has no place. */
    @Nullable
    Placement of(TopicPartition name) {
        return placements.get(name);
    }

    void forEach(BiConsumer<TopicPartition, Placement> action) {
        placements.forEach(action);
    }

    void put(TopicPartition name, Placement placement) {
        putCounted(name, placement, 0);
    }

    /** @param counted for how many partitions it counts in its directory already */
    void putCounted(TopicPartition name, Placement placement, int counted) {
        lane.partitions().online(name);
        int wanted = placements.put(name, placement) == null ? 1 : 0;
        if (wanted != counted) directories.placement().countPartitions(placement.directory(), wanted - counted);
        TopicImage topic = lane.image().topics().topic(name.topic());
        PartitionImage image = topic == null ? null : topic.partition(name.partition());
        if (topic == null || image == null || !topic.id().equals(placement.topicId())) return;
        if (!image.directoryOf(brokerId).equals(placement.directory().id()))
            directories.placement().tellPlaced(topic.id(), name.partition(), placement.directory());
    }

    /** A log has come to lie in another directory. */
    void moved(TopicPartition name, LogDirectories.InUse to) {
        Placement before = placements.remove(name);
        if (before == null) throw new IllegalStateException(name + " has no place");
        directories.placement().countPartitions(before.directory(), -1);
        put(name, new Placement(to, before.topicId()));
    }

    /** A log is no more; where it was, or null if it had no place. */
    @Nullable
    Placement remove(TopicPartition name) {
        closed.remove(name);
        Placement before = placements.remove(name);
        if (before != null) directories.placement().countPartitions(before.directory(), -1);
        return before;
    }

    /** A log that could not be opened is not looked for any more. */
    void forget(TopicPartition name) {
        placements.remove(name);
    }

    /** What is left of a log in a failed directory is set aside when that comes back, at a later start. */
    void forgetOffline(TopicPartition name, Uuid topicId) {
        Placement placement = placements.get(name);
        if (placement == null || !placement.topicId().equals(topicId) || !directories.isOffline(placement.directory()))
            return;
        placements.remove(name);
        directories.placement().countPartitions(placement.directory(), -1);
    }

    /** A log was closed in order. */
    void closed(TopicPartition name, PartitionLog log, Uuid topicId) {
        closed.put(name, new ClosedLog(log.recoveryPoint(), log.logStartOffset(), log.highWatermark(), topicId));
    }

    /** It is open. */
    void opened(TopicPartition name) {
        closed.remove(name);
    }

    /** Where a log ended that was closed since, or null. */
    @Nullable
    ClosedLog closedAt(TopicPartition name) {
        return closed.get(name);
    }

    /** The directory of each. */
    Map<TopicPartition, LogDirectories.InUse> all() {
        Map<TopicPartition, LogDirectories.InUse> places = new HashMap<>();
        placements.forEach((name, placement) -> places.put(name, placement.directory()));
        return places;
    }
}
