package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignablePartition;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignableTopic;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersRequest.TopicPartitions;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What an {@link Admin} does with the replicas of partitions: who leads, and on which brokers they are (KIP-183, 455, 460). */
public final class ReplicaAdmin {
    private static final int FIRST_WITH_TYPES = 1;
    private static final int FIRST_WITH_KEPT_FACTOR = 1;

    private final Cluster cluster;

    ReplicaAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Who is to lead. */
    public enum Election {
        /** The first replica of the partition, if it is in sync. */
        PREFERRED(0),
        /** For a partition that nobody leads, any replica that is up: records the others had may be lost. */
        UNCLEAN(1);

        private final byte code;

        Election(int code) {
            this.code = (byte) code;
        }
    }

    /**
     * A partition whose replicas are changing.
     *
     * @param replicas all of them, those that come and those that go
     */
    public record Reassignment(List<Integer> replicas, List<Integer> adding, List<Integer> removing) {
        /** Copies the lists. */
        public Reassignment {
            replicas = List.copyOf(replicas);
            adding = List.copyOf(adding);
            removing = List.copyOf(removing);
        }
    }

    /**
     * Has leaders elected for these partitions.
     *
     * @return by partition: that its election is done, or why there was none; {@link ErrorCode#ELECTION_NOT_NEEDED} where all is well
     */
    public SortedMap<TopicPartition, Answer<TopicPartition>> elect(
            Election type, Collection<TopicPartition> partitions) {
        return partitions.isEmpty() ? new TreeMap<>() : elections(type, new TreeSet<>(partitions));
    }

    /** Has leaders elected for all partitions that need it, and tells of those only. */
    public SortedMap<TopicPartition, Answer<TopicPartition>> electAll(Election type) {
        return elections(type, null);
    }

    private SortedMap<TopicPartition, Answer<TopicPartition>> elections(
            Election type, @Nullable Collection<TopicPartition> partitions) {
        List<TopicPartitions> wanted = null;
        SortedMap<TopicPartition, Answer<TopicPartition>> outcomes = new TreeMap<>();
        if (partitions != null) {
            wanted = new ArrayList<>();
            for (var topic : byTopic(partitions).entrySet())
                wanted.add(new TopicPartitions(topic.getKey(), topic.getValue()));
            for (TopicPartition partition : partitions) outcomes.put(partition, TopicAdmin.unanswered());
        }
        var named = wanted;
        var call = new Call<>(
                ApiKey.ELECT_LEADERS,
                type == Election.PREFERRED ? 0 : FIRST_WITH_TYPES,
                ApiKey.ELECT_LEADERS.latestVersion(),
                version -> {
                    var request = ElectLeadersRequest.builder()
                            .topicPartitions(named)
                            .timeoutMs(cluster.options().timeoutMs());
                    if (version >= FIRST_WITH_TYPES) request.electionType(type.code);
                    return request.build();
                },
                ElectLeadersResponse.class,
                ReplicaAdmin::errors);
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), null);
        for (var topic : answer.replicaElectionResults())
            for (var it : topic.partitionResult()) {
                TopicPartition partition = new TopicPartition(topic.topic(), it.partitionId());
                outcomes.put(partition, Answer.of(it.errorCode(), it.errorMessage(), partition));
            }
        return outcomes;
    }

    /** What is "not now" for the whole; a partition without a leader is not asked about again and again. */
    private static List<Short> errors(ElectLeadersResponse answer) {
        return List.of(answer.errorCode());
    }

    /**
     * Begins to move partitions to other brokers, or calls that off.
     *
     * @param targets by partition: the brokers its replicas are to be on, the preferred leader first; empty to go back to those of
     *     before
     * @return by partition: what was asked for, or why it is not begun
     */
    public SortedMap<TopicPartition, Answer<Optional<List<Integer>>>> reassign(
            Map<TopicPartition, Optional<List<Integer>>> targets) {
        return reassign(targets, true);
    }

    /**
     * As {@link #reassign(Map)}.
     *
     * @param mayChangeReplicationFactor whether a partition may get more or fewer replicas than it has (KIP-860); not to allow that
     *     wants a cluster of 4.1 or later
     */
    public SortedMap<TopicPartition, Answer<Optional<List<Integer>>>> reassign(
            Map<TopicPartition, Optional<List<Integer>>> targets, boolean mayChangeReplicationFactor) {
        SortedMap<TopicPartition, Answer<Optional<List<Integer>>>> outcomes = new TreeMap<>();
        if (targets.isEmpty()) return outcomes;
        for (TopicPartition partition : targets.keySet()) outcomes.put(partition, TopicAdmin.unanswered());
        List<ReassignableTopic> topics = new ArrayList<>();
        byTopic(new TreeSet<>(targets.keySet()))
                .forEach((topic, ids) -> topics.add(new ReassignableTopic(
                        topic,
                        ids.stream()
                                .map(id -> new ReassignablePartition(
                                        id,
                                        targets.getOrDefault(new TopicPartition(topic, id), Optional.empty())
                                                .orElse(null)))
                                .toList())));
        var request = AlterPartitionReassignmentsRequest.builder()
                .timeoutMs(cluster.options().timeoutMs())
                .allowReplicationFactorChange(mayChangeReplicationFactor)
                .topics(topics)
                .build();
        var call = Call.of(request, AlterPartitionReassignmentsResponse.class, answer -> List.of(answer.errorCode()));
        if (!mayChangeReplicationFactor) call = call.from(FIRST_WITH_KEPT_FACTOR);
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), answer.errorMessage());
        for (var topic : answer.responses())
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(topic.name(), it.partitionIndex());
                outcomes.put(
                        partition,
                        Answer.of(
                                it.errorCode(), it.errorMessage(), targets.getOrDefault(partition, Optional.empty())));
            }
        return outcomes;
    }

    /** The partitions whose replicas are changing. */
    public SortedMap<TopicPartition, Reassignment> reassignments() {
        return reassignments((List<ListPartitionReassignmentsTopics>) null);
    }

    /** Those of these partitions whose replicas are changing. */
    public SortedMap<TopicPartition, Reassignment> reassignments(Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) return new TreeMap<>();
        List<ListPartitionReassignmentsTopics> topics = new ArrayList<>();
        byTopic(new TreeSet<>(partitions))
                .forEach((topic, ids) -> topics.add(new ListPartitionReassignmentsTopics(topic, ids)));
        return reassignments(topics);
    }

    private SortedMap<TopicPartition, Reassignment> reassignments(
            @Nullable List<ListPartitionReassignmentsTopics> topics) {
        var request = ListPartitionReassignmentsRequest.builder()
                .timeoutMs(cluster.options().timeoutMs())
                .topics(topics)
                .build();
        var call = Call.of(request, ListPartitionReassignmentsResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), answer.errorMessage());
        SortedMap<TopicPartition, Reassignment> found = new TreeMap<>();
        for (var topic : answer.topics())
            for (var it : topic.partitions())
                found.put(
                        new TopicPartition(topic.name(), it.partitionIndex()),
                        new Reassignment(it.replicas(), it.addingReplicas(), it.removingReplicas()));
        return found;
    }

    private static void requireDone(short errorCode, @Nullable String message) {
        if (errorCode != ErrorCode.NONE.code()) throw new ClientFailure.Refused(ErrorCode.forCode(errorCode), message);
    }

    private static Map<String, List<Integer>> byTopic(Collection<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : partitions)
            byTopic.computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                    .add(partition.partition());
        return byTopic;
    }
}
