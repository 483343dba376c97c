package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;

/**
 * OffsetCommit (key 8), versions 2-10: topic ids from v10 (KIP-848's follow-up). Topics that do not exist are answered here, and the rest goes to the
 * group's shard.
 */
public final class OffsetCommitHandler implements Handler<OffsetCommitRequest, OffsetCommitResponse> {
    private static final int FIRST_VERSION_WITH_IDS = 10;

    private final BrokerLane home;
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public OffsetCommitHandler(BrokerLane home, GroupRoute groups) {
        this.home = home;
        this.groups = groups;
    }

    @Override
    public void handle(OffsetCommitRequest request, Exchange<OffsetCommitResponse> exchange) {
        boolean byTopicId = exchange.version() >= FIRST_VERSION_WITH_IDS;
        List<OffsetCommitRequest.OffsetCommitRequestTopic> known = new ArrayList<>();
        List<OffsetCommitResponse.OffsetCommitResponseTopic> refused = new ArrayList<>();
        for (var topic : request.topics()) settle(topic, byTopicId, known, refused);
        OffsetCommitRequest settled = request.toBuilder().topics(known).build();
        if (known.isEmpty() && !refused.isEmpty()) {
            exchange.reply(OffsetCommitResponse.builder().topics(refused).build());
            return;
        }
        groups.to(
                request.groupId(),
                shard -> shard.commitOffsets(GroupRoute.contextOf(exchange), settled, answer -> {
                    exchange.reply(answer.toBuilder()
                            .topics(joined(answer.topics(), refused))
                            .build());
                }));
    }

    /** One entry a topic, though some of its partitions were answered here and some by the shard. */
    private static List<OffsetCommitResponse.OffsetCommitResponseTopic> joined(
            List<OffsetCommitResponse.OffsetCommitResponseTopic> answered,
            List<OffsetCommitResponse.OffsetCommitResponseTopic> refused) {
        List<OffsetCommitResponse.OffsetCommitResponseTopic> left = new ArrayList<>(refused);
        List<OffsetCommitResponse.OffsetCommitResponseTopic> topics = new ArrayList<>();
        for (var topic : answered) {
            List<OffsetCommitResponse.OffsetCommitResponsePartition> partitions = new ArrayList<>(topic.partitions());
            for (var other : refused) {
                boolean isSame =
                        (topic.topicId().equals(Uuid.ZERO) || other.topicId().equals(Uuid.ZERO))
                                ? topic.name().equals(other.name())
                                : topic.topicId().equals(other.topicId());
                if (isSame && left.remove(other)) partitions.addAll(other.partitions());
            }
            topics.add(topic.toBuilder().partitions(partitions).build());
        }
        topics.addAll(left);
        return topics;
    }

    private void settle(
            OffsetCommitRequest.OffsetCommitRequestTopic topic,
            boolean byTopicId,
            List<OffsetCommitRequest.OffsetCommitRequestTopic> known,
            List<OffsetCommitResponse.OffsetCommitResponseTopic> refused) {
        var found = byTopicId
                ? home.image().topics().topic(topic.topicId())
                : home.image().topics().topic(topic.name());
        List<OffsetCommitRequest.OffsetCommitRequestPartition> there = new ArrayList<>();
        List<OffsetCommitResponse.OffsetCommitResponsePartition> missing = new ArrayList<>();
        for (var partition : topic.partitions()) {
            int index = partition.partitionIndex();
            if (found != null && index >= 0 && index < found.partitionCount()) there.add(partition);
            else
                missing.add(OffsetCommitResponse.OffsetCommitResponsePartition.builder()
                        .partitionIndex(index)
                        .errorCode((found == null && byTopicId
                                        ? ErrorCode.UNKNOWN_TOPIC_ID
                                        : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
                                .code())
                        .build());
        }
        if (found != null && (!there.isEmpty() || missing.isEmpty()))
            known.add(topic.toBuilder()
                    .name(found.name())
                    .topicId(found.id())
                    .partitions(there)
                    .build());
        if (!missing.isEmpty())
            refused.add(OffsetCommitResponse.OffsetCommitResponseTopic.builder()
                    .name(topic.name())
                    .topicId(topic.topicId())
                    .partitions(missing)
                    .build());
    }
}
