package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AddRaftVoterRequest;
import io.millrace.protocol.messages.AddRaftVoterResponse;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.protocol.messages.RemoveRaftVoterRequest;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an {@link Admin} does with the metadata quorum: who votes, and how far they are (KIP-595, 853). */
public final class QuorumAdmin {
    private static final String TOPIC = "__cluster_metadata";
    private static final int FIRST_WITHOUT_WAITING = 1;

    private final Cluster cluster;

    QuorumAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** The quorum as its leader sees it. */
    public QuorumStatus describe() {
        var request = new DescribeQuorumRequest(List.of(
                new DescribeQuorumRequest.TopicData(TOPIC, List.of(new DescribeQuorumRequest.PartitionData(0)))));
        var call = Call.of(request, DescribeQuorumResponse.class, QuorumAdmin::errors);
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), answer.errorMessage());
        if (answer.topics().size() != 1
                || answer.topics().getFirst().partitions().size() != 1)
            throw new ClientFailure.Refused(
                    ErrorCode.UNKNOWN_SERVER_ERROR, "the answer is not about the metadata log alone");
        DescribeQuorumResponse.PartitionData partition =
                answer.topics().getFirst().partitions().getFirst();
        requireDone(partition.errorCode(), partition.errorMessage());
        Map<Integer, List<HostAndPort>> endpoints = new HashMap<>();
        for (var node : answer.nodes())
            endpoints.put(
                    node.nodeId(),
                    node.listeners().stream()
                            .map(it -> new HostAndPort(it.host(), it.port()))
                            .toList());
        return new QuorumStatus(
                partition.leaderId(),
                partition.leaderEpoch(),
                partition.highWatermark(),
                replicas(partition.currentVoters(), endpoints),
                replicas(partition.observers(), Map.of()));
    }

    private static List<Short> errors(DescribeQuorumResponse answer) {
        List<Short> errors = new ArrayList<>(List.of(answer.errorCode()));
        for (var topic : answer.topics()) for (var partition : topic.partitions()) errors.add(partition.errorCode());
        return errors;
    }

    private static List<QuorumStatus.Replica> replicas(
            List<DescribeQuorumResponse.ReplicaState> states, Map<Integer, List<HostAndPort>> endpoints) {
        return states.stream()
                .map(it -> new QuorumStatus.Replica(
                        it.replicaId(),
                        it.replicaDirectoryId(),
                        it.logEndOffset(),
                        it.lastFetchTimestamp(),
                        it.lastCaughtUpTimestamp(),
                        endpoints.getOrDefault(it.replicaId(), List.of())))
                .sorted(Comparator.comparingInt(QuorumStatus.Replica::id))
                .toList();
    }

    /**
     * Has a controller vote that follows the metadata log already.
     *
     * @param directoryId of its metadata log directory, as its {@code meta.properties} says
     * @param listeners by name, the controller listeners by which the others reach it, at least one
     * @param waitsForCommit whether to wait until that is committed; not to wants a cluster of 4.2 or later
     * @throws ClientFailure.Refused if it was not added, or not in time
     */
    public void addVoter(int id, Uuid directoryId, Map<String, HostAndPort> listeners, boolean waitsForCommit) {
        var call = new Call<>(
                ApiKey.ADD_RAFT_VOTER,
                waitsForCommit ? 0 : FIRST_WITHOUT_WAITING,
                ApiKey.ADD_RAFT_VOTER.latestVersion(),
                version -> {
                    var request = AddRaftVoterRequest.builder()
                            .clusterId(null)
                            .timeoutMs(cluster.options().timeoutMs())
                            .voterId(id)
                            .voterDirectoryId(directoryId)
                            .listeners(listeners.entrySet().stream()
                                    .map(it -> new AddRaftVoterRequest.Listener(
                                            it.getKey(),
                                            it.getValue().host(),
                                            it.getValue().port()))
                                    .toList());
                    if (version >= FIRST_WITHOUT_WAITING) request.ackWhenCommitted(waitsForCommit);
                    return request.build();
                },
                AddRaftVoterResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), answer.errorMessage());
    }

    /**
     * Has a voter vote no more.
     *
     * @param directoryId of its metadata log directory
     * @throws ClientFailure.Refused if it was not removed, or not in time
     */
    public void removeVoter(int id, Uuid directoryId) {
        var request = RemoveRaftVoterRequest.builder()
                .clusterId(null)
                .voterId(id)
                .voterDirectoryId(directoryId)
                .build();
        var call = Call.of(request, RemoveRaftVoterResponse.class, answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.Controller(), call, cluster.deadline());
        requireDone(answer.errorCode(), answer.errorMessage());
    }

    private static void requireDone(short errorCode, @Nullable String message) {
        if (errorCode != ErrorCode.NONE.code()) throw new ClientFailure.Refused(ErrorCode.forCode(errorCode), message);
    }
}
