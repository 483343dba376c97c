package io.millrace.raft.run;

import io.millrace.raft.Voter;
import java.util.List;

/**
 * The quorum as DescribeQuorum shows it.
 *
 * @param leaderId who leads, or -1
 * @param leaderEpoch the epoch that is known
 * @param highWatermark everything below is committed
 * @param voters one entry per voter, by id
 */
public record QuorumDescription(int leaderId, int leaderEpoch, long highWatermark, List<VoterProgress> voters) {
    /**
     * How far a voter has come.
     *
     * @param logEndOffset its next offset, or -1 if not known
     * @param lastFetchTimeMs wall-clock time of its last fetch; for the leader itself, now; -1 if not known
     * @param lastCaughtUpTimeMs when it last had all of the leader's log; -1 if not known
     */
    public record VoterProgress(Voter voter, long logEndOffset, long lastFetchTimeMs, long lastCaughtUpTimeMs) {}
}
