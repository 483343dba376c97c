package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import io.millrace.protocol.messages.PartitionChangeRecord;
import java.util.ArrayList;
import java.util.List;

/** AssignReplicasToDirs (KIP-858): a broker says in which directory it put its replicas. */
final class DirectoryAssignment {
    private final MetadataImage image;
    private final LeadershipChanges changes;
    private final List<VersionedRecord> elections = new ArrayList<>();

    DirectoryAssignment(Electorate electorate) {
        this.image = electorate.image();
        this.changes = new LeadershipChanges(image, electorate.configs(), elections::add);
    }

    Decision<AssignReplicasToDirsResponse> handle(AssignReplicasToDirsRequest request) {
        BrokerImage broker = image.cluster().broker(request.brokerId());
        if (broker == null || broker.epoch() != request.brokerEpoch())
            return Decision.answer(AssignReplicasToDirsResponse.builder()
                    .errorCode(ErrorCode.STALE_BROKER_EPOCH.code())
                    .build());
        List<VersionedRecord> records = new ArrayList<>();
        List<AssignReplicasToDirsResponse.DirectoryData> directories = new ArrayList<>();
        for (AssignReplicasToDirsRequest.DirectoryData directory : request.directories()) {
            List<AssignReplicasToDirsResponse.TopicData> topics = new ArrayList<>();
            for (AssignReplicasToDirsRequest.TopicData topic : directory.topics()) {
                List<AssignReplicasToDirsResponse.PartitionData> partitions = new ArrayList<>();
                for (AssignReplicasToDirsRequest.PartitionData each : topic.partitions())
                    partitions.add(AssignReplicasToDirsResponse.PartitionData.builder()
                            .partitionIndex(each.partitionIndex())
                            .errorCode(assign(broker, directory.id(), topic.topicId(), each.partitionIndex(), records)
                                    .code())
                            .build());
                topics.add(AssignReplicasToDirsResponse.TopicData.builder()
                        .topicId(topic.topicId())
                        .partitions(partitions)
                        .build());
            }
            directories.add(AssignReplicasToDirsResponse.DirectoryData.builder()
                    .id(directory.id())
                    .topics(topics)
                    .build());
        }
        records.addAll(elections);
        return Decision.inParts(
                records,
                AssignReplicasToDirsResponse.builder().directories(directories).build());
    }

    private ErrorCode assign(
            BrokerImage broker, Uuid directory, Uuid topicId, int partitionId, List<VersionedRecord> records) {
        if (!image.features().metadataVersion().hasDirectories()) return ErrorCode.UNSUPPORTED_VERSION;
        TopicImage topic = image.topics().topic(topicId);
        if (topic == null) return ErrorCode.UNKNOWN_TOPIC_ID;
        PartitionImage partition = topic.partition(partitionId);
        if (partition == null) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        int at = partition.replicas().indexOf(broker.id());
        if (at < 0) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
        if (!broker.hasOnlineDirectory(directory)) changes.replicaLost(broker.id(), topic, partitionId, partition);
        Uuid former = partition.directories().get(at);
        if (directory.equals(former)) return ErrorCode.NONE;
        // The only replica there is has nobody to begin anew from.
        boolean isInUse = partition.leader() == broker.id() || partition.isr().contains(broker.id());
        if (!isInUse
                && partition.replicas().size() > 1
                && broker.hasOnlineDirectory(directory)
                && !broker.hasOnlineDirectory(former))
            changes.replicaBegunAnew(broker.id(), topic, partitionId, partition);
        List<Uuid> assigned = new ArrayList<>(partition.directories());
        assigned.set(at, directory);
        records.add(new VersionedRecord(
                PartitionChangeRecord.builder()
                        .partitionId(partitionId)
                        .topicId(topicId)
                        .directories(assigned)
                        .build(),
                image.features().metadataVersion().partitionRecordVersion()));
        return ErrorCode.NONE;
    }
}
