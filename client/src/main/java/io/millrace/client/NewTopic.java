package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * A topic to be created.
 *
 * @param partitionCount at least 1, or -1 for the cluster's default; -1 if there are assignments
 * @param replicationFactor at least 1, or -1 for the cluster's default; -1 if there are assignments
 * @param assignments broker ids of each partition's replicas, the preferred leader first; empty leaves it to the cluster
 * @param configs the topic's own properties, by Kafka's names
 */
public record NewTopic(
        String name,
        int partitionCount,
        int replicationFactor,
        List<List<Integer>> assignments,
        Map<String, String> configs) {
    /** Fixes the collections. */
    public NewTopic {
        assignments = assignments.stream().map(List::copyOf).toList();
        configs = Map.copyOf(configs);
    }

    /**
     * A topic whose partitions the cluster places, with the cluster's properties.
     *
     * @param partitionCount at least 1, or -1 for the cluster's default
     * @param replicationFactor at least 1, or -1 for the cluster's default
     */
    public NewTopic(String name, int partitionCount, int replicationFactor) {
        this(name, partitionCount, replicationFactor, List.of(), Map.of());
    }
}
