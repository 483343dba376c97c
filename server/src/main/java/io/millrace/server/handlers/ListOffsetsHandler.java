package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.Gather;
import io.millrace.server.partitions.LanePartitions;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.LogDirectoryFailed;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.TimestampOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * ListOffsets (key 2), versions 1-11. Leader epochs from v4 (KIP-320), the largest time stamp from v7 (KIP-734), local and tiered
 * ends from v8, v9 and v11 (KIP-405, KIP-1005, KIP-1023): without tiers the local log is the whole log, and nothing waits for upload.
 */
public final class ListOffsetsHandler implements Handler<ListOffsetsRequest, ListOffsetsResponse> {
    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long MAX_TIMESTAMP = -3;
    private static final long EARLIEST_LOCAL = -4;
    private static final long LATEST_TIERED = -5;
    private static final long EARLIEST_PENDING_UPLOAD = -6;

    private static final int FIRST_VERSION_WITH_EPOCHS = 4;
    private static final int FIRST_VERSION_WITH_NOT_AVAILABLE = 5;

    private final BrokerLane home;
    private final Consumer<LogDirectoryFailed> diskFailed;

    /** Makes the handler of one lane. */
    public ListOffsetsHandler(BrokerLane home, Consumer<LogDirectoryFailed> diskFailed) {
        this.home = home;
        this.diskFailed = diskFailed;
    }

    /** The oldest version that may ask for each of the special time stamps; the others have always been there. */
    private static boolean isKnownIn(int version, long timestamp) {
        if (timestamp >= EARLIEST) return true;
        if (timestamp == MAX_TIMESTAMP) return version >= 7;
        if (timestamp == EARLIEST_LOCAL) return version >= 8;
        if (timestamp == LATEST_TIERED) return version >= 9;
        return timestamp == EARLIEST_PENDING_UPLOAD && version >= 11;
    }

    private record Question(
            TopicPartition partition, ListOffsetsRequest.ListOffsetsPartition wanted, ErrorCode refusal) {
        int wantedIndex() {
            return wanted.partitionIndex();
        }
    }

    @Override
    public void handle(ListOffsetsRequest request, Exchange<ListOffsetsResponse> exchange) {
        List<Question> questions = new ArrayList<>();
        Set<TopicPartition> seen = new HashSet<>();
        Set<TopicPartition> repeated = new HashSet<>();
        Set<TopicPartition> answered = new HashSet<>();
        for (var topic : request.topics())
            for (var partition : topic.partitions()) {
                TopicPartition name = AskedPartition.of(topic.name(), partition.partitionIndex());
                if (!seen.add(name)) repeated.add(name);
            }
        for (var topic : request.topics())
            for (var partition : topic.partitions()) {
                TopicPartition name = AskedPartition.of(topic.name(), partition.partitionIndex());
                // One that is named twice is refused, and answered once.
                if (!answered.add(name)) continue;
                ErrorCode refusal = ErrorCode.NONE;
                if (repeated.contains(name)) refusal = ErrorCode.INVALID_REQUEST;
                else if (!isKnownIn(exchange.version(), partition.timestamp())) refusal = ErrorCode.UNSUPPORTED_VERSION;
                questions.add(new Question(name, partition, refusal));
            }
        Reader reader = Reader.of(request);
        int version = exchange.version();
        Gather.ask(
                home,
                questions,
                Question::partition,
                (owner, question) -> answer(owner, question, reader, version),
                answers -> exchange.reply(response(questions, answers)));
    }

    private static ListOffsetsResponse response(
            List<Question> questions, List<ListOffsetsResponse.ListOffsetsPartitionResponse> answers) {
        Map<String, List<ListOffsetsResponse.ListOffsetsPartitionResponse>> byTopic = new LinkedHashMap<>();
        for (int i = 0; i < questions.size(); i++)
            byTopic.computeIfAbsent(questions.get(i).partition().topic(), topic -> new ArrayList<>())
                    .add(answers.get(i));
        List<ListOffsetsResponse.ListOffsetsTopicResponse> topics = new ArrayList<>(byTopic.size());
        byTopic.forEach((topic, partitions) -> topics.add(ListOffsetsResponse.ListOffsetsTopicResponse.builder()
                .name(topic)
                .partitions(partitions)
                .build()));
        return ListOffsetsResponse.builder().topics(topics).build();
    }

    private ListOffsetsResponse.ListOffsetsPartitionResponse answer(
            BrokerLane owner, Question question, Reader reader, int version) {
        var answer = ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                .partitionIndex(question.wantedIndex())
                .timestamp(-1)
                .offset(-1)
                .leaderEpoch(-1);
        if (question.refusal() != ErrorCode.NONE)
            return answer.errorCode(question.refusal().code()).build();
        LeaderPartition partition = owner.partitions().find(question.partition());
        if (partition == null)
            return answer.errorCode(owner.whyNotLed(question.partition()).code())
                    .build();
        ErrorCode epochError =
                LanePartitions.checkLeaderEpoch(question.wanted().currentLeaderEpoch(), partition.leaderEpoch());
        if (epochError != ErrorCode.NONE)
            return answer.errorCode(epochError.code()).build();
        try {
            long timestamp = question.wanted().timestamp();
            Optional<TimestampOffset> found = find(partition, timestamp, reader);
            if (found.isEmpty() && reader.mayMiss(partition) && mayBeUncommitted(timestamp))
                return answer.errorCode(notAvailable(version).code()).build();
            found.ifPresent(at -> answer.timestamp(at.timestamp())
                    .offset(at.offset())
                    .leaderEpoch(version >= FIRST_VERSION_WITH_EPOCHS ? at.leaderEpoch() : -1));
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return answer.errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code()).build();
        } catch (CorruptLog unreadable) {
            // A client may have written compressed records that do not unpack; that is no reason to ask again.
            return answer.errorCode(ErrorCode.INVALID_RECORD.code()).build();
        }
        return answer.build();
    }

    /** How far who asks may see: followers to the log's end, consumers to what is committed, or decided as well. */
    private enum Reader {
        FOLLOWER,
        OF_COMMITTED,
        OF_DECIDED;

        static Reader of(ListOffsetsRequest request) {
            if (request.replicaId() >= 0) return FOLLOWER;
            return request.isolationLevel() == 1 ? OF_DECIDED : OF_COMMITTED;
        }

        long end(LeaderPartition partition) {
            PartitionLog log = partition.log();
            return switch (this) {
                case FOLLOWER -> log.logEndOffset();
                case OF_COMMITTED -> partition.highWatermark();
                case OF_DECIDED -> Math.min(log.lastStableOffset(), partition.highWatermark());
            };
        }

        /** Whether a new leader does not know yet how far that is (KIP-207). */
        boolean mayMiss(LeaderPartition partition) {
            return this != FOLLOWER && !partition.knowsCommitted();
        }
    }

    private static boolean mayBeUncommitted(long timestamp) {
        return timestamp == LATEST || timestamp == MAX_TIMESTAMP || timestamp >= 0;
    }

    /** Older clients take it for an election that is going on. */
    private static ErrorCode notAvailable(int version) {
        return version >= FIRST_VERSION_WITH_NOT_AVAILABLE
                ? ErrorCode.OFFSET_NOT_AVAILABLE
                : ErrorCode.LEADER_NOT_AVAILABLE;
    }

    private static Optional<TimestampOffset> find(LeaderPartition partition, long timestamp, Reader reader) {
        PartitionLog log = partition.log();
        long end = reader.end(partition);
        if (timestamp == LATEST)
            return reader.mayMiss(partition)
                    ? Optional.empty()
                    : Optional.of(new TimestampOffset(-1, end, partition.leaderEpoch()));
        if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL)
            return Optional.of(new TimestampOffset(-1, log.logStartOffset(), log.epochAt(log.logStartOffset())));
        if (timestamp == LATEST_TIERED || timestamp == EARLIEST_PENDING_UPLOAD) return Optional.empty();
        Optional<TimestampOffset> found =
                timestamp == MAX_TIMESTAMP ? log.maxTimestampOffset() : log.offsetForTimestamp(timestamp);
        return found.filter(at -> at.offset() < end);
    }
}
