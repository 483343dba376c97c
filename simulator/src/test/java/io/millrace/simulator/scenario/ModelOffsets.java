package io.millrace.simulator.scenario;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Offsets of groups, in memory that outlives crashes: those of a transaction count once it is committed (KIP-447). */
final class ModelOffsets {
    /** There is no committed offset. */
    static final long NONE = -1;

    private record Place(String groupId, TopicPartition partition) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int byGroup = groupId.compareTo(other.groupId);
            return byGroup != 0 ? byGroup : partition.compareTo(other.partition);
        }
    }

    private record Pending(Place place, long offset) {}

    private final Map<Place, Long> committed = new TreeMap<>();
    private final Map<Long, List<Pending>> byProducer = new TreeMap<>();

    /** Takes an offset into a producer's transaction. */
    void add(long producerId, String groupId, TopicPartition partition, long offset) {
        byProducer
                .computeIfAbsent(producerId, _ -> new ArrayList<>())
                .add(new Pending(new Place(groupId, partition), offset));
    }

    /** The producer's transaction has ended for a group. */
    void end(long producerId, String groupId, boolean isCommit) {
        List<Pending> its = byProducer.getOrDefault(producerId, new ArrayList<>());
        for (Pending each : its)
            if (isCommit && each.place().groupId().equals(groupId)) committed.put(each.place(), each.offset());
        its.removeIf(each -> each.place().groupId().equals(groupId));
    }

    /** Whether an open transaction may change it. */
    boolean isUnstable(String groupId, TopicPartition partition) {
        Place place = new Place(groupId, partition);
        return byProducer.values().stream()
                .anyMatch(its -> its.stream().anyMatch(each -> each.place().equals(place)));
    }

    /** What is committed, or {@link #NONE}. */
    long committed(String groupId, TopicPartition partition) {
        return committed.getOrDefault(new Place(groupId, partition), NONE);
    }
}
