package io.millrace.server.handlers;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeTopicPartitionsRequest;
import io.millrace.protocol.messages.DescribeTopicPartitionsResponse;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.InternalTopics;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * DescribeTopicPartitions (key 75), version 0: topics by page, with eligible leader replicas (KIP-966). Topics come in the order of
 * their names; a cursor says where the next page begins.
 */
public final class DescribeTopicPartitionsHandler
        implements Handler<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse> {
    private final BrokerLane home;
    private final int maxPartitions;

    /**
     * Makes the handler of one lane.
     *
     * @param maxPartitions {@code max.request.partition.size.limit}: the most partitions of a page
     */
    public DescribeTopicPartitionsHandler(BrokerLane home, int maxPartitions) {
        this.home = home;
        this.maxPartitions = maxPartitions;
    }

    @Override
    public void handle(DescribeTopicPartitionsRequest request, Exchange<DescribeTopicPartitionsResponse> exchange) {
        var cursor = request.cursor();
        String firstTopic = cursor == null ? "" : cursor.topicName();
        if (cursor != null && cursor.partitionIndex() < 0) {
            exchange.reply(DescribeTopicPartitionsResponse.builder()
                    .topics(request.topics().stream()
                            .map(topic -> refused(topic.name(), ErrorCode.INVALID_REQUEST))
                            .toList())
                    .build());
            return;
        }
        TreeSet<String> names = new TreeSet<>();
        if (request.topics().isEmpty())
            for (TopicImage topic : home.image().topics().inOrder()) names.add(topic.name());
        else for (var topic : request.topics()) names.add(topic.name());
        int left = Math.clamp(request.responsePartitionLimit(), 1, maxPartitions);
        List<DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic> topics = new ArrayList<>();
        DescribeTopicPartitionsResponse.Cursor next = null;
        for (String name : names.tailSet(firstTopic)) {
            TopicImage topic = home.image().topics().topic(name);
            if (topic == null) {
                // A topic that is gone since the last page is no error; it was there when the client began.
                if (!request.topics().isEmpty()) topics.add(refused(name, whyMissing(name)));
                continue;
            }
            int from = cursor != null && name.equals(firstTopic) ? cursor.partitionIndex() : 0;
            if (left == 0) {
                next = cursorAt(name, from);
                break;
            }
            int until = Math.min(topic.partitionCount(), from + left);
            topics.add(described(topic, from, until));
            left -= Math.max(0, until - from);
            if (until < topic.partitionCount()) {
                next = cursorAt(name, until);
                break;
            }
        }
        exchange.reply(DescribeTopicPartitionsResponse.builder()
                .topics(topics)
                .nextCursor(next)
                .build());
    }

    private static DescribeTopicPartitionsResponse.Cursor cursorAt(String topic, int partition) {
        return DescribeTopicPartitionsResponse.Cursor.builder()
                .topicName(topic)
                .partitionIndex(partition)
                .build();
    }

    private static ErrorCode whyMissing(String name) {
        return TopicCreation.isValidName(name)
                ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                : ErrorCode.INVALID_TOPIC_EXCEPTION;
    }

    private static DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic refused(
            String name, ErrorCode error) {
        return DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic.builder()
                .errorCode(error.code())
                .name(name)
                .isInternal(InternalTopics.contains(name))
                .topicAuthorizedOperations(
                        error == ErrorCode.INVALID_REQUEST ? Integer.MIN_VALUE : AuthorizedOperations.TOPIC)
                .build();
    }

    private DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic described(
            TopicImage topic, int from, int until) {
        List<DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition> partitions = new ArrayList<>();
        for (int index = from; index < until; index++) {
            PartitionImage partition = topic.partition(index);
            if (partition != null) partitions.add(partition(index, partition));
        }
        return DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic.builder()
                .name(topic.name())
                .topicId(topic.id())
                .isInternal(InternalTopics.contains(topic.name()))
                .partitions(partitions)
                .topicAuthorizedOperations(AuthorizedOperations.TOPIC)
                .build();
    }

    private DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition partition(
            int index, PartitionImage partition) {
        return DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition.builder()
                .errorCode((partition.hasLeader() ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE).code())
                .partitionIndex(index)
                .leaderId(partition.leader())
                .leaderEpoch(partition.leaderEpoch())
                .replicaNodes(partition.replicas())
                .isrNodes(partition.isr())
                .eligibleLeaderReplicas(partition.elr())
                .lastKnownElr(partition.lastKnownElr())
                .offlineReplicas(TopicViews.offline(home.image(), partition))
                .build();
    }
}
