package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A partition at its birth: in sync is who is awake, and the first of those leads. */
final class NewPartition {
    private NewPartition() {}

    /** Its record; empty if none of the replicas is awake, so that nobody could lead. */
    static Optional<VersionedRecord> record(
            Uuid topicId, int partitionId, List<Integer> replicas, MetadataImage image) {
        ClusterImage cluster = image.cluster();
        List<Integer> isr = replicas.stream().filter(cluster::isActive).toList();
        if (isr.isEmpty()) return Optional.empty();
        List<Uuid> directories = new ArrayList<>(replicas.size());
        for (int replica : replicas) {
            BrokerImage broker = cluster.broker(replica);
            directories.add(broker == null ? DirectoryIds.UNASSIGNED : broker.directoryForNewReplica());
        }
        PartitionImage partition = new PartitionImage(
                List.copyOf(replicas),
                directories,
                isr,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                isr.get(0),
                false,
                0,
                0);
        return Optional.of(
                partition.toRecord(topicId, partitionId, image.features().metadataVersion()));
    }
}
