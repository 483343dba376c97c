package io.millrace.client.fetching.run;

import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest;
import io.millrace.protocol.messages.OffsetForLeaderEpochResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Gathers what is asked of one broker about offsets, and asks it in as few requests as can be. */
final class OffsetQuestions {
    private static final int CONSUMER = -1;

    /** Is told what the broker says; {@link ErrorCode#NETWORK_EXCEPTION} if it says nothing. */
    @FunctionalInterface
    interface Then {
        void said(ErrorCode error, long offset, long timestamp, int leaderEpoch);
    }

    private record Question(TopicPartition partition, int leaderEpoch, int positionEpoch, Then then) {}

    private final byte isolationLevel;
    private final Map<Long, List<Question>> byTimestamp = new TreeMap<>();
    private final List<Question> epochs = new ArrayList<>();

    OffsetQuestions(byte isolationLevel) {
        this.isolationLevel = isolationLevel;
    }

    void lookUp(TopicPartition partition, int leaderEpoch, long timestamp, Then then) {
        byTimestamp
                .computeIfAbsent(timestamp, each -> new ArrayList<>())
                .add(new Question(partition, leaderEpoch, 0, then));
    }

    void checkEpoch(TopicPartition partition, int leaderEpoch, int positionEpoch, Then then) {
        epochs.add(new Question(partition, leaderEpoch, positionEpoch, then));
    }

    void send(ClientConversation conversation, int timeoutMs) {
        byTimestamp.forEach((timestamp, questions) -> sendLookUps(conversation, timestamp, questions, timeoutMs));
        if (!epochs.isEmpty()) sendEpochs(conversation);
    }

    private void sendLookUps(ClientConversation conversation, long timestamp, List<Question> questions, int timeoutMs) {
        Map<String, Map<Integer, ListOffsetsRequest.ListOffsetsPartition>> byTopic = new TreeMap<>();
        for (Question each : questions) {
            byTopic.computeIfAbsent(each.partition().topic(), name -> new TreeMap<>())
                    .put(
                            each.partition().partition(),
                            ListOffsetsRequest.ListOffsetsPartition.builder()
                                    .partitionIndex(each.partition().partition())
                                    .currentLeaderEpoch(each.leaderEpoch())
                                    .timestamp(timestamp)
                                    .build());
        }
        List<ListOffsetsRequest.ListOffsetsTopic> topics = new ArrayList<>();
        byTopic.forEach((name, partitions) ->
                topics.add(new ListOffsetsRequest.ListOffsetsTopic(name, List.copyOf(partitions.values()))));
        ListOffsetsRequest request = ListOffsetsRequest.builder()
                .replicaId(CONSUMER)
                .isolationLevel(isolationLevel)
                .topics(topics)
                .timeoutMs(timeoutMs)
                .build();
        conversation.send(request, answer -> {
            Map<TopicPartition, ListOffsetsResponse.ListOffsetsPartitionResponse> said = new HashMap<>();
            if (answer instanceof Answer.Answered(ListOffsetsResponse response, short version)) {
                for (var topic : response.topics()) {
                    for (var each : topic.partitions()) {
                        if (each.partitionIndex() >= 0)
                            said.put(new TopicPartition(topic.name(), each.partitionIndex()), each);
                    }
                }
            }
            for (Question each : questions) {
                var words = said.get(each.partition());
                if (words == null) each.then().said(unanswered(answer), -1, -1, -1);
                else
                    each.then()
                            .said(
                                    ErrorCode.forCode(words.errorCode()),
                                    words.offset(),
                                    words.timestamp(),
                                    words.leaderEpoch());
            }
        });
    }

    private void sendEpochs(ClientConversation conversation) {
        Map<String, List<OffsetForLeaderEpochRequest.OffsetForLeaderPartition>> byTopic = new TreeMap<>();
        for (Question each : epochs) {
            byTopic.computeIfAbsent(each.partition().topic(), name -> new ArrayList<>())
                    .add(new OffsetForLeaderEpochRequest.OffsetForLeaderPartition(
                            each.partition().partition(), each.leaderEpoch(), each.positionEpoch()));
        }
        List<OffsetForLeaderEpochRequest.OffsetForLeaderTopic> topics = new ArrayList<>();
        byTopic.forEach((name, partitions) ->
                topics.add(new OffsetForLeaderEpochRequest.OffsetForLeaderTopic(name, partitions)));
        OffsetForLeaderEpochRequest request = OffsetForLeaderEpochRequest.builder()
                .replicaId(CONSUMER)
                .topics(topics)
                .build();
        conversation.send(request, answer -> {
            Map<TopicPartition, OffsetForLeaderEpochResponse.EpochEndOffset> said = new HashMap<>();
            if (answer instanceof Answer.Answered(OffsetForLeaderEpochResponse response, short version)) {
                for (var topic : response.topics()) {
                    for (var each : topic.partitions()) {
                        if (each.partition() >= 0) said.put(new TopicPartition(topic.topic(), each.partition()), each);
                    }
                }
            }
            for (Question each : epochs) {
                var words = said.get(each.partition());
                if (words == null) each.then().said(unanswered(answer), -1, -1, -1);
                else each.then().said(ErrorCode.forCode(words.errorCode()), words.endOffset(), -1, words.leaderEpoch());
            }
        });
    }

    private static ErrorCode unanswered(Answer answer) {
        return answer instanceof Answer.Failed(Answer.Reason reason, String sentence)
                        && reason == Answer.Reason.UNSUPPORTED_VERSION
                ? ErrorCode.UNSUPPORTED_VERSION
                : ErrorCode.NETWORK_EXCEPTION;
    }
}
