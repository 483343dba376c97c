package io.millrace.simulator.scenario;

import io.millrace.environment.Lane;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Does in the midst of everything what operators do to a cluster, and waits for nothing: what is asked for may come to pass much later. */
final class Operators {
    private static final int TIMEOUT_MS = 5_000;
    private static final byte PREFERRED = 0;
    private static final Set<ErrorCode> LEGAL = Set.of(
            ErrorCode.NONE,
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
            ErrorCode.ELECTION_NOT_NEEDED,
            ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);

    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final Caller caller;
    private final Lane lane;
    private final List<String> topics;

    /** @param topics whose partitions they move */
    Operators(ClusterNodes nodes, MetadataHistory metadata, Caller caller, Lane lane, List<String> topics) {
        this.nodes = nodes;
        this.metadata = metadata;
        this.caller = caller;
        this.lane = lane;
        this.topics = topics;
    }

    /** Wants the replicas of some partition on other brokers, or no longer what was wanted before; says what. */
    String reassign(SeededRandom draws) {
        String name = draws.pick(topics);
        TopicImage topic = metadata.newest().topics().topic(name);
        int index = topic == null ? 0 : draws.nextInt(topic.partitionCount());
        PartitionImage partition = topic == null ? null : topic.partition(index);
        if (partition == null) return name + " is not there yet";
        int count = partition.replicas().size() - partition.addingReplicas().size();
        List<Integer> wanted = draws.shuffled(brokers()).subList(0, count);
        boolean isCancelled = draws.nextInt(4) == 0;
        lane.execute(() -> reassign(name, index, isCancelled ? null : wanted));
        return name + "-" + index + (isCancelled ? " stays where it was" : " goes to " + wanted);
    }

    private List<Integer> brokers() {
        return IntStream.rangeClosed(1, nodes.shape().nodeCount())
                .filter(nodes.shape()::isBroker)
                .boxed()
                .toList();
    }

    private void reassign(String topic, int index, @Nullable List<Integer> replicas) {
        AlterPartitionReassignmentsRequest request = AlterPartitionReassignmentsRequest.builder()
                .timeoutMs(TIMEOUT_MS)
                .topics(List.of(AlterPartitionReassignmentsRequest.ReassignableTopic.builder()
                        .name(topic)
                        .partitions(List.of(AlterPartitionReassignmentsRequest.ReassignablePartition.builder()
                                .partitionIndex(index)
                                .replicas(replicas)
                                .build()))
                        .build()))
                .build();
        caller.ask(
                request,
                AlterPartitionReassignmentsResponse.class,
                answer -> {
                    requireLegal("a reassignment", answer.errorCode(), answer.errorMessage());
                    answer.responses()
                            .forEach(each -> each.partitions()
                                    .forEach(one ->
                                            requireLegal("a reassignment", one.errorCode(), one.errorMessage())));
                },
                () -> {});
    }

    /** Wants every partition led by its preferred leader. */
    void electPreferred() {
        lane.execute(() -> caller.ask(
                ElectLeadersRequest.builder()
                        .electionType(PREFERRED)
                        .topicPartitions(null)
                        .timeoutMs(TIMEOUT_MS)
                        .build(),
                ElectLeadersResponse.class,
                answer -> {
                    requireLegal("an election", answer.errorCode(), null);
                    answer.replicaElectionResults()
                            .forEach(each -> each.partitionResult()
                                    .forEach(one -> requireLegal("an election", one.errorCode(), one.errorMessage())));
                },
                () -> {}));
    }

    private static void requireLegal(String what, short code, @Nullable String message) {
        ErrorCode error = ErrorCode.forCode(code);
        if (!LEGAL.contains(error) && !error.isRetriable())
            throw new AssertionError(what + " is answered with " + error + ", " + message);
    }
}
