package io.millrace.client;

import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A log directory of a broker.
 *
 * @param path as the broker's properties name it
 * @param error why nothing is known of it, one sentence; empty if it can be used
 * @param totalBytes room on its disk in all; empty if the broker does not say (before KIP-827)
 * @param usableBytes room that is left there; empty as above
 * @param isCordoned whether it takes no new replicas (KIP-1066)
 * @param replicas what lies in it, and what is being copied to it, by topic and partition
 */
public record LogDirListing(
        String path,
        Optional<String> error,
        OptionalLong totalBytes,
        OptionalLong usableBytes,
        boolean isCordoned,
        List<Replica> replicas) {
    /** Fixes the list. */
    public LogDirListing {
        replicas = List.copyOf(replicas);
    }

    /**
     * A replica in a log directory.
     *
     * @param sizeBytes of its batches
     * @param offsetLag how far it is behind: a follower behind the high watermark, a copy behind what it is copied from
     * @param isFuture whether it is a copy that is going to take the place of the replica in another directory (KIP-113)
     */
    public record Replica(TopicPartition partition, long sizeBytes, long offsetLag, boolean isFuture) {}

    /** Bytes of all that lies in it, copies with them. */
    public long sizeBytes() {
        return replicas.stream().mapToLong(Replica::sizeBytes).sum();
    }

    /** The copy of a partition that is being made here. */
    public Optional<Replica> copyOf(TopicPartition partition) {
        return find(partition, true);
    }

    /** The partition's replica, if it is here. */
    public Optional<Replica> replicaOf(TopicPartition partition) {
        return find(partition, false);
    }

    private Optional<Replica> find(TopicPartition partition, boolean isFuture) {
        return replicas.stream()
                .filter(it -> it.isFuture() == isFuture && it.partition().equals(partition))
                .findFirst();
    }
}
