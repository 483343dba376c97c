package io.millrace.server.handlers;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.server.partitions.InternalTopics;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Topics in the form of a Metadata answer. */
final class TopicViews {
    private TopicViews() {}

    static MetadataResponse.MetadataResponseTopic topic(MetadataImage image, TopicImage topic, boolean withOperations) {
        List<MetadataResponse.MetadataResponsePartition> partitions = new ArrayList<>(topic.partitionCount());
        topic.forEachPartition((index, partition) -> partitions.add(partition(image, index, partition)));
        return MetadataResponse.MetadataResponseTopic.builder()
                .name(topic.name())
                .topicId(topic.id())
                .isInternal(InternalTopics.contains(topic.name()))
                .partitions(partitions)
                .topicAuthorizedOperations(withOperations ? AuthorizedOperations.TOPIC : Integer.MIN_VALUE)
                .build();
    }

    private static MetadataResponse.MetadataResponsePartition partition(
            MetadataImage image, int index, PartitionImage partition) {
        return MetadataResponse.MetadataResponsePartition.builder()
                .errorCode((partition.hasLeader() ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE).code())
                .partitionIndex(index)
                .leaderId(partition.leader())
                .leaderEpoch(partition.leaderEpoch())
                .replicaNodes(partition.replicas())
                .isrNodes(partition.isr())
                .offlineReplicas(offline(image, partition))
                .build();
    }

    /** Replicas on brokers that are fenced or not registered. */
    static List<Integer> offline(MetadataImage image, PartitionImage partition) {
        List<Integer> offline = new ArrayList<>(0);
        for (int replica : partition.replicas()) {
            var broker = image.cluster().broker(replica);
            if (broker == null || broker.isFenced()) offline.add(replica);
        }
        return offline;
    }

    static MetadataResponse.MetadataResponseTopic refused(@Nullable String name, Uuid id, ErrorCode error) {
        return MetadataResponse.MetadataResponseTopic.builder()
                .errorCode(error.code())
                .name(name)
                .topicId(id)
                .isInternal(name != null && InternalTopics.contains(name))
                .build();
    }
}
