package io.millrace.raft.run;

import io.millrace.raft.LeaderProgress;
import io.millrace.raft.QuorumMachine;
import io.millrace.raft.QuorumState;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import java.util.ArrayList;
import java.util.List;

/**
 * The quorum as DescribeQuorum shows it.
 *
 * @param leaderId who leads, or -1
 * @param leaderEpoch the epoch that is known
 * @param highWatermark everything below is committed
 * @param voters one entry per voter, by id
 * @param observers those who fetch and do not vote, by id; only the leader knows of them
 */
public record QuorumDescription(
        int leaderId,
        int leaderEpoch,
        long highWatermark,
        List<VoterProgress> voters,
        List<ObserverProgress> observers) {
    /**
     * How far a voter has come.
     *
     * @param logEndOffset its next offset, or -1 if not known
     * @param lastFetchTimeMs wall-clock time of its last fetch; for the leader itself, now; -1 if not known
     * @param lastCaughtUpTimeMs when it last had all of the leader's log; -1 if not known
     */
    public record VoterProgress(Voter voter, long logEndOffset, long lastFetchTimeMs, long lastCaughtUpTimeMs) {}

    /** How far an observer has come, in the terms of {@link VoterProgress}. */
    public record ObserverProgress(ReplicaKey key, long logEndOffset, long lastFetchTimeMs, long lastCaughtUpTimeMs) {}

    static QuorumDescription of(QuorumMachine machine, ReplicaKey self, long logEndOffset, long wallMs, long nowMs) {
        List<VoterProgress> voters = new ArrayList<>();
        boolean leads = machine.isLeader(machine.state().epoch());
        for (Voter voter : machine.history().voters().voters()) {
            if (leads && voter.is(self)) {
                voters.add(new VoterProgress(voter, logEndOffset, wallMs, wallMs));
            } else if (leads && machine.state() instanceof QuorumState.Leader leader) {
                LeaderProgress.Replica replica =
                        leader.progress().voter(voter.key().id());
                boolean isKnown = replica.fetchedAtMs() != LeaderProgress.NEVER;
                voters.add(new VoterProgress(
                        voter,
                        isKnown ? replica.heldOffset() : -1,
                        atWallMs(replica.fetchedAtMs(), wallMs, nowMs),
                        atWallMs(replica.caughtUpAtMs(), wallMs, nowMs)));
            } else {
                voters.add(new VoterProgress(voter, -1, -1, -1));
            }
        }
        List<ObserverProgress> observers = new ArrayList<>();
        if (leads && machine.state() instanceof QuorumState.Leader leader)
            leader.progress()
                    .observers()
                    .forEach((key, replica) -> observers.add(new ObserverProgress(
                            key,
                            replica.heldOffset(),
                            atWallMs(replica.fetchedAtMs(), wallMs, nowMs),
                            atWallMs(replica.caughtUpAtMs(), wallMs, nowMs))));
        return new QuorumDescription(
                machine.leader().leaderId().orElse(-1),
                machine.state().epoch(),
                machine.highWatermark(),
                voters,
                observers);
    }

    private static long atWallMs(long atMs, long wallMs, long nowMs) {
        return atMs == LeaderProgress.NEVER ? -1 : wallMs - (nowMs - atMs);
    }
}
