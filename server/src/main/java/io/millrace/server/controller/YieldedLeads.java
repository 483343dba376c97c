package io.millrace.server.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;

/** Whether others can lead all that a broker leads, so that nothing is lost to clients if it is fenced. */
final class YieldedLeads {
    private YieldedLeads() {}

    /** Looks through all partitions until one says no: each of the broker's is led by another one, or somebody else is in sync and awake. */
    static boolean canYield(MetadataImage image, int brokerId) {
        if (image.cluster().brokersInOrder().stream().noneMatch(other -> other.id() != brokerId && other.isActive()))
            return false;
        for (TopicImage topic : image.topics().inOrder())
            for (int i = 0; i < topic.partitionCount(); i++) {
                PartitionImage partition = topic.partition(i);
                if (partition != null && needs(image, partition, brokerId)) return false;
            }
        return true;
    }

    private static boolean needs(MetadataImage image, PartitionImage partition, int brokerId) {
        if (!partition.replicas().contains(brokerId)) return false;
        if (partition.leader() == brokerId)
            return partition.isr().stream()
                    .noneMatch(id -> id != brokerId && image.cluster().isActive(id));
        return !partition.hasLeader()
                && (partition.isr().contains(brokerId)
                        || partition.elr().contains(brokerId)
                        || partition.lastKnownElr().contains(brokerId));
    }
}
