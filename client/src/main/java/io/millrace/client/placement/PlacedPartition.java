package io.millrace.client.placement;

import io.millrace.records.TopicPartition;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A partition and where its replicas are.
 *
 * @param replicas broker ids, at least one, none twice, the preferred leader first; those of the goal, if it is being reassigned
 * @param inSync which of them, or of others, are in sync
 * @param sizeBytes bytes of one replica, at least 0
 */
public record PlacedPartition(TopicPartition partition, List<Integer> replicas, Set<Integer> inSync, long sizeBytes) {
    /** Fixes the collections and checks all. */
    public PlacedPartition {
        replicas = List.copyOf(replicas);
        inSync = Set.copyOf(inSync);
        if (replicas.isEmpty()) throw new IllegalArgumentException(partition + " has no replicas");
        if (new HashSet<>(replicas).size() < replicas.size())
            throw new IllegalArgumentException(partition + " has two replicas on a broker: " + replicas);
        if (sizeBytes < 0) throw new IllegalArgumentException(partition + " has " + sizeBytes + " bytes");
    }
}
