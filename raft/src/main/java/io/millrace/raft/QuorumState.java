package io.millrace.raft;

/** What a replica of the metadata log is to its quorum. */
public sealed interface QuorumState {
    /** The epoch it knows of. */
    int epoch();

    /** It knows of no leader in this epoch; it may have voted. */
    record Unattached(ElectionState election) implements QuorumState {
        @Override
        public int epoch() {
            return election.epoch();
        }
    }

    /**
     * It stands for election, or has won it, but the election state is not on stable storage yet; until then it neither
     * leads nor asks for votes.
     */
    record Candidate(int epoch, VoteCount votes) implements QuorumState {}

    /** It leads. */
    record Leader(int epoch, LeaderProgress progress) implements QuorumState {}

    /** It led this epoch and will not again: the process restarted, or is shutting down. */
    record Resigned(int epoch) implements QuorumState {}
}
