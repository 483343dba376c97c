package io.millrace.raft;

import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.raft.QuorumAction.AdvanceHighWatermark;
import io.millrace.raft.QuorumAction.AnnounceLeader;
import io.millrace.raft.QuorumAction.AnnounceResigned;
import io.millrace.raft.QuorumAction.AppendLeaderChange;
import io.millrace.raft.QuorumAction.BootstrapVoters;
import io.millrace.raft.QuorumAction.PersistElection;
import io.millrace.raft.QuorumEvent.Appended;
import io.millrace.raft.QuorumEvent.ElectionPersisted;
import io.millrace.raft.QuorumEvent.LogForced;
import io.millrace.raft.QuorumEvent.ResignRequested;
import io.millrace.raft.QuorumEvent.Started;
import io.millrace.raft.QuorumState.Candidate;
import io.millrace.raft.QuorumState.Leader;
import io.millrace.raft.QuorumState.Resigned;
import io.millrace.raft.QuorumState.Unattached;
import io.millrace.records.OffsetAndEpoch;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * One replica of the metadata log: leads it and says what is committed (KIP-595). This is a quorum whose only voter is
 * this replica; it elects itself at start.
 *
 * <pre>
 *   Unattached ──┐
 *                ├── Started ──► Candidate ── ElectionPersisted ──► Leader ── ResignRequested ──► Resigned
 *   Resigned  ───┘              (epoch + 1)
 * </pre>
 *
 * <p>Safety rests on two waits: nothing is done in an epoch before the vote for it is on stable storage, so that no two
 * runs of this replica lead the same epoch; and nothing is committed before the log is.
 */
public final class QuorumMachine {
    private final ReplicaKey self;
    private final VoterHistory history;
    private QuorumState state;
    private long logEndOffset;
    private long highWatermark;
    private boolean announced;

    /**
     * @param self this replica; it must be the only voter
     * @param persisted what the {@code quorum-state} file says
     * @param logEnd the next offset of the recovered log, and the epoch of the record before it
     * @param highWatermark what is known to be committed: where the latest snapshot ends, or 0
     * @param history who votes; grows with the log
     * @throws IllegalArgumentException if this replica is not the only voter
     */
    public QuorumMachine(
            ReplicaKey self, ElectionState persisted, OffsetAndEpoch logEnd, long highWatermark, VoterHistory history) {
        if (!history.voters().isOnlyVoter(self)) {
            throw new IllegalArgumentException("replica " + self + " is not the only voter of "
                    + history.voters().ids());
        }
        this.self = self;
        this.history = history;
        this.logEndOffset = logEnd.offset();
        this.highWatermark = highWatermark;
        this.state = stateAtStart(self, persisted, logEnd.leaderEpoch());
    }

    /** A log may hold a later epoch than the quorum-state file, if that was lost: the later one counts. */
    private static QuorumState stateAtStart(ReplicaKey self, ElectionState persisted, int lastEpochInLog) {
        if (lastEpochInLog > persisted.epoch()) return new Unattached(ElectionState.unknownLeader(lastEpochInLog));
        if (persisted.isLedBy(self.id())) return new Resigned(persisted.epoch());
        return new Unattached(persisted);
    }

    /** What this replica is now. */
    public QuorumState state() {
        return state;
    }

    /** Everything below is committed. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Who votes, now and before. */
    public VoterHistory history() {
        return history;
    }

    /** Whether this replica leads and may append. */
    public boolean isLeader(int epoch) {
        return state instanceof Leader leader && leader.epoch() == epoch;
    }

    /** Takes one event. */
    public List<QuorumAction> on(QuorumEvent event) {
        return switch (event) {
            case Started() -> standForElection();
            case ElectionPersisted(ElectionState election) -> lead(election);
            case Appended(long endOffset) -> appended(endOffset);
            case LogForced(long forcedOffset) -> forced(forcedOffset);
            case ResignRequested() -> resign();
        };
    }

    private List<QuorumAction> standForElection() {
        int epoch = Math.addExact(state.epoch(), 1);
        VoteCount votes = new VoteCount(history.voters());
        votes.grant(self);
        state = new Candidate(epoch, votes);
        // A lone voter's vote decides, so that one write holds both the vote and its outcome.
        ElectionState election = votes.isWon() ? ElectionState.led(epoch, self.id()) : ElectionState.voted(epoch, self);
        return List.of(new PersistElection(election, history.kraftVersion(), history.voters()));
    }

    private List<QuorumAction> lead(ElectionState election) {
        if (!(state instanceof Candidate candidate) || election.epoch() != candidate.epoch()) return List.of();
        if (!candidate.votes().isWon()) return List.of();
        state = new Leader(candidate.epoch(), new LeaderProgress(history.voters(), logEndOffset, highWatermark));
        announced = false;
        Optional<BootstrapVoters> bootstrapVoters = history.isOnlyInBootstrap()
                ? Optional.of(new BootstrapVoters(history.kraftVersion(), history.voters()))
                : Optional.empty();
        return List.of(new AppendLeaderChange(
                candidate.epoch(),
                leaderChange(history.voters().ids(), candidate.votes().granting()),
                bootstrapVoters));
    }

    private LeaderChangeMessage leaderChange(Collection<Integer> voterIds, Collection<Integer> grantingIds) {
        return LeaderChangeMessage.builder()
                .version((short) 0)
                .leaderId(self.id())
                .voters(asVoters(voterIds))
                .grantingVoters(asVoters(grantingIds))
                .build();
    }

    private static List<LeaderChangeMessage.Voter> asVoters(Collection<Integer> ids) {
        return ids.stream()
                .map(id -> LeaderChangeMessage.Voter.builder().voterId(id).build())
                .toList();
    }

    private List<QuorumAction> appended(long endOffset) {
        logEndOffset = endOffset;
        if (state instanceof Leader leader) leader.progress().appended(endOffset);
        return List.of();
    }

    private List<QuorumAction> forced(long forcedOffset) {
        if (!(state instanceof Leader leader)) return List.of();
        LeaderProgress progress = leader.progress();
        progress.held(self.id(), forcedOffset);
        long committed = progress.advanceHighWatermark();
        if (committed == highWatermark) return List.of();
        highWatermark = committed;
        if (announced) return List.of(new AdvanceHighWatermark(committed));
        announced = true;
        return List.of(
                new AdvanceHighWatermark(committed),
                new AnnounceLeader(leader.epoch(), Math.addExact(progress.epochStartOffset(), 1)));
    }

    private List<QuorumAction> resign() {
        boolean led = state instanceof Leader && announced;
        int epoch = state.epoch();
        state = new Resigned(epoch);
        return led ? List.of(new AnnounceResigned(epoch)) : List.of();
    }
}
