package io.millrace.server.handlers;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DeleteRecordsRequest;
import io.millrace.protocol.messages.DeleteRecordsResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.Gather;
import io.millrace.server.partitions.InternalTopics;
import io.millrace.storage.LogDirectoryFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** DeleteRecords (key 21), versions 0-2: moves the log start offset (KIP-107). */
public final class DeleteRecordsHandler implements Handler<DeleteRecordsRequest, DeleteRecordsResponse> {
    private static final long UP_TO_HIGH_WATERMARK = -1;

    private final BrokerLane home;
    private final Consumer<LogDirectoryFailed> diskFailed;

    /** Makes the handler of one lane. */
    public DeleteRecordsHandler(BrokerLane home, Consumer<LogDirectoryFailed> diskFailed) {
        this.home = home;
        this.diskFailed = diskFailed;
    }

    private record Question(TopicPartition partition, int wantedIndex, long beforeOffset) {}

    @Override
    public void handle(DeleteRecordsRequest request, Exchange<DeleteRecordsResponse> exchange) {
        List<Question> questions = new ArrayList<>();
        for (var topic : request.topics())
            for (var partition : topic.partitions())
                questions.add(new Question(
                        AskedPartition.of(topic.name(), partition.partitionIndex()),
                        partition.partitionIndex(),
                        partition.offset()));
        Gather.ask(home, questions, Question::partition, this::answer, answers -> {
            List<DeleteRecordsResponse.DeleteRecordsTopicResult> topics = new ArrayList<>();
            int next = 0;
            for (var topic : request.topics()) {
                int until = next + topic.partitions().size();
                topics.add(DeleteRecordsResponse.DeleteRecordsTopicResult.builder()
                        .name(topic.name())
                        .partitions(answers.subList(next, until))
                        .build());
                next = until;
            }
            exchange.reply(DeleteRecordsResponse.builder().topics(topics).build());
        });
    }

    private DeleteRecordsResponse.DeleteRecordsPartitionResult answer(BrokerLane owner, Question question) {
        var answer = DeleteRecordsResponse.DeleteRecordsPartitionResult.builder()
                .partitionIndex(question.wantedIndex())
                .lowWatermark(-1);
        if (InternalTopics.contains(question.partition().topic()))
            return answer.errorCode(ErrorCode.INVALID_TOPIC_EXCEPTION.code()).build();
        LeaderPartition partition = owner.partitions().find(question.partition());
        if (partition == null)
            return answer.errorCode(owner.whyNotLed(question.partition()).code())
                    .build();
        if (!partition.log().config().isDeleting())
            return answer.errorCode(ErrorCode.POLICY_VIOLATION.code()).build();
        long before =
                question.beforeOffset() == UP_TO_HIGH_WATERMARK ? partition.highWatermark() : question.beforeOffset();
        if (before < 0 || before > partition.highWatermark())
            return answer.errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code()).build();
        try {
            partition.deleteRecordsBefore(before);
        } catch (LogDirectoryFailed failed) {
            diskFailed.accept(failed);
            return answer.errorCode(ErrorCode.KAFKA_STORAGE_ERROR.code()).build();
        }
        return answer.lowWatermark(partition.log().logStartOffset()).build();
    }
}
