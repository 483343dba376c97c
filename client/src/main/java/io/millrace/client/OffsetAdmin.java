package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.messages.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.ListOffsetsResponse.ListOffsetsPartitionResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What an {@link Admin} asks of logs (KIP-396). */
public final class OffsetAdmin {
    /** Instead of a time: the end of what a consumer may read, which is the high watermark. */
    public static final long LATEST = -1;

    /** Instead of a time: the log's start. */
    public static final long EARLIEST = -2;

    /** Instead of a time: the record with the largest timestamp (KIP-734). */
    public static final long MAX_TIMESTAMP = -3;

    /** The oldest version of ListOffsets that knows {@link #MAX_TIMESTAMP}. */
    private static final int FIRST_WITH_MAX_TIMESTAMP = 7;

    private static final int NOT_A_REPLICA = -1;

    private final Cluster cluster;

    OffsetAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * The offset of the first record with at least that timestamp.
     *
     * @param timestamp in ms since 1970, or {@link #LATEST}, {@link #EARLIEST} or {@link #MAX_TIMESTAMP}
     * @return by topic and partition; -1 where there is no such record; refused where the partition has no leader or is unknown
     */
    public Map<TopicPartition, Answer<Long>> find(Collection<TopicPartition> partitions, long timestamp) {
        Deadline deadline = cluster.deadline();
        Map<TopicPartition, Answer<Long>> outcomes = new TreeMap<>();
        Map<Integer, Set<TopicPartition>> byLeader = leaders(partitions, outcomes, deadline);
        byLeader.forEach((leader, led) -> find(leader, led, timestamp, outcomes, deadline));
        return outcomes;
    }

    /** Finds leaders; what has none, or is not known, is answered here. */
    private Map<Integer, Set<TopicPartition>> leaders(
            Collection<TopicPartition> partitions, Map<TopicPartition, Answer<Long>> outcomes, Deadline deadline) {
        Map<Integer, Set<TopicPartition>> byLeader = new TreeMap<>();
        Set<String> topics = new TreeSet<>();
        for (TopicPartition partition : partitions) {
            topics.add(partition.topic());
            outcomes.put(
                    partition,
                    Answer.refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(), "there is no partition " + partition));
        }
        for (var topic : cluster.metadata(List.copyOf(topics), deadline).topics()) {
            String name = topic.name();
            if (name == null) continue;
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(name, it.partitionIndex());
                if (!outcomes.containsKey(partition)) continue;
                if (it.leaderId() < 0)
                    outcomes.put(
                            partition,
                            Answer.refused(ErrorCode.LEADER_NOT_AVAILABLE.code(), partition + " has no leader now"));
                else
                    byLeader.computeIfAbsent(it.leaderId(), id -> new TreeSet<>())
                            .add(partition);
            }
        }
        return byLeader;
    }

    private void find(
            int leader,
            Set<TopicPartition> led,
            long timestamp,
            Map<TopicPartition, Answer<Long>> outcomes,
            Deadline deadline) {
        Map<String, List<ListOffsetsPartition>> byTopic = new TreeMap<>();
        for (TopicPartition partition : led)
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(ListOffsetsPartition.builder()
                            .partitionIndex(partition.partition())
                            .timestamp(timestamp)
                            .build());
        var request = ListOffsetsRequest.builder()
                .replicaId(NOT_A_REPLICA)
                .topics(byTopic.entrySet().stream()
                        .map(it -> new ListOffsetsTopic(it.getKey(), it.getValue()))
                        .toList())
                .timeoutMs(deadline.leftMs())
                .build();
        var call = Call.of(
                request,
                ListOffsetsResponse.class,
                answer -> answer.topics().stream()
                        .flatMap(topic -> topic.partitions().stream())
                        .map(ListOffsetsPartitionResponse::errorCode)
                        .toList());
        if (timestamp == MAX_TIMESTAMP) call = call.from(FIRST_WITH_MAX_TIMESTAMP);
        var answer = cluster.ask(new Destination.Broker(leader), call, deadline);
        for (var topic : answer.topics())
            for (var it : topic.partitions())
                outcomes.put(
                        new TopicPartition(topic.name(), it.partitionIndex()),
                        Answer.of(it.errorCode(), null, it.offset()));
    }
}
