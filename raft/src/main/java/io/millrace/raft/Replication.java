package io.millrace.raft;

import io.millrace.protocol.ErrorCode;
import io.millrace.raft.QuorumState.Follower;
import io.millrace.raft.QuorumState.Leader;
import io.millrace.raft.QuorumState.Unattached;
import io.millrace.records.OffsetAndEpoch;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the log comes from its leader to the others, and what of it is committed (KIP-595, KIP-630). */
final class Replication {
    private final QuorumMachine machine;
    private final Elections elections;
    /** Everything below is on stable storage. */
    private long forcedOffset;
    /** Something was handed out that changes the log, and has not been said to be done; nothing is fetched until then. */
    private boolean isChangingLog;

    private @Nullable OffsetAndEpoch installing;

    Replication(QuorumMachine machine, Elections elections, long forcedOffset) {
        this.machine = machine;
        this.elections = elections;
        this.forcedOffset = forcedOffset;
    }

    boolean isChangingLog() {
        return isChangingLog;
    }

    /** Where the log ends, if it may be said to be held: none of it can be lost, and none is about to be cut. */
    Optional<OffsetAndEpoch> heldEnd() {
        OffsetAndEpoch end = machine.log.end();
        return isChangingLog || forcedOffset < end.offset() ? Optional.empty() : Optional.of(end);
    }

    // This replica's log

    void appended(List<QuorumAction> actions) {
        isChangingLog = false;
        if (!(machine.state() instanceof Leader leader)) return;
        leader.progress().count(machine.voters());
        machine.changes().appended(actions);
        // With fewer voters what is held may be enough.
        commit(leader, actions);
    }

    void forced(long offset, List<QuorumAction> actions) {
        long end = machine.log.end().offset();
        if (offset > end)
            throw new IllegalStateException("offset " + offset + " is forced, beyond the log's end at " + end);
        if (offset <= forcedOffset) return;
        forcedOffset = offset;
        if (machine.state() instanceof Leader leader) {
            leader.progress().held(machine.self.id(), offset);
            commit(leader, actions);
        } else if (machine.state() instanceof Follower follower) {
            commit(follower, actions);
        }
    }

    void truncated(long endOffset) {
        isChangingLog = false;
        forcedOffset = Math.min(forcedOffset, endOffset);
    }

    private void commit(Leader leader, List<QuorumAction> actions) {
        machine.commitTo(leader.progress().committedOffset(machine.voters()), actions);
        answerServed(leader, actions);
    }

    private void commit(Follower follower, List<QuorumAction> actions) {
        machine.commitTo(Math.min(follower.progress().leaderHighWatermark(), forcedOffset), actions);
    }

    // Leading

    void fetchAsked(QuorumEvent.Asked asked, PeerRequest.Fetch fetch, Moment now, List<QuorumAction> actions) {
        Leader leader = leaderFor(asked, actions);
        if (leader == null) return;
        switch (FetchCheck.of(fetch.logEnd(), machine.log)) {
            case FetchCheck.Diverges(OffsetAndEpoch endOfEpoch) -> {
                leader.progress().heard(asked.from(), machine.voters(), now.nowMs());
                machine.answer(asked.call(), new PeerAnswer.Diverging(endOfEpoch, machine.leader()), actions);
            }
            case FetchCheck.NeedsSnapshot(OffsetAndEpoch id) -> {
                leader.progress().heard(asked.from(), machine.voters(), now.nowMs());
                machine.answer(asked.call(), new PeerAnswer.SnapshotNeeded(id, machine.leader()), actions);
            }
            case FetchCheck.Agrees() -> agreed(leader, asked, fetch, now, actions);
        }
    }

    private void agreed(
            Leader leader, QuorumEvent.Asked asked, PeerRequest.Fetch fetch, Moment now, List<QuorumAction> actions) {
        long fromOffset = fetch.logEnd().offset();
        long endOffset = machine.log.end().offset();
        leader.progress().fetched(asked.from(), machine.voters(), fromOffset, endOffset, now.nowMs());
        commit(leader, actions);
        boolean isNews = fromOffset < endOffset || fetch.highWatermark() < machine.highWatermark();
        int waitMs = Math.min(fetch.maxWaitMs(), machine.timeouts.fetchMaxWaitMs());
        boolean waits = !isNews
                && waitMs > 0
                && leader.waiting()
                        .add(new WaitingFetches.Waiting(
                                asked.call(), fromOffset, fetch.highWatermark(), now.nowMs() + waitMs));
        if (!waits) machine.answerWithRecords(asked.call(), fromOffset, actions);
    }

    void snapshotAsked(
            QuorumEvent.Asked asked, PeerRequest.FetchSnapshot fetch, Moment now, List<QuorumAction> actions) {
        Leader leader = leaderFor(asked, actions);
        if (leader == null) return;
        leader.progress().heard(asked.from(), machine.voters(), now.nowMs());
        actions.add(new QuorumAction.AnswerWithSnapshotPart(
                asked.call(), fetch.snapshotId(), fetch.position(), machine.leader()));
    }

    private @Nullable Leader leaderFor(QuorumEvent.Asked asked, List<QuorumAction> actions) {
        int epoch = machine.election().epoch();
        int askedEpoch = asked.request().epoch();
        if (askedEpoch == epoch && machine.state() instanceof Leader leader) return leader;
        ErrorCode error = ErrorCode.NOT_LEADER_OR_FOLLOWER;
        if (askedEpoch < epoch) error = ErrorCode.FENCED_LEADER_EPOCH;
        if (askedEpoch > epoch) error = ErrorCode.UNKNOWN_LEADER_EPOCH;
        machine.refuse(asked.call(), error, actions);
        return null;
    }

    private void answerServed(Leader leader, List<QuorumAction> actions) {
        long endOffset = machine.log.end().offset();
        for (WaitingFetches.Waiting fetch : leader.waiting().takeServed(endOffset, machine.highWatermark()))
            machine.answerWithRecords(fetch.call(), fetch.fromOffset(), actions);
    }

    void answerDue(Leader leader, Moment now, List<QuorumAction> actions) {
        for (WaitingFetches.Waiting fetch : leader.waiting().takeDue(now.nowMs()))
            machine.answerWithRecords(fetch.call(), fetch.fromOffset(), actions);
    }

    /** Whether the leader has heard of a majority lately (M5). */
    boolean hasMajority(Leader leader, Moment now) {
        return now.nowMs() < resignAtMs(leader, now.nowMs());
    }

    private long resignAtMs(Leader leader, long nowMs) {
        if (machine.voters().isOnlyVoter(machine.self)) return Long.MAX_VALUE;
        return leader.progress().majorityHeardAtMs(machine.voters(), machine.self, nowMs)
                + machine.timeouts.checkQuorumTimeoutMs();
    }

    long wakeAtMs(Leader leader, long nowMs) {
        long next = Math.min(leader.waiting().nextDueMs(), resignAtMs(leader, nowMs));
        for (Voter voter : machine.voters().voters()) {
            if (voter.is(machine.self) || !machine.contacts.isFree(voter.key().id(), nowMs)) continue;
            next = Math.min(next, leader.progress().tellAtMs(voter.key().id(), machine.timeouts));
        }
        return next;
    }

    // Following

    /** What to ask the leader next, if this replica is ready for an answer. */
    Optional<PeerRequest> next(Follower follower) {
        if (isChangingLog) return Optional.empty();
        return follower.progress()
                .next(
                        follower.epoch(),
                        heldEnd().map(end -> fetch(follower.epoch(), end, machine.timeouts.fetchMaxWaitMs())));
    }

    PeerRequest.Fetch fetch(int epoch, OffsetAndEpoch end, int maxWaitMs) {
        return new PeerRequest.Fetch(epoch, end, machine.highWatermark(), maxWaitMs);
    }

    void fetchAnswered(ReplicaKey from, PeerAnswer answer, Moment now, List<QuorumAction> actions) {
        if (machine.state() instanceof Unattached) machine.leaveAlone(from.id(), now);
        if (!(machine.state() instanceof Follower follower)) return;
        FollowerProgress progress = follower.progress();
        switch (answer) {
            case PeerAnswer.Fetched fetched -> {
                answered(progress, now);
                progress.agreed(fetched.highWatermark());
                if (fetched.records().hasRemaining()) {
                    isChangingLog = true;
                    actions.add(new QuorumAction.AppendFetched(follower.epoch(), fetched.records()));
                }
                commit(follower, actions);
            }
            case PeerAnswer.Diverging(OffsetAndEpoch endOfEpoch, LeaderAndEpoch ignored) -> {
                answered(progress, now);
                cut(FetchCheck.cutAt(endOfEpoch, machine.log), from, now, actions);
            }
            case PeerAnswer.SnapshotNeeded(OffsetAndEpoch id, LeaderAndEpoch ignored) -> {
                answered(progress, now);
                if (id.offset() > machine.highWatermark()) progress.beginsDownload(id);
                else machine.leaveAlone(from.id(), now);
            }
            default -> notAnswered(follower, from, answer, now, actions);
        }
    }

    private void answered(FollowerProgress progress, Moment now) {
        progress.answered(now.nowMs() + machine.timeouts.fetchTimeoutMs());
    }

    private void cut(long offset, ReplicaKey leader, Moment now, List<QuorumAction> actions) {
        if (offset < machine.highWatermark()) {
            actions.add(new QuorumAction.StopForGood("the metadata log of leader " + leader
                    + " parts from this one at offset " + offset + ", though everything below "
                    + machine.highWatermark() + " is committed"));
        } else if (offset < machine.log.end().offset()) {
            isChangingLog = true;
            actions.add(new QuorumAction.TruncateTo(offset));
        } else {
            machine.leaveAlone(leader.id(), now);
        }
    }

    private void notAnswered(
            Follower follower, ReplicaKey from, PeerAnswer answer, Moment now, List<QuorumAction> actions) {
        machine.leaveAlone(from.id(), now);
        boolean isNoLeader = answer instanceof PeerAnswer.Refused refused
                && refused.error() == ErrorCode.NOT_LEADER_OR_FOLLOWER
                && refused.leader().epoch() == follower.epoch();
        if (isNoLeader) elections.leaderIsNone(follower, now, actions);
        if (answer instanceof PeerAnswer.Gone) elections.leaderIsGone(follower, now, actions);
    }

    /** What the leader sent is of no use; unless that changes, the fetch timeout ends this. */
    void unusable(Moment now) {
        isChangingLog = false;
        if (machine.state() instanceof Follower follower)
            machine.leaveAlone(follower.progress().leaderId(), now);
    }

    // Snapshots

    void snapshotAnswered(ReplicaKey from, PeerAnswer answer, Moment now, List<QuorumAction> actions) {
        if (!(machine.state() instanceof Follower follower)) return;
        FollowerProgress progress = follower.progress();
        if (answer instanceof PeerAnswer.SnapshotPart part && progress.wants(part)) {
            answered(progress, now);
            progress.takes(part);
            actions.add(new QuorumAction.StoreSnapshotPart(part.snapshotId(), part.position(), part.bytes()));
            return;
        }
        progress.endsDownload();
        notAnswered(follower, from, answer, now, actions);
    }

    void partStored(QuorumEvent.SnapshotPartStored stored, List<QuorumAction> actions) {
        if (!(machine.state() instanceof Follower follower) || isChangingLog) return;
        if (!follower.progress().stored(stored.snapshotId(), stored.nextPosition())) return;
        isChangingLog = true;
        installing = stored.snapshotId();
        actions.add(new QuorumAction.InstallSnapshot(stored.snapshotId()));
    }

    void installed(OffsetAndEpoch id, List<QuorumAction> actions) {
        isChangingLog = false;
        installing = null;
        forcedOffset = id.offset();
        if (machine.state() instanceof Follower follower) follower.progress().endsDownload();
        machine.commitTo(id.offset(), actions);
    }

    void snapshotUnusable(OffsetAndEpoch id, Moment now) {
        if (id.equals(installing)) {
            isChangingLog = false;
            installing = null;
        }
        if (!(machine.state() instanceof Follower follower)) return;
        follower.progress().endsDownload();
        machine.leaveAlone(follower.progress().leaderId(), now);
    }
}
