package io.millrace.client;

import io.millrace.protocol.messages.DescribeProducersRequest;
import io.millrace.protocol.messages.DescribeProducersRequest.TopicRequest;
import io.millrace.protocol.messages.DescribeProducersResponse;
import io.millrace.protocol.messages.DescribeProducersResponse.ProducerState;
import io.millrace.protocol.messages.WriteTxnMarkersRequest;
import io.millrace.protocol.messages.WriteTxnMarkersRequest.WritableTxnMarker;
import io.millrace.protocol.messages.WriteTxnMarkersRequest.WritableTxnMarkerTopic;
import io.millrace.protocol.messages.WriteTxnMarkersResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/** What an {@link Admin} does with the producers of partitions, and the transactions they left hanging (KIP-664). */
public final class ProducerAdmin {
    private final Cluster cluster;

    ProducerAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** The producers that the leader of each partition remembers, by producer id. */
    public Map<TopicPartition, Answer<List<ActiveProducer>>> describe(Collection<TopicPartition> partitions) {
        Deadline deadline = cluster.deadline();
        return PartitionLeaders.ask(
                cluster, partitions, deadline, (leader, led, outcomes) -> describe(leader, led, outcomes, deadline));
    }

    /**
     * The producers that one broker remembers for partitions it keeps replicas of, by producer id.
     *
     * @return by topic and partition; NOT_LEADER_OR_FOLLOWER where it keeps none
     */
    public Map<TopicPartition, Answer<List<ActiveProducer>>> describe(
            int brokerId, Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) return Map.of();
        Map<TopicPartition, Answer<List<ActiveProducer>>> outcomes = new TreeMap<>();
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : new TreeSet<>(partitions)) {
            outcomes.put(partition, TopicAdmin.unanswered());
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(partition.partition());
        }
        describe(brokerId, byTopic, outcomes, cluster.deadline());
        return outcomes;
    }

    private void describe(
            int brokerId,
            Map<String, List<Integer>> byTopic,
            Map<TopicPartition, Answer<List<ActiveProducer>>> outcomes,
            Deadline deadline) {
        var request = DescribeProducersRequest.builder()
                .topics(byTopic.entrySet().stream()
                        .map(it -> new TopicRequest(it.getKey(), it.getValue()))
                        .toList())
                .build();
        var call = Call.of(request, DescribeProducersResponse.class, answer -> List.of());
        var answer = cluster.ask(new Destination.Broker(brokerId), call, deadline);
        for (var topic : answer.topics())
            for (var it : topic.partitions())
                outcomes.put(
                        new TopicPartition(topic.name(), it.partitionIndex()),
                        Answer.of(it.errorCode(), it.errorMessage(), active(it.activeProducers())));
    }

    private static List<ActiveProducer> active(List<ProducerState> states) {
        return states.stream()
                .map(it -> new ActiveProducer(
                        it.producerId(),
                        it.producerEpoch(),
                        it.lastSequence(),
                        it.lastTimestamp(),
                        it.coordinatorEpoch(),
                        it.currentTxnStartOffset() < 0
                                ? OptionalLong.empty()
                                : OptionalLong.of(it.currentTxnStartOffset())))
                .sorted(Comparator.comparingLong(ActiveProducer::producerId))
                .toList();
    }

    /**
     * Ends a transaction of one partition that nobody else ends any more: an abort marker is written for it. What the producer
     * wrote in other partitions is not touched.
     *
     * @param producer as {@link #describe} told it
     * @return the producer's id; INVALID_PRODUCER_EPOCH where it has gone on since
     */
    public Answer<Long> abort(TopicPartition partition, ActiveProducer producer) {
        Deadline deadline = cluster.deadline();
        Map<TopicPartition, Answer<Long>> answers =
                PartitionLeaders.ask(cluster, List.of(partition), deadline, (leader, led, outcomes) -> {
                    var marker = WritableTxnMarker.builder()
                            .producerId(producer.producerId())
                            .producerEpoch((short) producer.producerEpoch())
                            .transactionResult(false)
                            .topics(List.of(
                                    new WritableTxnMarkerTopic(partition.topic(), List.of(partition.partition()))))
                            // A producer without a marker so far has none; the first coordinator's epoch is 0.
                            .coordinatorEpoch(Math.max(0, producer.coordinatorEpoch()))
                            .build();
                    var request = WriteTxnMarkersRequest.builder()
                            .markers(List.of(marker))
                            .build();
                    var call = Call.of(request, WriteTxnMarkersResponse.class, answer -> List.of());
                    var answer = cluster.ask(new Destination.Broker(leader), call, deadline);
                    for (var result : answer.markers())
                        for (var topic : result.topics())
                            for (var it : topic.partitions())
                                outcomes.put(
                                        new TopicPartition(topic.name(), it.partitionIndex()),
                                        Answer.of(it.errorCode(), null, result.producerId()));
                });
        return answers.getOrDefault(partition, TopicAdmin.unanswered());
    }
}
