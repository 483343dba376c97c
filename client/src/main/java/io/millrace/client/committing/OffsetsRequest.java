package io.millrace.client.committing;

import io.millrace.client.CommittedOffset;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.messages.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.messages.OffsetFetchRequest.OffsetFetchRequestTopic;
import io.millrace.protocol.messages.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a coordinator at once, in whichever version it speaks: topics go by their ids from version 10 on (KIP-848), by
 * their names before, and a question is one of many from version 8 on (KIP-709).
 *
 * @param isCommit else it is a question
 * @param offsets what to commit; for a question the keys are what counts
 */
public record OffsetsRequest(
        String groupId, boolean isCommit, Committer by, Map<TopicPartition, CommittedOffset> offsets) {
    /** Stands for the offset that is asked for. */
    static final CommittedOffset ANY = new CommittedOffset(0, -1, "");

    private static final short LAST_WITH_NAMES = 9;
    private static final short FIRST_WITH_GROUPS = 8;
    private static final short FIRST_WITH_STABLE = 7;

    /** OffsetCommit or OffsetFetch. */
    public ApiKey apiKey() {
        return isCommit ? ApiKey.OFFSET_COMMIT : ApiKey.OFFSET_FETCH;
    }

    /**
     * The newest version that can say it.
     *
     * @param ids of topics, as far as they are known
     */
    public short newestVersion(Map<String, Uuid> ids) {
        for (TopicPartition each : offsets.keySet()) if (!ids.containsKey(each.topic())) return LAST_WITH_NAMES;
        return apiKey().latestStableVersion();
    }

    /** The request in that version, which is {@link #newestVersion} at most. */
    public Request inVersion(short version, Map<String, Uuid> ids) {
        return isCommit ? commit(ids) : question(version, ids);
    }

    private Request commit(Map<String, Uuid> ids) {
        Map<String, List<OffsetCommitRequestPartition>> byTopic = new TreeMap<>();
        offsets.forEach((partition, offset) -> byTopic.computeIfAbsent(partition.topic(), name -> new ArrayList<>())
                .add(OffsetCommitRequestPartition.builder()
                        .partitionIndex(partition.partition())
                        .committedOffset(offset.offset())
                        .committedLeaderEpoch(offset.leaderEpoch())
                        .committedMetadata(offset.metadata())
                        .build()));
        List<OffsetCommitRequestTopic> topics = new ArrayList<>();
        byTopic.forEach((name, partitions) ->
                topics.add(new OffsetCommitRequestTopic(name, ids.getOrDefault(name, Uuid.ZERO), partitions)));
        return OffsetCommitRequest.builder()
                .groupId(groupId)
                .generationIdOrMemberEpoch(by.generationOrEpoch())
                .memberId(by.memberId())
                .groupInstanceId(by.instanceId())
                .topics(topics)
                .build();
    }

    private Request question(short version, Map<String, Uuid> ids) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition each : offsets.keySet())
            byTopic.computeIfAbsent(each.topic(), name -> new ArrayList<>()).add(each.partition());
        // KIP-447: offsets that a transaction has yet to decide are waited for.
        OffsetFetchRequest.Builder request = OffsetFetchRequest.builder().requireStable(version >= FIRST_WITH_STABLE);
        if (version < FIRST_WITH_GROUPS) {
            List<OffsetFetchRequestTopic> topics = new ArrayList<>();
            byTopic.forEach((name, partitions) -> topics.add(new OffsetFetchRequestTopic(name, partitions)));
            return request.groupId(groupId).topics(topics).build();
        }
        List<OffsetFetchRequestTopics> topics = new ArrayList<>();
        byTopic.forEach((name, partitions) ->
                topics.add(new OffsetFetchRequestTopics(name, ids.getOrDefault(name, Uuid.ZERO), partitions)));
        OffsetFetchRequestGroup.Builder group =
                OffsetFetchRequestGroup.builder().groupId(groupId).topics(topics);
        boolean isMember = !by.memberId().isEmpty() && version >= LAST_WITH_NAMES;
        if (isMember) group.memberId(by.memberId()).memberEpoch(by.generationOrEpoch());
        return request.groups(List.of(group.build())).build();
    }

    /**
     * Understands the answer. What it says of other groups or partitions is passed over.
     *
     * @param ids as they were when the request was made
     */
    public OffsetsAnswer read(Response response, Map<String, Uuid> ids) {
        Reading reading = new Reading(ids);
        switch (response) {
            case OffsetCommitResponse commit -> {
                for (var topic : commit.topics())
                    for (var each : topic.partitions())
                        reading.take(topic.name(), topic.topicId(), each.partitionIndex(), each.errorCode());
            }
            case OffsetFetchResponse fetch -> {
                reading.takeOfAll(fetch.errorCode());
                for (var topic : fetch.topics())
                    for (var each : topic.partitions())
                        reading.take(
                                topic.name(),
                                Uuid.ZERO,
                                each.partitionIndex(),
                                each.errorCode(),
                                each.committedOffset(),
                                each.committedLeaderEpoch(),
                                each.metadata());
                for (var group : fetch.groups()) {
                    if (!group.groupId().equals(groupId)) continue;
                    reading.takeOfAll(group.errorCode());
                    for (var topic : group.topics())
                        for (var each : topic.partitions())
                            reading.take(
                                    topic.name(),
                                    topic.topicId(),
                                    each.partitionIndex(),
                                    each.errorCode(),
                                    each.committedOffset(),
                                    each.committedLeaderEpoch(),
                                    each.metadata());
                }
            }
            default -> throw new IllegalStateException(apiKey() + " got another answer");
        }
        return new OffsetsAnswer(reading.errors, reading.found);
    }

    /** Gathers what an answer says of the partitions that were asked about. */
    private final class Reading {
        private final Map<Uuid, String> names = new HashMap<>();
        private final Map<TopicPartition, ErrorCode> errors = new TreeMap<>();
        private final Map<TopicPartition, CommittedOffset> found = new HashMap<>();

        Reading(Map<String, Uuid> ids) {
            ids.forEach((name, id) -> names.put(id, name));
        }

        void takeOfAll(short errorCode) {
            if (errorCode == ErrorCode.NONE.code()) return;
            for (TopicPartition each : offsets.keySet()) errors.put(each, ErrorCode.forCode(errorCode));
        }

        @Nullable
        TopicPartition take(String name, Uuid id, int partition, short errorCode) {
            String topic = id.equals(Uuid.ZERO) ? name : names.get(id);
            if (topic == null || partition < 0) return null;
            TopicPartition known = new TopicPartition(topic, partition);
            if (!offsets.containsKey(known)) return null;
            errors.put(known, ErrorCode.forCode(errorCode));
            return errorCode == ErrorCode.NONE.code() ? known : null;
        }

        void take(
                String name,
                Uuid id,
                int partition,
                short errorCode,
                long offset,
                int leaderEpoch,
                @Nullable String metadata) {
            TopicPartition known = take(name, id, partition, errorCode);
            if (known == null || offset < 0) return; // -1: nothing is committed.
            found.put(known, new CommittedOffset(offset, Math.max(-1, leaderEpoch), metadata == null ? "" : metadata));
        }
    }
}
