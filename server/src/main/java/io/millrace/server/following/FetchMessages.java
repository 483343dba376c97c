package io.millrace.server.following;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.PartitionId;
import io.millrace.replication.SourceFetches;
import io.millrace.replication.run.FollowerPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Fetches of a follower as messages, and what answers say. */
final class FetchMessages {
    /** The first that says which life of a broker fetches (KIP-903); the writer refuses older ones. */
    static final short OLDEST_VERSION = 15;

    private static final ByteBuffer NO_RECORDS = ByteBuffer.allocate(0);

    private FetchMessages() {}

    /** The fetch of a round, by a broker in that life. */
    static FetchRequest write(
            SourceFetches.Round<FollowerPartition> round, FollowingSettings settings, long brokerEpoch) {
        return FetchRequest.builder()
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(settings.brokerId())
                        .replicaEpoch(brokerEpoch)
                        .build())
                .maxWaitMs(round.hasMore() ? 0 : settings.waitMaxMs())
                .minBytes(settings.minBytes())
                .maxBytes(settings.responseBytes())
                .sessionId(round.sessionId())
                .sessionEpoch(round.sessionEpoch())
                .topics(topics(round.fetches(), settings.partitionBytes()))
                .forgottenTopicsData(forgotten(round.forgotten()))
                .build();
    }

    private static List<FetchRequest.FetchTopic> topics(
            List<SourceFetches.Ask<FollowerPartition>> asks, int partitionBytes) {
        Map<Uuid, List<FetchRequest.FetchPartition>> byTopic = new LinkedHashMap<>();
        for (var ask : asks) {
            if (!(ask.request() instanceof FollowerRequest.Fetch fetch))
                throw new IllegalArgumentException(ask.request() + " is no fetch");
            byTopic.computeIfAbsent(ask.partition().topicId(), id -> new ArrayList<>())
                    .add(FetchRequest.FetchPartition.builder()
                            .partition(ask.partition().partition())
                            .currentLeaderEpoch(fetch.leaderEpoch())
                            .fetchOffset(fetch.fetchOffset())
                            .lastFetchedEpoch(fetch.lastFetchedEpoch())
                            .logStartOffset(fetch.logStartOffset())
                            .partitionMaxBytes(partitionBytes)
                            .build());
        }
        List<FetchRequest.FetchTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((id, partitions) -> topics.add(FetchRequest.FetchTopic.builder()
                .topicId(id)
                .partitions(partitions)
                .build()));
        return topics;
    }

    private static List<FetchRequest.ForgottenTopic> forgotten(List<PartitionId> gone) {
        if (gone.isEmpty()) return List.of();
        Map<Uuid, List<Integer>> byTopic = new LinkedHashMap<>();
        for (PartitionId each : gone)
            byTopic.computeIfAbsent(each.topicId(), id -> new ArrayList<>()).add(each.partition());
        List<FetchRequest.ForgottenTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((id, partitions) -> topics.add(FetchRequest.ForgottenTopic.builder()
                .topicId(id)
                .partitions(partitions)
                .build()));
        return topics;
    }

    /** Tells a follower what an answer says of its partition. Its records are looked at where they came in. */
    static void tell(SourceFetches.Ask<FollowerPartition> ask, FetchResponse.PartitionData data) {
        FollowerPartition partition = ask.replica();
        ErrorCode error = ErrorCode.forCode(data.errorCode());
        FetchResponse.EpochEndOffset diverging = data.divergingEpoch();
        if (error != ErrorCode.NONE) {
            partition.answered(ask.request(), new FollowerAnswer.Refused(error));
        } else if (diverging.epoch() >= 0 && diverging.endOffset() >= 0) {
            partition.answered(
                    ask.request(),
                    new FollowerAnswer.Diverges(new OffsetAndEpoch(diverging.endOffset(), diverging.epoch())));
        } else if (diverging.epoch() >= 0
                || !(ask.request() instanceof FollowerRequest.Fetch fetch)
                || !isInMemory(data.records())) {
            partition.answered(ask.request(), new FollowerAnswer.Unanswered());
        } else {
            partition.fetched(fetch, data.highWatermark(), data.logStartOffset(), bytes(data.records()));
        }
    }

    private static boolean isInMemory(@Nullable RecordsPayload records) {
        return records == null || records instanceof RecordsPayload.Buffer;
    }

    private static ByteBuffer bytes(@Nullable RecordsPayload records) {
        return records instanceof RecordsPayload.Buffer buffer ? buffer.bytes().duplicate() : NO_RECORDS;
    }
}
