package io.millrace.replication;

import java.util.List;

/**
 * What the cluster's metadata says of a partition, as far as its replicas act on it. Each change of it by the controller has a higher
 * partition epoch; each change of leader a higher leader epoch as well.
 *
 * @param leaderEpoch    fences who leads, at least 0
 * @param partitionEpoch fences changes of the in-sync set, at least 0
 * @param replicas       brokers that hold the partition, preferred leader first, none twice
 * @param isr            those of them that are in sync; empty only while nobody leads (KIP-966)
 */
public record PartitionRegistration(int leaderEpoch, int partitionEpoch, List<Integer> replicas, List<Integer> isr) {
    /**
     * Checks all four.
     *
     * @throws IllegalArgumentException if an epoch is negative, a replica is named twice, or somebody in sync is no replica
     */
    public PartitionRegistration {
        if (leaderEpoch < 0) throw new IllegalArgumentException("leader epoch " + leaderEpoch + " is negative");
        if (partitionEpoch < 0)
            throw new IllegalArgumentException("partition epoch " + partitionEpoch + " is negative");
        replicas = List.copyOf(replicas);
        isr = List.copyOf(isr);
        if (namesTwice(replicas)) throw new IllegalArgumentException("replicas " + replicas + " name a broker twice");
        if (namesTwice(isr) || !replicas.containsAll(isr))
            throw new IllegalArgumentException("in sync are " + isr + " of replicas " + replicas);
    }

    /** Lists are short, and a node may have many partitions. */
    private static boolean namesTwice(List<Integer> brokers) {
        for (int i = 1; i < brokers.size(); i++) if (brokers.subList(0, i).contains(brokers.get(i))) return true;
        return false;
    }
}
