package io.millrace.simulator.scenario;

import io.millrace.environment.Lane;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AddRaftVoterRequest;
import io.millrace.protocol.messages.AddRaftVoterResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.RemoveRaftVoterRequest;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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

    /** The longest text that messages have. */
    private static final int MOST_TEXT_BYTES = 32_767;
    /** With such a text each they are more than the 8 MiB of a batch. */
    private static final int TOO_MANY_TOPICS = 300;
    /** One of them; it is never there. */
    static final String TOO_LARGE = "too-large";

    private static final Set<ErrorCode> LEGAL_OF_VOTERS =
            Set.of(ErrorCode.NONE, ErrorCode.DUPLICATE_VOTER, ErrorCode.VOTER_NOT_FOUND, ErrorCode.INVALID_REQUEST);

    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final Caller caller;
    private final Lane lane;
    private final List<String> topics;
    private boolean allVote;

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

    /** Wants topics whose records are more together than a batch of the metadata log takes; none of them is made (M10). */
    void createTooMuch() {
        // Of one replica, as the work is in the number of bytes and not in that of replicas.
        String replicas = "0:" + "0".repeat(MOST_TEXT_BYTES - 3) + "1";
        List<CreateTopicsRequest.CreatableTopic> tooMany = IntStream.range(0, TOO_MANY_TOPICS)
                .mapToObj(number -> CreateTopicsRequest.CreatableTopic.builder()
                        .name(number == 0 ? TOO_LARGE : TOO_LARGE + "-" + number)
                        .numPartitions(1)
                        .replicationFactor((short) 1)
                        .configs(List.of(CreateTopicsRequest.CreatableTopicConfig.builder()
                                .name("leader.replication.throttled.replicas")
                                .value(replicas)
                                .build()))
                        .build())
                .toList();
        CreateTopicsRequest request = CreateTopicsRequest.builder()
                .topics(tooMany)
                .timeoutMs(TIMEOUT_MS)
                .build();
        lane.execute(() -> caller.ask(
                request,
                CreateTopicsResponse.class,
                answer -> answer.topics().forEach(each -> {
                    ErrorCode error = ErrorCode.forCode(each.errorCode());
                    if (error != ErrorCode.POLICY_VIOLATION && !error.isRetriable())
                        throw new AssertionError("M10: " + TOO_MANY_TOPICS + " topics with properties of "
                                + MOST_TEXT_BYTES + " bytes each: " + error + ", " + each.errorMessage());
                }),
                () -> {}));
    }

    /** Has a controller vote, which may do so already. */
    void addVoter(int id) {
        nodes.quorumDisks().directoryId(id).ifPresent(directory -> lane.execute(() -> add(id, directory, () -> {})));
    }

    /** Has a controller vote no more, if it does. */
    void removeVoter(int id) {
        nodes.quorumDisks().directoryId(id).ifPresent(directory -> lane.execute(() -> remove(id, directory, () -> {})));
    }

    private void add(int id, Uuid directory, Runnable then) {
        AddRaftVoterRequest request = AddRaftVoterRequest.builder()
                .clusterId(SimulatedServer.CLUSTER_ID)
                .timeoutMs(TIMEOUT_MS)
                .voterId(id)
                .voterDirectoryId(directory)
                .listeners(List.of(new AddRaftVoterRequest.Listener(
                        ClusterNodes.CONTROLLER, ClusterNodes.HOST, ClusterNodes.controllerPort(id))))
                .ackWhenCommitted(true)
                .build();
        caller.ask(
                request,
                AddRaftVoterResponse.class,
                answer -> {
                    requireLegalChange("adding a voter", answer.errorCode(), answer.errorMessage());
                    then.run();
                },
                then);
    }

    private void remove(int id, Uuid directory, Runnable then) {
        RemoveRaftVoterRequest request = RemoveRaftVoterRequest.builder()
                .clusterId(SimulatedServer.CLUSTER_ID)
                .voterId(id)
                .voterDirectoryId(directory)
                .build();
        caller.ask(
                request,
                RemoveRaftVoterResponse.class,
                answer -> {
                    requireLegalChange("removing a voter", answer.errorCode(), answer.errorMessage());
                    then.run();
                },
                then);
    }

    private void requireLegalChange(String what, short code, @Nullable String message) {
        ErrorCode error = ErrorCode.forCode(code);
        boolean isLegal = nodes.isDynamic()
                ? LEGAL_OF_VOTERS.contains(error) || error.isRetriable()
                : error == ErrorCode.UNSUPPORTED_VERSION || error.isRetriable();
        if (!isLegal) throw new AssertionError(what + " is answered with " + error + ", " + message);
    }

    /** Goes on until all controllers vote, by the disks that they have now. */
    void haveAllVote() {
        lane.execute(this::lookWhoVotes);
    }

    /** Whether they do. */
    boolean allVote() {
        return allVote;
    }

    private void lookWhoVotes() {
        DescribeQuorumRequest request = DescribeQuorumRequest.builder()
                .topics(List.of(DescribeQuorumRequest.TopicData.builder()
                        .topicName("__cluster_metadata")
                        .partitions(List.of(new DescribeQuorumRequest.PartitionData(0)))
                        .build()))
                .build();
        Runnable again = () -> caller.afterPause(this::lookWhoVotes);
        caller.ask(
                request,
                DescribeQuorumResponse.class,
                answer -> {
                    if (answer.errorCode() != ErrorCode.NONE.code()
                            || answer.topics()
                                            .getFirst()
                                            .partitions()
                                            .getFirst()
                                            .errorCode()
                                    != ErrorCode.NONE.code()) again.run();
                    else
                        change(
                                answer.topics()
                                        .getFirst()
                                        .partitions()
                                        .getFirst()
                                        .currentVoters(),
                                again);
                },
                again);
    }

    /** Removes who it was that has another disk now, and adds who does not vote, one at a time. */
    private void change(List<DescribeQuorumResponse.ReplicaState> voters, Runnable then) {
        Map<Integer, Uuid> voting = new TreeMap<>();
        voters.forEach(each -> voting.put(each.replicaId(), each.replicaDirectoryId()));
        for (int id = 1; id <= nodes.shape().voterCount(); id++) {
            Uuid known = voting.get(id);
            Optional<Uuid> now = nodes.quorumDisks().directoryId(id);
            if (now.isEmpty()) {
                then.run();
                return;
            }
            if (now.get().equals(known)) continue;
            if (known != null) remove(id, known, then);
            else add(id, now.get(), then);
            return;
        }
        allVote = true;
    }

    private static void requireLegal(String what, short code, @Nullable String message) {
        ErrorCode error = ErrorCode.forCode(code);
        if (!LEGAL.contains(error) && !error.isRetriable())
            throw new AssertionError(what + " is answered with " + error + ", " + message);
    }
}
