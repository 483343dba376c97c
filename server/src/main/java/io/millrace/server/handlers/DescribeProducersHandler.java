package io.millrace.server.handlers;

import io.millrace.protocol.messages.DescribeProducersRequest;
import io.millrace.protocol.messages.DescribeProducersResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.AskedPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.Gather;
import java.util.ArrayList;
import java.util.List;

/** DescribeProducers (key 61), version 0: which producer ids are active on a partition (KIP-664). */
public final class DescribeProducersHandler implements Handler<DescribeProducersRequest, DescribeProducersResponse> {
    private final BrokerLane home;

    /** Makes the handler of one lane. */
    public DescribeProducersHandler(BrokerLane home) {
        this.home = home;
    }

    private record Question(TopicPartition partition, int wantedIndex) {}

    @Override
    public void handle(DescribeProducersRequest request, Exchange<DescribeProducersResponse> exchange) {
        List<Question> questions = new ArrayList<>();
        for (var topic : request.topics())
            for (int partition : topic.partitionIndexes())
                questions.add(new Question(AskedPartition.of(topic.name(), partition), partition));
        Gather.ask(home, questions, Question::partition, DescribeProducersHandler::answer, answers -> {
            List<DescribeProducersResponse.TopicResponse> topics = new ArrayList<>();
            int next = 0;
            for (var topic : request.topics()) {
                int until = next + topic.partitionIndexes().size();
                topics.add(DescribeProducersResponse.TopicResponse.builder()
                        .name(topic.name())
                        .partitions(answers.subList(next, until))
                        .build());
                next = until;
            }
            exchange.reply(DescribeProducersResponse.builder().topics(topics).build());
        });
    }

    private static DescribeProducersResponse.PartitionResponse answer(BrokerLane owner, Question question) {
        TopicPartition name = question.partition();
        var answer = DescribeProducersResponse.PartitionResponse.builder().partitionIndex(question.wantedIndex());
        LeaderPartition partition = owner.partitions().find(name);
        if (partition == null) {
            var error = owner.whyNotLed(name);
            return answer.errorCode(error.code()).errorMessage(error.message()).build();
        }
        List<DescribeProducersResponse.ProducerState> producers = new ArrayList<>();
        for (var producer : partition.log().activeProducers())
            producers.add(DescribeProducersResponse.ProducerState.builder()
                    .producerId(producer.producerId())
                    .producerEpoch(producer.producerEpoch())
                    .lastSequence(producer.lastSequence())
                    .lastTimestamp(producer.lastTimestamp())
                    .coordinatorEpoch(producer.coordinatorEpoch())
                    .currentTxnStartOffset(producer.currentTransactionFirstOffset())
                    .build());
        return answer.errorMessage(null).activeProducers(producers).build();
    }
}
