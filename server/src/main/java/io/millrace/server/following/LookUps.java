package io.millrace.server.following;

import io.millrace.connection.run.Answer;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest;
import io.millrace.protocol.messages.OffsetForLeaderEpochResponse;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.SourceFetches;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.network.NodeLine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * What followers ask a leader besides records: where its log starts and ends (two ListOffsets), and where an epoch ends (OffsetForLeaderEpoch). Both
 * go by topic name; of another topic of that name the leader epoch tells.
 */
final class LookUps {
    /** Partitions in one request. */
    private static final int MOST_AT_ONCE = 1_000;

    private static final long LATEST = -1;
    private static final long EARLIEST = -2;

    private final int brokerId;
    private final BiConsumer<SourceFetches.Ask<FollowerPartition>, FollowerAnswer> tell;

    /**
     * Makes the look-ups of a stream.
     *
     * @param brokerId who asks
     * @param tell is given each answer, one for each question
     */
    LookUps(int brokerId, BiConsumer<SourceFetches.Ask<FollowerPartition>, FollowerAnswer> tell) {
        this.brokerId = brokerId;
        this.tell = tell;
    }

    /** Sends the questions. */
    void ask(List<SourceFetches.Ask<FollowerPartition>> asks, NodeLine line) {
        List<SourceFetches.Ask<FollowerPartition>> ranges = new ArrayList<>();
        List<SourceFetches.Ask<FollowerPartition>> ends = new ArrayList<>();
        for (var ask : asks) (ask.request() instanceof FollowerRequest.LogRange ? ranges : ends).add(ask);
        for (var part : parts(ranges)) new Ranges(part).ask(line);
        for (var part : parts(ends)) askEnds(part, line);
    }

    private static List<List<SourceFetches.Ask<FollowerPartition>>> parts(
            List<SourceFetches.Ask<FollowerPartition>> all) {
        List<List<SourceFetches.Ask<FollowerPartition>>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += MOST_AT_ONCE)
            parts.add(List.copyOf(all.subList(from, Math.min(all.size(), from + MOST_AT_ONCE))));
        return parts;
    }

    /** The two questions about the same partitions; the leader takes no partition twice in one request. */
    private final class Ranges {
        private final List<SourceFetches.Ask<FollowerPartition>> asks;
        private Map<TopicPartition, ListOffsetsResponse.ListOffsetsPartitionResponse> starts = Map.of();

        Ranges(List<SourceFetches.Ask<FollowerPartition>> asks) {
            this.asks = asks;
        }

        /** Answers come in the order of the requests. */
        void ask(NodeLine line) {
            line.send(request(EARLIEST), answer -> starts = read(answer));
            line.send(request(LATEST), answer -> {
                var ends = read(answer);
                for (var ask : asks) tell.accept(ask, answer(ask.replica().name(), ends));
            });
        }

        private FollowerAnswer answer(
                TopicPartition name, Map<TopicPartition, ListOffsetsResponse.ListOffsetsPartitionResponse> ends) {
            var start = starts.get(name);
            var end = ends.get(name);
            if (start == null || end == null) return new FollowerAnswer.Unanswered();
            ErrorCode error = ErrorCode.forCode(end.errorCode() == 0 ? start.errorCode() : end.errorCode());
            return error == ErrorCode.NONE
                    ? new FollowerAnswer.Range(start.offset(), end.offset())
                    : new FollowerAnswer.Refused(error);
        }

        private Map<TopicPartition, ListOffsetsResponse.ListOffsetsPartitionResponse> read(Answer answer) {
            Map<TopicPartition, ListOffsetsResponse.ListOffsetsPartitionResponse> found = new HashMap<>();
            if (answer instanceof Answer.Answered(ListOffsetsResponse response, short version))
                for (var topic : response.topics())
                    for (var partition : topic.partitions())
                        if (partition.partitionIndex() >= 0)
                            found.put(new TopicPartition(topic.name(), partition.partitionIndex()), partition);
            return found;
        }

        private ListOffsetsRequest request(long timestamp) {
            Map<String, List<ListOffsetsRequest.ListOffsetsPartition>> byTopic = new LinkedHashMap<>();
            for (var ask : asks) {
                if (!(ask.request() instanceof FollowerRequest.LogRange range)) continue;
                byTopic.computeIfAbsent(ask.replica().name().topic(), topic -> new ArrayList<>())
                        .add(ListOffsetsRequest.ListOffsetsPartition.builder()
                                .partitionIndex(ask.replica().name().partition())
                                .currentLeaderEpoch(range.leaderEpoch())
                                .timestamp(timestamp)
                                .build());
            }
            List<ListOffsetsRequest.ListOffsetsTopic> topics = new ArrayList<>(byTopic.size());
            byTopic.forEach((name, partitions) -> topics.add(ListOffsetsRequest.ListOffsetsTopic.builder()
                    .name(name)
                    .partitions(partitions)
                    .build()));
            return ListOffsetsRequest.builder()
                    .replicaId(brokerId)
                    .topics(topics)
                    .build();
        }
    }

    private void askEnds(List<SourceFetches.Ask<FollowerPartition>> asks, NodeLine line) {
        line.send(endsRequest(asks), answer -> {
            Map<TopicPartition, OffsetForLeaderEpochResponse.EpochEndOffset> found = new HashMap<>();
            if (answer instanceof Answer.Answered(OffsetForLeaderEpochResponse response, short version))
                for (var topic : response.topics())
                    for (var partition : topic.partitions())
                        if (partition.partition() >= 0)
                            found.put(new TopicPartition(topic.topic(), partition.partition()), partition);
            for (var ask : asks) {
                var end = found.get(ask.replica().name());
                tell.accept(ask, end == null ? new FollowerAnswer.Unanswered() : answer(end));
            }
        });
    }

    private static FollowerAnswer answer(OffsetForLeaderEpochResponse.EpochEndOffset end) {
        ErrorCode error = ErrorCode.forCode(end.errorCode());
        if (error != ErrorCode.NONE) return new FollowerAnswer.Refused(error);
        return end.leaderEpoch() < 0 || end.endOffset() < 0
                ? new FollowerAnswer.EpochUnknown()
                : new FollowerAnswer.EpochEnd(new OffsetAndEpoch(end.endOffset(), end.leaderEpoch()));
    }

    private OffsetForLeaderEpochRequest endsRequest(List<SourceFetches.Ask<FollowerPartition>> asks) {
        Map<String, List<OffsetForLeaderEpochRequest.OffsetForLeaderPartition>> byTopic = new LinkedHashMap<>();
        for (var ask : asks) {
            if (!(ask.request() instanceof FollowerRequest.EndOfEpoch end)) continue;
            byTopic.computeIfAbsent(ask.replica().name().topic(), topic -> new ArrayList<>())
                    .add(OffsetForLeaderEpochRequest.OffsetForLeaderPartition.builder()
                            .partition(ask.replica().name().partition())
                            .currentLeaderEpoch(end.leaderEpoch())
                            .leaderEpoch(end.epoch())
                            .build());
        }
        List<OffsetForLeaderEpochRequest.OffsetForLeaderTopic> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((name, partitions) -> topics.add(OffsetForLeaderEpochRequest.OffsetForLeaderTopic.builder()
                .topic(name)
                .partitions(partitions)
                .build()));
        return OffsetForLeaderEpochRequest.builder()
                .replicaId(brokerId)
                .topics(topics)
                .build();
    }
}
