package io.millrace.raft;

import java.util.List;
import java.util.Set;

/** What a replica of the metadata log is to its quorum. An observer is only ever Unattached or a Follower, save one that voted until
 * a change that may not be committed. */
public sealed interface QuorumState {
    /** The epoch it is in. */
    int epoch();

    /**
     * It follows nobody: it knows of no leader, or the one it knew has resigned. It may have voted.
     *
     * @param electionAtMs when a voter asks whether it should stand
     */
    record Unattached(int epoch, long electionAtMs) implements QuorumState {}

    /**
     * It asks the others whether they would vote for it (KIP-996).
     *
     * @param mayReturn whether, if they would not, it goes back to the leader it has not heard of
     */
    record Prospective(int epoch, VoteCount votes, long untilMs, boolean mayReturn) implements QuorumState {}

    /** It has voted for itself and asks the others to. */
    record Candidate(int epoch, VoteCount votes, long untilMs) implements QuorumState {}

    /** It leads. */
    record Leader(int epoch, LeaderProgress progress, WaitingFetches waiting) implements QuorumState {}

    /** It fetches from the leader. */
    record Follower(int epoch, FollowerProgress progress) implements QuorumState {}

    /**
     * It led this epoch and will not again: the process restarted, is shutting down, or heard of no majority.
     *
     * @param toTell ids of voters that have not been told yet
     * @param preferredCandidates who should stand, the fittest first
     * @param untilMs when it becomes a voter like any other
     */
    record Resigned(int epoch, Set<Integer> toTell, List<ReplicaKey> preferredCandidates, long untilMs)
            implements QuorumState {}
}
