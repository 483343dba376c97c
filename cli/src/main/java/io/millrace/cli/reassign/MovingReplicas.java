package io.millrace.cli.reassign;

import io.millrace.client.Admin;
import io.millrace.client.ClientFailure;
import io.millrace.client.LogDirListing;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What of replicas that come has arrived on their brokers. */
final class MovingReplicas {
    private MovingReplicas() {}

    /**
     * Bytes of partitions on brokers; one that is down has none.
     *
     * @param brokers by partition, which brokers are asked about it
     */
    static Map<TopicPartition, Map<Integer, Long>> sizes(
            Admin admin, Map<TopicPartition, ? extends Collection<Integer>> brokers) {
        Map<Integer, Set<TopicPartition>> byBroker = new TreeMap<>();
        brokers.forEach((partition, ids) -> {
            for (int id : ids)
                byBroker.computeIfAbsent(id, it -> new TreeSet<>()).add(partition);
        });
        Map<TopicPartition, Map<Integer, Long>> sizes = new TreeMap<>();
        byBroker.keySet().retainAll(admin.logDirs().brokerIds());
        byBroker.forEach((broker, partitions) -> {
            List<LogDirListing> directories;
            try {
                directories = admin.logDirs().describe(broker, partitions);
            } catch (ClientFailure down) {
                return;
            }
            for (LogDirListing directory : directories)
                for (LogDirListing.Replica replica : directory.replicas())
                    if (!replica.isFuture())
                        sizes.computeIfAbsent(replica.partition(), it -> new TreeMap<>())
                                .put(broker, replica.sizeBytes());
        });
        return sizes;
    }
}
