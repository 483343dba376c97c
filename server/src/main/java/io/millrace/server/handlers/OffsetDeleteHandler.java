package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.messages.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.protocol.messages.OffsetDeleteResponse.OffsetDeleteResponsePartition;
import io.millrace.protocol.messages.OffsetDeleteResponse.OffsetDeleteResponseTopic;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * OffsetDelete (key 47), version 0: forgets committed offsets of topics the group is not subscribed to (KIP-496).
 * Partitions that do not exist are answered here; the group's shard is asked in any case, for it may refuse them all.
 */
public final class OffsetDeleteHandler implements Handler<OffsetDeleteRequest, OffsetDeleteResponse> {
    private final BrokerLane home;
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public OffsetDeleteHandler(BrokerLane home, GroupRoute groups) {
        this.home = home;
        this.groups = groups;
    }

    @Override
    public void handle(OffsetDeleteRequest request, Exchange<OffsetDeleteResponse> exchange) {
        List<OffsetDeleteRequestTopic> there = new ArrayList<>(request.topics().size());
        Map<String, List<OffsetDeleteResponsePartition>> missing = new LinkedHashMap<>();
        for (var topic : request.topics()) {
            List<OffsetDeleteRequestPartition> known =
                    new ArrayList<>(topic.partitions().size());
            for (var partition : topic.partitions()) {
                if (exists(topic.name(), partition.partitionIndex())) known.add(partition);
                else
                    missing.computeIfAbsent(topic.name(), name -> new ArrayList<>())
                            .add(unknown(partition.partitionIndex()));
            }
            if (!known.isEmpty()) there.add(topic.toBuilder().partitions(known).build());
        }
        OffsetDeleteRequest settled = request.toBuilder().topics(there).build();
        groups.to(
                request.groupId(),
                shard -> shard.deleteOffsets(settled, answer -> exchange.reply(complete(answer, missing))));
    }

    private boolean exists(String topic, int partition) {
        var found = home.image().topics().topic(topic);
        return found != null && partition >= 0 && partition < found.partitionCount();
    }

    private static OffsetDeleteResponsePartition unknown(int partition) {
        return OffsetDeleteResponsePartition.builder()
                .partitionIndex(partition)
                .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code())
                .build();
    }

    /** Each topic once. An error of the group stands alone. */
    private static OffsetDeleteResponse complete(
            OffsetDeleteResponse answer, Map<String, List<OffsetDeleteResponsePartition>> missing) {
        if (answer.errorCode() != ErrorCode.NONE.code()) return answer;
        Map<String, List<OffsetDeleteResponsePartition>> all = new LinkedHashMap<>();
        missing.forEach((topic, partitions) -> all.put(topic, new ArrayList<>(partitions)));
        for (var topic : answer.topics())
            all.computeIfAbsent(topic.name(), name -> new ArrayList<>()).addAll(topic.partitions());
        List<OffsetDeleteResponseTopic> topics = new ArrayList<>(all.size());
        all.forEach((topic, partitions) -> topics.add(OffsetDeleteResponseTopic.builder()
                .name(topic)
                .partitions(partitions)
                .build()));
        return answer.toBuilder().topics(topics).build();
    }
}
