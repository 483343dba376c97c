package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.raft.QuorumAction.AdvanceHighWatermark;
import io.millrace.raft.QuorumAction.AnnounceLeader;
import io.millrace.raft.QuorumAction.AnnounceResigned;
import io.millrace.raft.QuorumAction.Answer;
import io.millrace.raft.QuorumAction.AnswerWithRecords;
import io.millrace.raft.QuorumAction.PersistElection;
import io.millrace.raft.QuorumAction.StopForGood;
import io.millrace.raft.QuorumState.Candidate;
import io.millrace.raft.QuorumState.Follower;
import io.millrace.raft.QuorumState.Leader;
import io.millrace.raft.QuorumState.Prospective;
import io.millrace.raft.QuorumState.Resigned;
import io.millrace.raft.QuorumState.Unattached;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * One replica of the metadata log, voter or observer: who leads, and what is committed (KIP-595, 630, 853, 996).
 *
 * <pre>
 *                  no leader heard of          majority would            majority does
 *   Unattached ──────────────────► Prospective ─────────────► Candidate ──────────────► Leader
 *     ▲  │ leader known    ▲            │      (epoch + 1)                                │ no majority heard of,
 *     │  ▼                 └── Follower ◄ leader may still be there                       ▼ restart, shutdown
 *     └───────────────────────────────────────── election timeout, epoch + 1 ───────── Resigned
 *
 *   from every state: a later epoch ──► Unattached, or Follower if its leader is known
 * </pre>
 *
 * <p>Safety rests on waits. An election state that is not on stable storage yet stops the machine: what it decided is held
 * back, and what happens waits, so that nothing is said or done in an epoch, and no vote is told, before it is certain to be
 * remembered (M1; <a href="../../../../../../../docs/adr/0048-a-replica-stands-still-while-it-notes-an-election.md">ADR
 * 48</a>). A follower fetches only when all it holds is forced, and a leader counts its own log as far as it is forced, so
 * that nothing is committed before a majority cannot lose it (M3).
 *
 * <p>{@link Elections} and {@link Replication} hold the rules; this class holds what they share.
 */
public final class QuorumMachine {
    /** How many calls may wait for an election state to be written; more are refused, and come again. */
    private static final int MOST_WAITING_CALLS = 1000;

    final ReplicaKey self;
    final LogOutline log;
    final QuorumTimeouts timeouts;
    final Contacts contacts = new Contacts();
    /** Whether there are addresses of the quorum that may be asked, whoever votes. */
    final boolean canAskAround;

    final OwnVoter own;
    private final VoterHistory history;
    private final Elections elections = new Elections(this);
    private final Replication replication;
    private final VoterChanges changes = new VoterChanges(this);
    private final Deque<QuorumEvent> waiting = new ArrayDeque<>();
    private List<QuorumAction> heldBack = List.of();
    private ElectionState persisted;
    private ElectionState election;
    private QuorumState state;
    private long highWatermark;
    private boolean isAnnounced;
    private boolean isLeaving;
    private long lastMs;

    /** A machine that knows of others only what {@code history} says. */
    public QuorumMachine(
            ReplicaKey self,
            ElectionState persisted,
            LogOutline log,
            long highWatermark,
            VoterHistory history,
            QuorumTimeouts timeouts) {
        this(self, persisted, log, highWatermark, history, timeouts, false, OwnVoter.NONE);
    }

    /**
     * @param self this replica
     * @param persisted what the {@code quorum-state} file says
     * @param log its log, recovered and forced
     * @param highWatermark what is known to be committed: where the latest snapshot ends, or 0
     * @param history who votes; grows and shrinks with the log
     * @param canAskAround whether there are addresses of the quorum that an observer may ask, whoever votes
     * @param own what this replica says of itself to its leader
     */
    public QuorumMachine(
            ReplicaKey self,
            ElectionState persisted,
            LogOutline log,
            long highWatermark,
            VoterHistory history,
            QuorumTimeouts timeouts,
            boolean canAskAround,
            OwnVoter own) {
        this.self = self;
        this.own = own;
        this.log = log;
        this.history = history;
        this.timeouts = timeouts;
        this.canAskAround = canAskAround;
        this.highWatermark = highWatermark;
        // A log may hold a later epoch than the quorum-state file, if that was lost: the later one counts.
        int lastEpochInLog = log.end().leaderEpoch();
        this.election = lastEpochInLog > persisted.epoch() ? ElectionState.unknownLeader(lastEpochInLog) : persisted;
        this.persisted = election;
        this.state = new Unattached(election.epoch(), Long.MAX_VALUE);
        this.replication = new Replication(this, elections, log.end().offset());
    }

    /** What this replica is now; it may not have been noted yet, so that nobody has been told. */
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
        return isSettled() && state instanceof Leader leader && leader.epoch() == epoch;
    }

    /** Who leads, if this replica does or follows somebody. */
    public LeaderAndEpoch leader() {
        boolean isFollowed = state instanceof Leader || state instanceof Follower;
        return new LeaderAndEpoch(isFollowed ? election.leaderId() : OptionalInt.empty(), election.epoch());
    }

    /** Whether anybody else votes. */
    public boolean hasOthers() {
        return voters().ids().stream().anyMatch(id -> id != self.id());
    }

    /** When {@link QuorumEvent.TimePassed} is due; {@link Long#MAX_VALUE} if only something else can change anything. */
    public long wakeAtMs() {
        if (!isSettled() || isLeaving) return Long.MAX_VALUE;
        long byState = switch (state) {
            case Unattached unattached -> unattached.electionAtMs();
            case Prospective prospective -> prospective.untilMs();
            case Candidate candidate -> candidate.untilMs();
            case Resigned resigned -> resigned.untilMs();
            case Follower follower -> follower.progress().fetchDeadlineMs();
            case Leader leader -> Math.min(replication.wakeAtMs(leader, lastMs), changes.wakeAtMs());
        };
        return Math.min(byState, contacts.nextDueMs(lastMs));
    }

    /** Takes one event. */
    public List<QuorumAction> on(QuorumEvent event, Moment now) {
        lastMs = now.nowMs();
        return switch (event) {
            case QuorumEvent.ElectionPersisted(ElectionState written) -> persisted(written, now);
            case QuorumEvent.ResignRequested() -> leave(now);
            default -> isSettled() ? take(event, now) : later(event);
        };
    }

    private boolean isSettled() {
        return election.equals(persisted);
    }

    private List<QuorumAction> later(QuorumEvent event) {
        if (event instanceof QuorumEvent.Asked asked && waiting.size() >= MOST_WAITING_CALLS)
            return List.of(busy(asked));
        // While it notes an election it does not lead.
        if (event instanceof QuorumEvent.ChangeAsked asked) return List.of(busy(asked));
        waiting.add(event);
        return List.of();
    }

    private QuorumAction busy(QuorumEvent.Asked asked) {
        var known = new LeaderAndEpoch(OptionalInt.empty(), persisted.epoch());
        return new Answer(asked.call(), new PeerAnswer.Refused(ErrorCode.BROKER_NOT_AVAILABLE, known));
    }

    private static QuorumAction busy(QuorumEvent.ChangeAsked asked) {
        return new QuorumAction.AnswerChange(
                asked.call(), ErrorCode.NOT_LEADER_OR_FOLLOWER, "this controller does not lead the quorum");
    }

    private List<QuorumAction> persisted(ElectionState written, Moment now) {
        if (isSettled() || !written.equals(election)) return List.of();
        persisted = written;
        List<QuorumAction> actions = new ArrayList<>(heldBack);
        heldBack = List.of();
        elections.ask(now, actions);
        while (isSettled() && !waiting.isEmpty()) actions.addAll(take(waiting.remove(), now));
        return actions;
    }

    private List<QuorumAction> take(QuorumEvent event, Moment now) {
        if (isLeaving)
            return switch (event) {
                case QuorumEvent.Asked asked -> List.of(busy(asked));
                case QuorumEvent.ChangeAsked asked -> List.of(busy(asked));
                default -> List.of();
            };
        List<QuorumAction> decided = new ArrayList<>();
        decide(event, now, decided);
        if (isSettled()) {
            elections.ask(now, decided);
            return decided;
        }
        // Bad news does not wait: the state machine must not go on in an epoch that is over.
        List<QuorumAction> atOnce = new ArrayList<>();
        for (QuorumAction action : decided)
            if (action instanceof AnnounceResigned
                    || action instanceof StopForGood
                    || action instanceof QuorumAction.AnswerChange) atOnce.add(action);
        decided.removeAll(atOnce);
        heldBack = decided;
        atOnce.add(new PersistElection(election, history.kraftVersion(), history.voters()));
        return atOnce;
    }

    private void decide(QuorumEvent event, Moment now, List<QuorumAction> actions) {
        switch (event) {
            case QuorumEvent.Started() -> elections.start(now, actions);
            case QuorumEvent.TimePassed() -> timePassed(now, actions);
            case QuorumEvent.Appended appended -> replication.appended(actions);
            case QuorumEvent.LogForced(long forcedOffset) -> replication.forced(forcedOffset, actions);
            case QuorumEvent.Truncated(long endOffset) -> replication.truncated(endOffset);
            case QuorumEvent.FetchedUnusable() -> replication.unusable(now);
            case QuorumEvent.SnapshotPartStored stored -> replication.partStored(stored, actions);
            case QuorumEvent.SnapshotInstalled(var id) -> replication.installed(id, actions);
            case QuorumEvent.SnapshotUnusable(var id) -> replication.snapshotUnusable(id, now);
            case QuorumEvent.Asked asked -> asked(asked, now, actions);
            case QuorumEvent.ChangeAsked asked -> changes.asked(asked, now, actions);
            case QuorumEvent.VersionsTold told -> changes.versionsTold(told, now, actions);
            case QuorumEvent.VotersNotAppended() -> changes.notAppended(actions);
            case QuorumEvent.NothingFits() -> {
                if (state instanceof Leader leader && hasOthers()) elections.resign(leader, now, actions);
            }
            case QuorumEvent.Answered(long number, PeerAnswer answer) -> answered(number, answer, now, actions);
            case QuorumEvent.Unanswered(long number) -> {
                if (!contacts.endAround(number, askAgainAtMs(now)))
                    contacts.end(number).ifPresent(ask -> leaveAlone(ask.to().id(), now));
            }
            case QuorumEvent.ElectionPersisted ignored -> throw new IllegalStateException("taken before");
            case QuorumEvent.ResignRequested ignored -> throw new IllegalStateException("taken before");
        }
        // A leader that does not vote goes on until that is committed, for others may still need it for that.
        if (state instanceof Leader leader && !isVoter() && history.lastChangeOffset() < highWatermark)
            elections.resign(leader, now, actions);
    }

    private void timePassed(Moment now, List<QuorumAction> actions) {
        if (state instanceof Leader leader) {
            changes.timePassed(now, actions);
            if (replication.hasMajority(leader, now)) replication.answerDue(leader, now, actions);
            else elections.resign(leader, now, actions);
        } else {
            elections.timePassed(now, actions);
        }
    }

    private void asked(QuorumEvent.Asked asked, Moment now, List<QuorumAction> actions) {
        if (asked.from().id() == self.id()) {
            refuse(asked.call(), ErrorCode.INVALID_REQUEST, actions);
            return;
        }
        if (asked.addressee().isPresent() && !asked.addressee().get().matches(self)) {
            refuse(asked.call(), ErrorCode.INVALID_VOTER_KEY, actions);
            return;
        }
        if (voters().isOnlyVoter(self) && !(state instanceof Follower) && claimsToLead(asked.request())) {
            // Nobody else can lead: whoever says so would only make this replica resign. It follows only a leader that
            // has
            // removed itself and still leads.
            refuse(asked.call(), ErrorCode.INVALID_REQUEST, actions);
            return;
        }
        switch (asked.request()) {
            case PeerRequest.Vote vote -> elections.voteAsked(asked, vote, now, actions);
            case PeerRequest.BeginQuorumEpoch begin -> elections.epochBegins(asked, begin, now, actions);
            case PeerRequest.EndQuorumEpoch end -> elections.epochEnds(asked, end, now, actions);
            case PeerRequest.Fetch fetch -> replication.fetchAsked(asked, fetch, now, actions);
            case PeerRequest.FetchSnapshot fetch -> replication.snapshotAsked(asked, fetch, now, actions);
            case PeerRequest.ChangeVoters ignored -> refuse(asked.call(), ErrorCode.INVALID_REQUEST, actions);
        }
    }

    private static boolean claimsToLead(PeerRequest request) {
        return switch (request) {
            case PeerRequest.Vote ignored -> true;
            case PeerRequest.BeginQuorumEpoch ignored -> true;
            case PeerRequest.EndQuorumEpoch ignored -> true;
            case PeerRequest.Fetch ignored -> false;
            case PeerRequest.FetchSnapshot ignored -> false;
            case PeerRequest.ChangeVoters ignored -> false;
        };
    }

    private void answered(long number, PeerAnswer answer, Moment now, List<QuorumAction> actions) {
        Optional<QuorumAction.Ask> asked =
                contacts.endAround(number, askAgainAtMs(now)) ? Optional.empty() : contacts.end(number);
        if (elections.learn(answer.leader(), now, actions) || asked.isEmpty()) return;
        QuorumAction.Ask ask = asked.get();
        switch (ask.request()) {
            case PeerRequest.Vote vote -> elections.voteAnswered(ask.to(), vote, answer, now, actions);
            case PeerRequest.BeginQuorumEpoch ignored -> elections.beginAnswered(ask.to(), answer, now);
            case PeerRequest.EndQuorumEpoch ignored -> elections.endAnswered(ask.to(), answer, now);
            case PeerRequest.Fetch ignored -> replication.fetchAnswered(ask.to(), answer, now, actions);
            case PeerRequest.FetchSnapshot ignored -> replication.snapshotAnswered(ask.to(), answer, now, actions);
            case PeerRequest.ChangeVoters ignored -> elections.changeAnswered(answer);
        }
    }

    /** Never waits: it is the last thing this replica does, and writes nothing. */
    private List<QuorumAction> leave(Moment now) {
        List<QuorumAction> actions = new ArrayList<>();
        for (QuorumEvent event : waiting) if (event instanceof QuorumEvent.Asked asked) actions.add(busy(asked));
        waiting.clear();
        heldBack = List.of();
        if (isSettled() && state instanceof Leader leader) elections.resign(leader, now, actions);
        else become(election, new Resigned(election.epoch(), new TreeSet<>(), List.of(), Long.MAX_VALUE), actions);
        if (isSettled()) elections.ask(now, actions);
        isLeaving = true;
        return actions;
    }

    // What elections and replication share

    ElectionState election() {
        return election;
    }

    VoterSet voters() {
        return history.voters();
    }

    VoterChanges changes() {
        return changes;
    }

    boolean hasCommittedInItsEpoch() {
        return isAnnounced;
    }

    /**
     * Whether it votes, or did before a change that is not known to be committed. Its log may then be the longest, so that the
     * others cannot elect anybody else (Raft, 4.2.2); Kafka's replicas would wait for ever.
     */
    boolean mayLead() {
        if (isVoter()) return true;
        long last = history.lastChangeOffset();
        return last > VoterHistory.BOOTSTRAP_OFFSET
                && last >= highWatermark
                && history.votersAt(last - 1).contains(self);
    }

    boolean isVoter() {
        return history.voters().contains(self);
    }

    /** Becomes something else; what was being asked is of no interest any more. */
    void become(ElectionState newElection, QuorumState newState, List<QuorumAction> actions) {
        QuorumState before = state;
        election = newElection;
        state = newState;
        contacts.forget();
        if (!(before instanceof Leader leader)) return;
        if (isAnnounced) actions.add(new AnnounceResigned(leader.epoch()));
        isAnnounced = false;
        changes.ended(actions);
        for (WaitingFetches.Waiting fetch : leader.waiting().takeAll())
            refuse(fetch.call(), ErrorCode.NOT_LEADER_OR_FOLLOWER, actions);
    }

    void commitTo(long offset, List<QuorumAction> actions) {
        if (offset <= highWatermark) return;
        highWatermark = offset;
        actions.add(new AdvanceHighWatermark(offset));
        changes.committed(actions);
        if (!(state instanceof Leader leader)) return;
        if (!isAnnounced) {
            isAnnounced = true;
            actions.add(new AnnounceLeader(
                    leader.epoch(), Math.addExact(leader.progress().epochStartOffset(), 1)));
        }
    }

    void leaveAlone(int id, Moment now) {
        contacts.leaveAlone(id, askAgainAtMs(now));
    }

    private long askAgainAtMs(Moment now) {
        return now.nowMs() + timeouts.retryBackoffMs();
    }

    void answer(long call, PeerAnswer answer, List<QuorumAction> actions) {
        actions.add(new Answer(call, answer));
    }

    void refuse(long call, ErrorCode error, List<QuorumAction> actions) {
        answer(call, new PeerAnswer.Refused(error, leader()), actions);
    }

    void answerWithRecords(long call, long fromOffset, List<QuorumAction> actions) {
        actions.add(new AnswerWithRecords(call, fromOffset, highWatermark, leader()));
    }

    Replication replication() {
        return replication;
    }
}
