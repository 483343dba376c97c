package io.millrace.raft.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BeginQuorumEpochRequest;
import io.millrace.protocol.messages.EndQuorumEpochRequest;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchSnapshotRequest;
import io.millrace.protocol.messages.VoteRequest;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.records.OffsetAndEpoch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What replicas ask each other, as Kafka's messages and back: Vote (52), BeginQuorumEpoch (53), EndQuorumEpoch (54), Fetch (1)
 * and FetchSnapshot (59), each about the one partition of the metadata topic. Older versions say less: no directories, and of
 * successors only the ids.
 */
public final class PeerRequestMessages {
    /** Name of the topic; its id is {@link Uuid#METADATA_TOPIC_ID}. */
    static final String TOPIC = "__cluster_metadata";

    /** How much of the log one answer may hold, save that one batch always fits. */
    private static final int FETCH_BYTES = 8 << 20;

    /** How much of a snapshot one answer may hold. */
    private static final int PART_BYTES = 1 << 20;

    private PeerRequestMessages() {}

    /**
     * Who asks.
     *
     * @param endpoints where the asking replica's controller listens
     */
    public record Sender(String clusterId, ReplicaKey key, List<Voter.Endpoint> endpoints) {
        /** Copies the endpoints. */
        public Sender {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** What a message turned out to be. */
    public sealed interface Read {
        /**
         * A request of another replica.
         *
         * @param addressee whom it takes the receiver for, if it says so
         */
        record Understood(ReplicaKey from, Optional<ReplicaKey> addressee, PeerRequest request) implements Read {}

        /** It is not about the metadata log of this cluster, or makes no sense: this is the answer's top-level error. */
        record Wrong(ErrorCode error) implements Read {}
    }

    /** The message that says a request. */
    public static Request write(PeerRequest request, Sender sender, ReplicaKey to) {
        return switch (request) {
            case PeerRequest.Vote vote -> vote(vote, sender, to);
            case PeerRequest.BeginQuorumEpoch begin -> begin(begin, sender, to);
            case PeerRequest.EndQuorumEpoch end -> end(end, sender);
            case PeerRequest.Fetch fetch -> fetch(fetch, sender);
            case PeerRequest.FetchSnapshot fetch -> fetchSnapshot(fetch, sender);
            case PeerRequest.ChangeVoters wish -> VoterChangeMessages.write(wish.change(), sender.clusterId());
        };
    }

    private static Request vote(PeerRequest.Vote vote, Sender sender, ReplicaKey to) {
        var partition = VoteRequest.PartitionData.builder()
                .partitionIndex(0)
                .replicaEpoch(vote.epoch())
                .replicaId(sender.key().id())
                .replicaDirectoryId(sender.key().directoryId())
                .voterDirectoryId(to.directoryId())
                .lastOffsetEpoch(vote.logEnd().leaderEpoch())
                .lastOffset(vote.logEnd().offset())
                .preVote(vote.isPreVote())
                .build();
        var topic = VoteRequest.TopicData.builder().topicName(TOPIC).partitions(List.of(partition));
        return VoteRequest.builder()
                .clusterId(sender.clusterId())
                .voterId(to.id())
                .topics(List.of(topic.build()))
                .build();
    }

    private static Request begin(PeerRequest.BeginQuorumEpoch begin, Sender sender, ReplicaKey to) {
        var partition = BeginQuorumEpochRequest.PartitionData.builder()
                .partitionIndex(0)
                .voterDirectoryId(to.directoryId())
                .leaderId(sender.key().id())
                .leaderEpoch(begin.epoch())
                .build();
        var topic = BeginQuorumEpochRequest.TopicData.builder().topicName(TOPIC).partitions(List.of(partition));
        List<BeginQuorumEpochRequest.LeaderEndpoint> endpoints = new ArrayList<>();
        for (Voter.Endpoint endpoint : sender.endpoints())
            endpoints.add(BeginQuorumEpochRequest.LeaderEndpoint.builder()
                    .name(endpoint.listener())
                    .host(endpoint.host())
                    .port(endpoint.port())
                    .build());
        return BeginQuorumEpochRequest.builder()
                .clusterId(sender.clusterId())
                .voterId(to.id())
                .topics(List.of(topic.build()))
                .leaderEndpoints(endpoints)
                .build();
    }

    private static Request end(PeerRequest.EndQuorumEpoch end, Sender sender) {
        List<Integer> ids = new ArrayList<>();
        List<EndQuorumEpochRequest.ReplicaInfo> candidates = new ArrayList<>();
        for (ReplicaKey candidate : end.preferredCandidates()) {
            ids.add(candidate.id());
            candidates.add(EndQuorumEpochRequest.ReplicaInfo.builder()
                    .candidateId(candidate.id())
                    .candidateDirectoryId(candidate.directoryId())
                    .build());
        }
        var partition = EndQuorumEpochRequest.PartitionData.builder()
                .partitionIndex(0)
                .leaderId(sender.key().id())
                .leaderEpoch(end.epoch())
                .preferredSuccessors(ids)
                .preferredCandidates(candidates)
                .build();
        var topic = EndQuorumEpochRequest.TopicData.builder().topicName(TOPIC).partitions(List.of(partition));
        List<EndQuorumEpochRequest.LeaderEndpoint> endpoints = new ArrayList<>();
        for (Voter.Endpoint endpoint : sender.endpoints())
            endpoints.add(EndQuorumEpochRequest.LeaderEndpoint.builder()
                    .name(endpoint.listener())
                    .host(endpoint.host())
                    .port(endpoint.port())
                    .build());
        return EndQuorumEpochRequest.builder()
                .clusterId(sender.clusterId())
                .topics(List.of(topic.build()))
                .leaderEndpoints(endpoints)
                .build();
    }

    private static Request fetch(PeerRequest.Fetch fetch, Sender sender) {
        var partition = FetchRequest.FetchPartition.builder()
                .partition(0)
                .currentLeaderEpoch(fetch.epoch())
                .fetchOffset(fetch.logEnd().offset())
                .lastFetchedEpoch(fetch.logEnd().leaderEpoch())
                .partitionMaxBytes(FETCH_BYTES)
                .replicaDirectoryId(sender.key().directoryId())
                .highWatermark(fetch.highWatermark())
                .build();
        var topic = FetchRequest.FetchTopic.builder()
                .topic(TOPIC)
                .topicId(Uuid.METADATA_TOPIC_ID)
                .partitions(List.of(partition));
        // Replicas of Kafka 4 speak version 15 and above, where the id has this place.
        return FetchRequest.builder()
                .clusterId(sender.clusterId())
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(sender.key().id())
                        .build())
                .maxWaitMs(fetch.maxWaitMs())
                .maxBytes(FETCH_BYTES)
                .topics(List.of(topic.build()))
                .build();
    }

    private static Request fetchSnapshot(PeerRequest.FetchSnapshot fetch, Sender sender) {
        var id = FetchSnapshotRequest.SnapshotId.builder()
                .endOffset(fetch.snapshotId().offset())
                .epoch(fetch.snapshotId().leaderEpoch());
        var partition = FetchSnapshotRequest.PartitionSnapshot.builder()
                .partition(0)
                .currentLeaderEpoch(fetch.epoch())
                .snapshotId(id.build())
                .position(fetch.position())
                .replicaDirectoryId(sender.key().directoryId());
        var topic = FetchSnapshotRequest.TopicSnapshot.builder().name(TOPIC).partitions(List.of(partition.build()));
        return FetchSnapshotRequest.builder()
                .clusterId(sender.clusterId())
                .replicaId(sender.key().id())
                .maxBytes(PART_BYTES)
                .topics(List.of(topic.build()))
                .build();
    }

    /**
     * What a message asks.
     *
     * @param clusterId of this cluster; a message that names another one is wrong
     * @throws IllegalStateException for a message that replicas do not exchange
     */
    public static Read read(Request message, String clusterId) {
        try {
            return switch (message) {
                case VoteRequest vote -> read(vote, clusterId);
                case BeginQuorumEpochRequest begin -> read(begin, clusterId);
                case EndQuorumEpochRequest end -> read(end, clusterId);
                case FetchRequest fetch -> read(fetch, clusterId);
                case FetchSnapshotRequest fetch -> read(fetch, clusterId);
                default -> throw new IllegalStateException(message.apiKey() + " is no request of a replica");
            };
        } catch (IllegalArgumentException outOfRange) {
            // An id, epoch or offset below 0.
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        }
    }

    private static Read read(VoteRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID);
        if (message.topics().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        VoteRequest.TopicData topic = message.topics().getFirst();
        if (!topic.topicName().equals(TOPIC) || topic.partitions().size() != 1)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        VoteRequest.PartitionData partition = topic.partitions().getFirst();
        if (partition.partitionIndex() != 0 || isNoEpoch(partition.replicaEpoch()))
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        var logEnd = new OffsetAndEpoch(partition.lastOffset(), partition.lastOffsetEpoch());
        return new Read.Understood(
                new ReplicaKey(partition.replicaId(), partition.replicaDirectoryId()),
                addressee(message.voterId(), partition.voterDirectoryId()),
                new PeerRequest.Vote(partition.replicaEpoch(), logEnd, partition.preVote()));
    }

    private static Read read(BeginQuorumEpochRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID);
        if (message.topics().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        BeginQuorumEpochRequest.TopicData topic = message.topics().getFirst();
        if (!topic.topicName().equals(TOPIC) || topic.partitions().size() != 1)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        BeginQuorumEpochRequest.PartitionData partition = topic.partitions().getFirst();
        if (partition.partitionIndex() != 0 || isNoEpoch(partition.leaderEpoch()))
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        return new Read.Understood(
                new ReplicaKey(partition.leaderId(), Uuid.ZERO),
                addressee(message.voterId(), partition.voterDirectoryId()),
                new PeerRequest.BeginQuorumEpoch(partition.leaderEpoch()));
    }

    private static Read read(EndQuorumEpochRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID);
        if (message.topics().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        EndQuorumEpochRequest.TopicData topic = message.topics().getFirst();
        if (!topic.topicName().equals(TOPIC) || topic.partitions().size() != 1)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        EndQuorumEpochRequest.PartitionData partition = topic.partitions().getFirst();
        if (partition.partitionIndex() != 0 || isNoEpoch(partition.leaderEpoch()))
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        List<ReplicaKey> candidates = new ArrayList<>();
        for (EndQuorumEpochRequest.ReplicaInfo candidate : partition.preferredCandidates())
            candidates.add(new ReplicaKey(candidate.candidateId(), candidate.candidateDirectoryId()));
        if (candidates.isEmpty())
            for (int id : partition.preferredSuccessors()) candidates.add(new ReplicaKey(id, Uuid.ZERO));
        return new Read.Understood(
                new ReplicaKey(partition.leaderId(), Uuid.ZERO),
                Optional.empty(),
                new PeerRequest.EndQuorumEpoch(partition.leaderEpoch(), candidates));
    }

    private static Read read(FetchRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID);
        if (message.topics().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        FetchRequest.FetchTopic topic = message.topics().getFirst();
        boolean isMetadata =
                topic.topicId().equals(Uuid.METADATA_TOPIC_ID) || topic.topic().equals(TOPIC);
        if (!isMetadata || topic.partitions().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        FetchRequest.FetchPartition partition = topic.partitions().getFirst();
        if (partition.partition() != 0 || isNoEpoch(partition.currentLeaderEpoch()) || message.maxWaitMs() < 0)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        int replicaId = Math.max(message.replicaState().replicaId(), message.replicaId());
        var logEnd = new OffsetAndEpoch(partition.fetchOffset(), partition.lastFetchedEpoch());
        return new Read.Understood(
                new ReplicaKey(replicaId, partition.replicaDirectoryId()),
                Optional.empty(),
                new PeerRequest.Fetch(
                        partition.currentLeaderEpoch(), logEnd, partition.highWatermark(), message.maxWaitMs()));
    }

    private static Read read(FetchSnapshotRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID);
        if (message.topics().size() != 1) return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        FetchSnapshotRequest.TopicSnapshot topic = message.topics().getFirst();
        if (!topic.name().equals(TOPIC) || topic.partitions().size() != 1)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        FetchSnapshotRequest.PartitionSnapshot partition = topic.partitions().getFirst();
        if (partition.partition() != 0 || isNoEpoch(partition.currentLeaderEpoch()) || partition.position() < 0)
            return new Read.Wrong(ErrorCode.INVALID_REQUEST);
        var id = new OffsetAndEpoch(
                partition.snapshotId().endOffset(), partition.snapshotId().epoch());
        return new Read.Understood(
                new ReplicaKey(message.replicaId(), partition.replicaDirectoryId()),
                Optional.empty(),
                new PeerRequest.FetchSnapshot(partition.currentLeaderEpoch(), id, partition.position()));
    }

    private static boolean isNoEpoch(int epoch) {
        return epoch < 0 || epoch > LeaderAndEpoch.LAST_EPOCH;
    }

    private static boolean isOfAnother(@Nullable String claimed, String clusterId) {
        return claimed != null && !claimed.equals(clusterId);
    }

    private static Optional<ReplicaKey> addressee(int voterId, Uuid directoryId) {
        return voterId < 0 ? Optional.empty() : Optional.of(new ReplicaKey(voterId, directoryId));
    }
}
