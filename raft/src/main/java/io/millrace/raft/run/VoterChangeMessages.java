package io.millrace.raft.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.AddRaftVoterRequest;
import io.millrace.protocol.messages.AddRaftVoterResponse;
import io.millrace.protocol.messages.RemoveRaftVoterRequest;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import io.millrace.protocol.messages.UpdateRaftVoterRequest;
import io.millrace.protocol.messages.UpdateRaftVoterResponse;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterChange;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Changes of who votes as Kafka's messages, and back: AddRaftVoter (80), RemoveRaftVoter (81), UpdateRaftVoter (82). KIP-853. */
public final class VoterChangeMessages {
    /** How long whoever asks is thought to wait where the message does not say. */
    private static final int USUAL_PATIENCE_MS = 5_000;

    private static final int MOST_PATIENCE_MS = 60_000;

    /** More listeners than any controller has; they go into a record of the log. */
    private static final int MOST_LISTENERS = 32;

    private VoterChangeMessages() {}

    /** What a message turned out to be. */
    public sealed interface Read {
        /**
         * A change.
         *
         * @param patienceMs how long whoever asks waits
         */
        record Understood(VoterChange change, int patienceMs) implements Read {}

        /** It is about another cluster, or makes no sense. */
        record Wrong(ErrorCode error, String sentence) implements Read {}
    }

    /** The message with which a replica asks its leader for a change. */
    static Request write(VoterChange change, String clusterId) {
        return switch (change) {
            case VoterChange.Add(Voter voter, boolean waitsForCommit) ->
                AddRaftVoterRequest.builder()
                        .clusterId(clusterId)
                        .timeoutMs(USUAL_PATIENCE_MS)
                        .voterId(voter.key().id())
                        .voterDirectoryId(voter.key().directoryId())
                        .listeners(voter.endpoints().stream()
                                .map(at -> new AddRaftVoterRequest.Listener(at.listener(), at.host(), at.port()))
                                .toList())
                        .ackWhenCommitted(waitsForCommit)
                        .build();
            case VoterChange.Remove(ReplicaKey voter) ->
                RemoveRaftVoterRequest.builder()
                        .clusterId(clusterId)
                        .voterId(voter.id())
                        .voterDirectoryId(voter.directoryId())
                        .build();
            case VoterChange.Update(int epoch, Voter voter) ->
                UpdateRaftVoterRequest.builder()
                        .clusterId(clusterId)
                        .currentLeaderEpoch(epoch)
                        .voterId(voter.key().id())
                        .voterDirectoryId(voter.key().directoryId())
                        .listeners(voter.endpoints().stream()
                                .map(at -> new UpdateRaftVoterRequest.Listener(at.listener(), at.host(), at.port()))
                                .toList())
                        .kRaftVersionFeature(new UpdateRaftVoterRequest.KRaftVersionFeature(
                                voter.minKraftVersion(), voter.maxKraftVersion()))
                        .build();
            case VoterChange.Upgrade ignored ->
                throw new IllegalArgumentException("no replica asks its leader for another kraft.version");
        };
    }

    /**
     * What a message asks.
     *
     * @param clusterId of this cluster
     * @throws IllegalStateException for any other message
     */
    public static Read read(Request message, String clusterId) {
        try {
            return switch (message) {
                case AddRaftVoterRequest add -> read(add, clusterId);
                case RemoveRaftVoterRequest remove ->
                    isOfAnother(remove.clusterId(), clusterId)
                            ? another(clusterId)
                            : new Read.Understood(
                                    new VoterChange.Remove(new ReplicaKey(remove.voterId(), remove.voterDirectoryId())),
                                    USUAL_PATIENCE_MS);
                case UpdateRaftVoterRequest update -> read(update, clusterId);
                default -> throw new IllegalStateException(message.apiKey() + " changes no voters");
            };
        } catch (IllegalArgumentException outOfRange) {
            return new Read.Wrong(ErrorCode.INVALID_REQUEST, String.valueOf(outOfRange.getMessage()));
        }
    }

    private static Read read(AddRaftVoterRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return another(clusterId);
        List<Voter.Endpoint> endpoints = message.listeners().stream()
                .limit(MOST_LISTENERS)
                .map(at -> new Voter.Endpoint(at.name(), at.host(), at.port()))
                .toList();
        // What it supports is not known before it was asked.
        var voter = new Voter(
                new ReplicaKey(message.voterId(), message.voterDirectoryId()), endpoints, (short) 0, (short) 0);
        return new Read.Understood(
                new VoterChange.Add(voter, message.ackWhenCommitted()),
                Math.clamp(message.timeoutMs(), 0, MOST_PATIENCE_MS));
    }

    private static Read read(UpdateRaftVoterRequest message, String clusterId) {
        if (isOfAnother(message.clusterId(), clusterId)) return another(clusterId);
        List<Voter.Endpoint> endpoints = message.listeners().stream()
                .limit(MOST_LISTENERS)
                .map(at -> new Voter.Endpoint(at.name(), at.host(), at.port()))
                .toList();
        var voter = new Voter(
                new ReplicaKey(message.voterId(), message.voterDirectoryId()),
                endpoints,
                message.kRaftVersionFeature().minSupportedVersion(),
                message.kRaftVersionFeature().maxSupportedVersion());
        return new Read.Understood(new VoterChange.Update(message.currentLeaderEpoch(), voter), USUAL_PATIENCE_MS);
    }

    private static boolean isOfAnother(@Nullable String claimed, String clusterId) {
        return claimed != null && !claimed.equals(clusterId);
    }

    private static Read another(String clusterId) {
        return new Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID, "this is cluster " + clusterId);
    }

    /**
     * The message that answers.
     *
     * @param request what was asked
     * @param sentence why not; empty with {@link ErrorCode#NONE}
     * @param leader who leads
     * @param leaderEndpoint where it is reached, if that is known
     */
    public static Response answer(
            Request request,
            ErrorCode error,
            String sentence,
            LeaderAndEpoch leader,
            Optional<Voter.Endpoint> leaderEndpoint) {
        String message = sentence.isEmpty() ? null : sentence;
        return switch (request) {
            case AddRaftVoterRequest ignored ->
                AddRaftVoterResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(message)
                        .build();
            case RemoveRaftVoterRequest ignored ->
                RemoveRaftVoterResponse.builder()
                        .errorCode(error.code())
                        .errorMessage(message)
                        .build();
            case UpdateRaftVoterRequest ignored ->
                UpdateRaftVoterResponse.builder()
                        .errorCode(error.code())
                        .currentLeader(UpdateRaftVoterResponse.CurrentLeader.builder()
                                .leaderId(leader.leaderId().orElse(-1))
                                .leaderEpoch(leader.epoch())
                                .host(leaderEndpoint.map(Voter.Endpoint::host).orElse(""))
                                .port(leaderEndpoint.map(Voter.Endpoint::port).orElse(0))
                                .build())
                        .build();
            default -> throw new IllegalArgumentException(request.apiKey() + " changes no voters");
        };
    }
}
