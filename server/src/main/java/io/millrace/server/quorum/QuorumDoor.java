package io.millrace.server.quorum;

import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterChange;
import io.millrace.raft.run.MetadataQuorum;
import io.millrace.raft.run.PeerRequestMessages;
import io.millrace.raft.run.QuorumDescription;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The way from any lane to the metadata quorum, which lives on a lane of its own. Answers come on that one. */
public final class QuorumDoor {
    private final Lane lane;
    private final String controllerListener;
    private @Nullable MetadataQuorum quorum;

    /**
     * A door that is closed.
     *
     * @param lane the quorum's
     * @param controllerListener the listener whose addresses of voters are told
     */
    public QuorumDoor(Lane lane, String controllerListener) {
        this.lane = lane;
        this.controllerListener = controllerListener;
    }

    /** Opens it; called on the quorum's lane. */
    public void open(MetadataQuorum opened) {
        quorum = opened;
    }

    /**
     * Hands over what another replica asks.
     *
     * @param then is told the answer and where the leader it names is reached, if that is known; once, on the quorum's lane
     */
    void ask(PeerRequestMessages.Read.Understood asked, BiConsumer<PeerAnswer, Optional<Voter.Endpoint>> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            if (open == null) {
                var unknown = new LeaderAndEpoch(OptionalInt.empty(), 0);
                then.accept(new PeerAnswer.Refused(ErrorCode.BROKER_NOT_AVAILABLE, unknown), Optional.empty());
                return;
            }
            open.asked(
                    asked.from(),
                    asked.addressee(),
                    asked.request(),
                    answer -> then.accept(answer, leaderEndpoint(open, answer.leader())));
        });
    }

    /**
     * Hands over a change of who votes.
     *
     * @param patienceMs how long whoever asks waits
     * @param then is told once, on the quorum's lane, with a sentence that says why not
     */
    public void change(VoterChange change, int patienceMs, BiConsumer<ErrorCode, String> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            if (open == null) then.accept(ErrorCode.NOT_LEADER_OR_FOLLOWER, "this controller is only starting");
            else open.change(change, patienceMs, then);
        });
    }

    /** Says whom this node knows to lead, and where it is reached, if that is known; once, on the quorum's lane. */
    void leaderAt(BiConsumer<LeaderAndEpoch, Optional<Voter.Endpoint>> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            if (open == null) then.accept(new LeaderAndEpoch(OptionalInt.empty(), 0), Optional.empty());
            else then.accept(open.leader(), leaderEndpoint(open, open.leader()));
        });
    }

    private Optional<Voter.Endpoint> leaderEndpoint(MetadataQuorum open, LeaderAndEpoch leader) {
        if (leader.leaderId().isEmpty()) return Optional.empty();
        return open.voters().find(leader.leaderId().getAsInt()).flatMap(voter -> endpoint(voter, controllerListener));
    }

    /** Where a voter is reached: by the listener of that name, or by its first if it has none of that name. */
    static Optional<Voter.Endpoint> endpoint(Voter voter, String listener) {
        for (Voter.Endpoint endpoint : voter.endpoints())
            if (endpoint.listener().equalsIgnoreCase(listener)) return Optional.of(endpoint);
        return voter.endpoints().stream().findFirst();
    }

    /**
     * Says how the quorum stands.
     *
     * @param then is told nothing if this node does not lead it; once, on the quorum's lane
     */
    public void describe(Consumer<Optional<QuorumDescription>> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            then.accept(open == null || !open.isLeader() ? Optional.empty() : Optional.of(open.describe()));
        });
    }

    /** Says whom this node knows to lead; once, on the quorum's lane. */
    public void leader(Consumer<LeaderAndEpoch> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            then.accept(open == null ? new LeaderAndEpoch(OptionalInt.empty(), 0) : open.leader());
        });
    }

    /** Says whether this node leads; once, on the quorum's lane. */
    public void leads(Consumer<Boolean> then) {
        onLane(() -> {
            MetadataQuorum open = quorum;
            then.accept(open != null && open.isLeader());
        });
    }

    private void onLane(Runnable task) {
        if (lane.isCurrent()) task.run();
        else lane.execute(task);
    }
}
