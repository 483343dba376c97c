package io.millrace.raft.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AddRaftVoterResponse;
import io.millrace.protocol.messages.BeginQuorumEpochRequest;
import io.millrace.protocol.messages.BeginQuorumEpochResponse;
import io.millrace.protocol.messages.EndQuorumEpochRequest;
import io.millrace.protocol.messages.EndQuorumEpochResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.FetchSnapshotRequest;
import io.millrace.protocol.messages.FetchSnapshotResponse;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import io.millrace.protocol.messages.UpdateRaftVoterResponse;
import io.millrace.protocol.messages.VoteRequest;
import io.millrace.protocol.messages.VoteResponse;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What replicas answer each other, as Kafka's messages and back; the counterpart of {@link PeerRequestMessages}. */
public final class PeerAnswerMessages {
    private PeerAnswerMessages() {}

    /**
     * The message that says an answer.
     *
     * @param request what was asked
     * @param leaderEndpoint where the leader the answer names is reached, if that is known (KIP-853)
     * @throws IllegalArgumentException for an answer that does not fit the request
     */
    public static Response write(PeerAnswer answer, Request request, Optional<Voter.Endpoint> leaderEndpoint) {
        return switch (request) {
            case VoteRequest ignored -> vote(answer, leaderEndpoint);
            case BeginQuorumEpochRequest ignored -> begin(answer, leaderEndpoint);
            case EndQuorumEpochRequest ignored -> end(answer, leaderEndpoint);
            case FetchRequest ignored -> fetch(answer, leaderEndpoint);
            case FetchSnapshotRequest fetch -> fetchSnapshot(answer, fetch, leaderEndpoint);
            default -> throw new IllegalArgumentException(request.apiKey() + " is no request of a replica");
        };
    }

    /** The answer to a request that is {@link PeerRequestMessages.Read.Wrong}. */
    public static Response refuse(Request request, ErrorCode error) {
        short code = error.code();
        return switch (request) {
            case VoteRequest ignored -> VoteResponse.builder().errorCode(code).build();
            case BeginQuorumEpochRequest ignored ->
                BeginQuorumEpochResponse.builder().errorCode(code).build();
            case EndQuorumEpochRequest ignored ->
                EndQuorumEpochResponse.builder().errorCode(code).build();
            case FetchRequest ignored -> FetchResponse.builder().errorCode(code).build();
            case FetchSnapshotRequest ignored ->
                FetchSnapshotResponse.builder().errorCode(code).build();
            default -> throw new IllegalArgumentException(request.apiKey() + " is no request of a replica");
        };
    }

    private static Response vote(PeerAnswer answer, Optional<Voter.Endpoint> leaderEndpoint) {
        var partition = VoteResponse.PartitionData.builder()
                .partitionIndex(0)
                .errorCode(error(answer, answer instanceof PeerAnswer.Voted))
                .leaderId(leaderId(answer))
                .leaderEpoch(answer.leader().epoch())
                .voteGranted(answer instanceof PeerAnswer.Voted voted && voted.isGranted());
        var topic = VoteResponse.TopicData.builder()
                .topicName(PeerRequestMessages.TOPIC)
                .partitions(List.of(partition.build()));
        return VoteResponse.builder()
                .topics(List.of(topic.build()))
                .nodeEndpoints(leaderEndpoint.stream()
                        .map(at -> VoteResponse.NodeEndpoint.builder()
                                .nodeId(leaderId(answer))
                                .host(at.host())
                                .port(at.port())
                                .build())
                        .toList())
                .build();
    }

    private static Response begin(PeerAnswer answer, Optional<Voter.Endpoint> leaderEndpoint) {
        var partition = BeginQuorumEpochResponse.PartitionData.builder()
                .partitionIndex(0)
                .errorCode(error(answer, answer instanceof PeerAnswer.Acknowledged))
                .leaderId(leaderId(answer))
                .leaderEpoch(answer.leader().epoch());
        var topic = BeginQuorumEpochResponse.TopicData.builder()
                .topicName(PeerRequestMessages.TOPIC)
                .partitions(List.of(partition.build()));
        return BeginQuorumEpochResponse.builder()
                .topics(List.of(topic.build()))
                .nodeEndpoints(leaderEndpoint.stream()
                        .map(at -> BeginQuorumEpochResponse.NodeEndpoint.builder()
                                .nodeId(leaderId(answer))
                                .host(at.host())
                                .port(at.port())
                                .build())
                        .toList())
                .build();
    }

    private static Response end(PeerAnswer answer, Optional<Voter.Endpoint> leaderEndpoint) {
        var partition = EndQuorumEpochResponse.PartitionData.builder()
                .partitionIndex(0)
                .errorCode(error(answer, answer instanceof PeerAnswer.Acknowledged))
                .leaderId(leaderId(answer))
                .leaderEpoch(answer.leader().epoch());
        var topic = EndQuorumEpochResponse.TopicData.builder()
                .topicName(PeerRequestMessages.TOPIC)
                .partitions(List.of(partition.build()));
        return EndQuorumEpochResponse.builder()
                .topics(List.of(topic.build()))
                .nodeEndpoints(leaderEndpoint.stream()
                        .map(at -> EndQuorumEpochResponse.NodeEndpoint.builder()
                                .nodeId(leaderId(answer))
                                .host(at.host())
                                .port(at.port())
                                .build())
                        .toList())
                .build();
    }

    private static Response fetch(PeerAnswer answer, Optional<Voter.Endpoint> leaderEndpoint) {
        var partition = FetchResponse.PartitionData.builder()
                .partitionIndex(0)
                .currentLeader(FetchResponse.LeaderIdAndEpoch.builder()
                        .leaderId(leaderId(answer))
                        .leaderEpoch(answer.leader().epoch())
                        .build())
                .highWatermark(-1)
                .records(RecordsPayload.EMPTY);
        switch (answer) {
            case PeerAnswer.Fetched fetched ->
                partition.highWatermark(fetched.highWatermark()).records(new RecordsPayload.Buffer(fetched.records()));
            case PeerAnswer.Diverging(OffsetAndEpoch end, LeaderAndEpoch ignored) ->
                partition.divergingEpoch(FetchResponse.EpochEndOffset.builder()
                        .epoch(end.leaderEpoch())
                        .endOffset(end.offset())
                        .build());
            case PeerAnswer.SnapshotNeeded(OffsetAndEpoch id, LeaderAndEpoch ignored) ->
                partition.snapshotId(FetchResponse.SnapshotId.builder()
                        .endOffset(id.offset())
                        .epoch(id.leaderEpoch())
                        .build());
            default -> partition.errorCode(error(answer, false));
        }
        var topic = FetchResponse.FetchableTopicResponse.builder()
                .topic(PeerRequestMessages.TOPIC)
                .topicId(Uuid.METADATA_TOPIC_ID)
                .partitions(List.of(partition.build()));
        return FetchResponse.builder()
                .responses(List.of(topic.build()))
                .nodeEndpoints(leaderEndpoint.stream()
                        .map(at -> FetchResponse.NodeEndpoint.builder()
                                .nodeId(leaderId(answer))
                                .host(at.host())
                                .port(at.port())
                                .build())
                        .toList())
                .build();
    }

    private static Response fetchSnapshot(
            PeerAnswer answer, FetchSnapshotRequest request, Optional<Voter.Endpoint> leaderEndpoint) {
        FetchSnapshotRequest.SnapshotId asked =
                request.topics().getFirst().partitions().getFirst().snapshotId();
        var partition = FetchSnapshotResponse.PartitionSnapshot.builder()
                .index(0)
                .snapshotId(FetchSnapshotResponse.SnapshotId.builder()
                        .endOffset(asked.endOffset())
                        .epoch(asked.epoch())
                        .build())
                .currentLeader(FetchSnapshotResponse.LeaderIdAndEpoch.builder()
                        .leaderId(leaderId(answer))
                        .leaderEpoch(answer.leader().epoch())
                        .build())
                .unalignedRecords(RecordsPayload.EMPTY);
        if (answer instanceof PeerAnswer.SnapshotPart part)
            partition
                    .size(part.sizeBytes())
                    .position(part.position())
                    .unalignedRecords(new RecordsPayload.Buffer(part.bytes()));
        else partition.errorCode(error(answer, false));
        var topic = FetchSnapshotResponse.TopicSnapshot.builder()
                .name(PeerRequestMessages.TOPIC)
                .partitions(List.of(partition.build()));
        return FetchSnapshotResponse.builder()
                .topics(List.of(topic.build()))
                .nodeEndpoints(leaderEndpoint.stream()
                        .map(at -> FetchSnapshotResponse.NodeEndpoint.builder()
                                .nodeId(leaderId(answer))
                                .host(at.host())
                                .port(at.port())
                                .build())
                        .toList())
                .build();
    }

    private static short error(PeerAnswer answer, boolean isFitting) {
        if (isFitting) return ErrorCode.NONE.code();
        if (answer instanceof PeerAnswer.Refused refused) return refused.error().code();
        throw new IllegalArgumentException("no answer to what was asked: " + answer);
    }

    private static int leaderId(PeerAnswer answer) {
        return answer.leader().leaderId().orElse(-1);
    }

    /**
     * What a message answers.
     *
     * @return nothing if it makes no sense. Records and bytes are those of the message
     */
    public static Optional<PeerAnswer> read(Response message) {
        try {
            return switch (message) {
                case VoteResponse vote -> read(vote);
                case BeginQuorumEpochResponse begin -> read(begin);
                case EndQuorumEpochResponse end -> read(end);
                case FetchResponse fetch -> read(fetch);
                case FetchSnapshotResponse fetch -> read(fetch);
                case AddRaftVoterResponse add -> Optional.of(changed(add.errorCode()));
                case RemoveRaftVoterResponse remove -> Optional.of(changed(remove.errorCode()));
                case UpdateRaftVoterResponse update -> Optional.of(changed(update.errorCode()));
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException outOfRange) {
            return Optional.empty();
        }
    }

    /**
     * Where the leader is reached that the answer to a fetch names (KIP-853).
     *
     * @param listener name of the controller listener the address is taken to be of
     * @return nothing if it does not say, or says it in a way that makes no sense
     */
    public static Optional<Voter> leaderToldBy(Response message, String listener) {
        if (!(message instanceof FetchResponse fetch)) return Optional.empty();
        int leaderId = read(message).map(PeerAnswerMessages::leaderId).orElse(-1);
        if (leaderId < 0) return Optional.empty();
        for (FetchResponse.NodeEndpoint at : fetch.nodeEndpoints())
            if (at.nodeId() == leaderId
                    && at.port() > 0
                    && at.port() <= 65_535
                    && !at.host().isEmpty())
                return Optional.of(new Voter(
                        new ReplicaKey(leaderId, Uuid.ZERO),
                        List.of(new Voter.Endpoint(listener, at.host(), at.port())),
                        (short) 0,
                        (short) 0));
        return Optional.empty();
    }

    private static Optional<PeerAnswer> read(VoteResponse message) {
        if (message.errorCode() != 0) return Optional.of(refused(message.errorCode()));
        if (message.topics().size() != 1
                || message.topics().getFirst().partitions().size() != 1) return Optional.empty();
        VoteResponse.PartitionData partition =
                message.topics().getFirst().partitions().getFirst();
        LeaderAndEpoch leader = leader(partition.leaderId(), partition.leaderEpoch());
        if (partition.errorCode() != 0) return Optional.of(refused(partition.errorCode(), leader));
        return Optional.of(new PeerAnswer.Voted(partition.voteGranted(), leader));
    }

    private static Optional<PeerAnswer> read(BeginQuorumEpochResponse message) {
        if (message.errorCode() != 0) return Optional.of(refused(message.errorCode()));
        if (message.topics().size() != 1
                || message.topics().getFirst().partitions().size() != 1) return Optional.empty();
        BeginQuorumEpochResponse.PartitionData partition =
                message.topics().getFirst().partitions().getFirst();
        LeaderAndEpoch leader = leader(partition.leaderId(), partition.leaderEpoch());
        if (partition.errorCode() != 0) return Optional.of(refused(partition.errorCode(), leader));
        return Optional.of(new PeerAnswer.Acknowledged(leader));
    }

    private static Optional<PeerAnswer> read(EndQuorumEpochResponse message) {
        if (message.errorCode() != 0) return Optional.of(refused(message.errorCode()));
        if (message.topics().size() != 1
                || message.topics().getFirst().partitions().size() != 1) return Optional.empty();
        EndQuorumEpochResponse.PartitionData partition =
                message.topics().getFirst().partitions().getFirst();
        LeaderAndEpoch leader = leader(partition.leaderId(), partition.leaderEpoch());
        if (partition.errorCode() != 0) return Optional.of(refused(partition.errorCode(), leader));
        return Optional.of(new PeerAnswer.Acknowledged(leader));
    }

    private static Optional<PeerAnswer> read(FetchResponse message) {
        if (message.errorCode() != 0) return Optional.of(refused(message.errorCode()));
        if (message.responses().size() != 1
                || message.responses().getFirst().partitions().size() != 1) return Optional.empty();
        FetchResponse.PartitionData partition =
                message.responses().getFirst().partitions().getFirst();
        LeaderAndEpoch leader = leader(
                partition.currentLeader().leaderId(), partition.currentLeader().leaderEpoch());
        if (partition.errorCode() != 0) return Optional.of(refused(partition.errorCode(), leader));
        FetchResponse.EpochEndOffset diverging = partition.divergingEpoch();
        if (diverging.epoch() >= 0 && diverging.endOffset() >= 0)
            return Optional.of(
                    new PeerAnswer.Diverging(new OffsetAndEpoch(diverging.endOffset(), diverging.epoch()), leader));
        FetchResponse.SnapshotId snapshot = partition.snapshotId();
        if (snapshot.epoch() >= 0 && snapshot.endOffset() >= 0)
            return Optional.of(
                    new PeerAnswer.SnapshotNeeded(new OffsetAndEpoch(snapshot.endOffset(), snapshot.epoch()), leader));
        return bytes(partition.records())
                .map(records -> new PeerAnswer.Fetched(records, partition.highWatermark(), leader));
    }

    private static Optional<PeerAnswer> read(FetchSnapshotResponse message) {
        if (message.errorCode() != 0) return Optional.of(refused(message.errorCode()));
        if (message.topics().size() != 1
                || message.topics().getFirst().partitions().size() != 1) return Optional.empty();
        FetchSnapshotResponse.PartitionSnapshot partition =
                message.topics().getFirst().partitions().getFirst();
        LeaderAndEpoch leader = leader(
                partition.currentLeader().leaderId(), partition.currentLeader().leaderEpoch());
        if (partition.errorCode() != 0) return Optional.of(refused(partition.errorCode(), leader));
        var id = new OffsetAndEpoch(
                partition.snapshotId().endOffset(), partition.snapshotId().epoch());
        return bytes(partition.unalignedRecords())
                .map(bytes -> new PeerAnswer.SnapshotPart(id, partition.size(), partition.position(), bytes, leader));
    }

    private static Optional<ByteBuffer> bytes(@Nullable RecordsPayload payload) {
        if (payload == null) return Optional.of(ByteBuffer.allocate(0));
        return payload instanceof RecordsPayload.Buffer(ByteBuffer bytes)
                ? Optional.of(bytes.duplicate())
                : Optional.empty();
    }

    private static PeerAnswer changed(int errorCode) {
        return errorCode == 0
                ? new PeerAnswer.Acknowledged(new LeaderAndEpoch(OptionalInt.empty(), 0))
                : refused(errorCode);
    }

    private static PeerAnswer refused(int errorCode) {
        return refused(errorCode, new LeaderAndEpoch(OptionalInt.empty(), 0));
    }

    private static PeerAnswer refused(int errorCode, LeaderAndEpoch leader) {
        return new PeerAnswer.Refused(ErrorCode.forCode(errorCode), leader);
    }

    /** What older answers leave out is -1: nobody, in an epoch that is no news. */
    private static LeaderAndEpoch leader(int leaderId, int epoch) {
        return new LeaderAndEpoch(leaderId < 0 ? OptionalInt.empty() : OptionalInt.of(leaderId), Math.max(0, epoch));
    }
}
