package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.CommittedOffset;
import io.millrace.coordinators.group.offsets.OffsetStore;
import io.millrace.coordinators.group.offsets.OpenTransactions;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * OffsetFetch (key 9), one group of it. A group or partition without an offset is no error: its offset is -1. Requests come
 * with topic names, and with ids where they are known; both are given back.
 */
final class OffsetFetches {
    private static final long NO_OFFSET = -1;
    private static final int NO_EPOCH = -1;

    private final OffsetStore offsets;
    private final OpenTransactions transactions;

    OffsetFetches(OffsetStore offsets, OpenTransactions transactions) {
        this.offsets = offsets;
        this.transactions = transactions;
    }

    OffsetFetchResponse.OffsetFetchResponseGroup fetch(
            OffsetFetchRequest.OffsetFetchRequestGroup request, boolean requireStable) {
        return OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                .groupId(request.groupId())
                .errorCode(ErrorCode.NONE.code())
                .topics(
                        request.topics() == null
                                ? all(request.groupId(), requireStable)
                                : some(request.groupId(), request.topics(), requireStable))
                .build();
    }

    private List<OffsetFetchResponse.OffsetFetchResponseTopics> some(
            String groupId, List<OffsetFetchRequest.OffsetFetchRequestTopics> wanted, boolean requireStable) {
        List<OffsetFetchResponse.OffsetFetchResponseTopics> topics = new ArrayList<>(wanted.size());
        for (var topic : wanted) {
            NavigableMap<Integer, CommittedOffset> held = offsets.topicOffsets(groupId, topic.name());
            List<OffsetFetchResponse.OffsetFetchResponsePartitions> partitions =
                    new ArrayList<>(topic.partitionIndexes().size());
            for (int partition : topic.partitionIndexes()) {
                CommittedOffset committed = held.get(partition);
                if (committed != null && isOfOtherTopic(committed.topicId(), topic.topicId())) committed = null;
                boolean isUnstable = requireStable && transactions.touch(groupId, topic.name(), partition);
                partitions.add(answer(partition, committed, isUnstable));
            }
            topics.add(topic(topic.name(), topic.topicId(), partitions));
        }
        return topics;
    }

    private List<OffsetFetchResponse.OffsetFetchResponseTopics> all(String groupId, boolean requireStable) {
        List<OffsetFetchResponse.OffsetFetchResponseTopics> topics = new ArrayList<>();
        for (Map.Entry<String, ? extends NavigableMap<Integer, CommittedOffset>> topic :
                offsets.groupOffsets(groupId).entrySet()) {
            List<OffsetFetchResponse.OffsetFetchResponsePartitions> partitions =
                    new ArrayList<>(topic.getValue().size());
            for (Map.Entry<Integer, CommittedOffset> committed :
                    topic.getValue().entrySet()) {
                boolean isUnstable = requireStable && transactions.touch(groupId, topic.getKey(), committed.getKey());
                partitions.add(answer(committed.getKey(), committed.getValue(), isUnstable));
            }
            topics.add(topic(topic.getKey(), Uuid.ZERO, partitions));
        }
        return topics;
    }

    /** An offset of a topic that was deleted and made anew is nobody's. */
    private static boolean isOfOtherTopic(Uuid held, Uuid wanted) {
        return !held.equals(Uuid.ZERO) && !wanted.equals(Uuid.ZERO) && !held.equals(wanted);
    }

    private static OffsetFetchResponse.OffsetFetchResponseTopics topic(
            String name, Uuid id, List<OffsetFetchResponse.OffsetFetchResponsePartitions> partitions) {
        return OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                .name(name)
                .topicId(id)
                .partitions(partitions)
                .build();
    }

    private static OffsetFetchResponse.OffsetFetchResponsePartitions answer(
            int partition, @Nullable CommittedOffset committed, boolean isUnstable) {
        boolean isKnown = committed != null && !isUnstable;
        return OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                .partitionIndex(partition)
                .committedOffset(committed != null && isKnown ? committed.offset() : NO_OFFSET)
                .committedLeaderEpoch(committed != null && isKnown ? committed.leaderEpoch() : NO_EPOCH)
                .metadata(committed != null && isKnown ? committed.metadata() : "")
                .errorCode((isUnstable ? ErrorCode.UNSTABLE_OFFSET_COMMIT : ErrorCode.NONE).code())
                .build();
    }
}
