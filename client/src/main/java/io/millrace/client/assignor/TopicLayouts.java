package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many partitions topics have, and in which racks their replicas are.
 *
 * @param racks by topic, then by partition from 0 on without a gap: the racks of the replicas, empty where they are not known
 */
public record TopicLayouts(SortedMap<String, List<Set<String>>> racks) {
    public TopicLayouts {
        SortedMap<String, List<Set<String>>> copy = new TreeMap<>();
        racks.forEach((topic, partitions) ->
                copy.put(topic, partitions.stream().map(Set::copyOf).toList()));
        racks = Collections.unmodifiableSortedMap(copy);
    }

    /** Topics of so many partitions each, in no rack. */
    public static TopicLayouts ofCounts(Map<String, Integer> partitionCounts) {
        SortedMap<String, List<Set<String>>> racks = new TreeMap<>();
        partitionCounts.forEach((topic, count) -> racks.put(topic, Collections.nCopies(count, Set.of())));
        return new TopicLayouts(racks);
    }

    /** How many partitions the topic has; 0 if it is not known. */
    public int partitionCount(String topic) {
        return racks.getOrDefault(topic, List.of()).size();
    }

    /** The same of these topics only, as far as they are known. */
    TopicLayouts only(Set<String> names) {
        SortedMap<String, List<Set<String>>> some = new TreeMap<>(racks);
        some.keySet().retainAll(names);
        return new TopicLayouts(some);
    }

    /** By topic, then by number. */
    List<TopicPartition> allPartitions() {
        List<TopicPartition> all = new ArrayList<>();
        racks.forEach((topic, partitions) -> {
            for (int partition = 0; partition < partitions.size(); partition++)
                all.add(new TopicPartition(topic, partition));
        });
        return all;
    }

    /** The racks of a partition's replicas. */
    Set<String> racksOf(String topic, int partition) {
        return racks.getOrDefault(topic, List.of()).get(partition);
    }

    /** All racks in which the topic has a replica. */
    Set<String> racksOf(String topic) {
        Set<String> all = new LinkedHashSet<>();
        racks.getOrDefault(topic, List.of()).forEach(all::addAll);
        return all;
    }

    /**
     * Whether racks tell anything about this topic (KIP-881): some member is in a rack that holds a replica, and not every
     * partition is in all the racks that the topic is in.
     */
    boolean racksMatterFor(String topic, Set<String> memberRacks) {
        Set<String> topicRacks = racksOf(topic);
        if (Collections.disjoint(topicRacks, memberRacks)) return false;
        return !racks.getOrDefault(topic, List.of()).stream().allMatch(topicRacks::equals);
    }
}
