package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest;
import io.millrace.protocol.messages.OffsetForLeaderEpochResponse;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.Gather;
import io.millrace.server.partitions.LanePartitions;
import java.util.ArrayList;
import java.util.List;

/** OffsetForLeaderEpoch (key 23), versions 2-4: where an epoch ended, so that a client notices a truncation (KIP-320). */
public final class OffsetForLeaderEpochHandler
        implements Handler<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> {
    private final BrokerLane home;

    /** Makes the handler of one lane. */
    public OffsetForLeaderEpochHandler(BrokerLane home) {
        this.home = home;
    }

    private record Question(TopicPartition partition, OffsetForLeaderEpochRequest.OffsetForLeaderPartition wanted) {}

    @Override
    public void handle(OffsetForLeaderEpochRequest request, Exchange<OffsetForLeaderEpochResponse> exchange) {
        List<Question> questions = new ArrayList<>();
        for (var topic : request.topics())
            for (var partition : topic.partitions())
                questions.add(new Question(AskedPartition.of(topic.topic(), partition.partition()), partition));
        Gather.ask(home, questions, Question::partition, OffsetForLeaderEpochHandler::answer, answers -> {
            List<OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult> topics = new ArrayList<>();
            int next = 0;
            for (var topic : request.topics()) {
                int until = next + topic.partitions().size();
                topics.add(OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult.builder()
                        .topic(topic.topic())
                        .partitions(answers.subList(next, until))
                        .build());
                next = until;
            }
            exchange.reply(OffsetForLeaderEpochResponse.builder().topics(topics).build());
        });
    }

    private static OffsetForLeaderEpochResponse.EpochEndOffset answer(BrokerLane owner, Question question) {
        var answer = OffsetForLeaderEpochResponse.EpochEndOffset.builder()
                .partition(question.wanted().partition())
                .leaderEpoch(-1)
                .endOffset(-1);
        LeaderPartition partition = owner.partitions().find(question.partition());
        if (partition == null)
            return answer.errorCode(owner.whyNotLed(question.partition()).code())
                    .build();
        ErrorCode epochError =
                LanePartitions.checkLeaderEpoch(question.wanted().currentLeaderEpoch(), partition.leaderEpoch());
        if (epochError != ErrorCode.NONE)
            return answer.errorCode(epochError.code()).build();
        partition
                .log()
                .endOffsetForEpoch(question.wanted().leaderEpoch())
                .ifPresent((OffsetAndEpoch end) ->
                        answer.leaderEpoch(end.leaderEpoch()).endOffset(end.offset()));
        return answer.build();
    }
}
