package io.millrace.raft;

/** A change of who votes, as it is asked of the quorum's leader (KIP-853). */
public sealed interface VoterChange {
    /**
     * Take in a replica that observes so far.
     *
     * @param voter where it is reached; what it supports is asked of itself
     * @param waitsForCommit whether the answer comes once the change is committed, or as soon as it is in the leader's log
     */
    record Add(Voter voter, boolean waitsForCommit) implements VoterChange {}

    /** Have a voter vote no more; it goes on as an observer. */
    record Remove(ReplicaKey voter) implements VoterChange {}

    /**
     * A voter says where it is reached and what it supports. It is answered once that is in the leader's log: it could not fetch, and
     * so have it committed, while it waits.
     *
     * @param epoch the epoch of the leader that is asked
     */
    record Update(int epoch, Voter voter) implements VoterChange {}

    /**
     * Raise {@code kraft.version}, from which on who votes stands in the log.
     *
     * @param validateOnly whether to say only if it could be done
     */
    record Upgrade(short kraftVersion, boolean validateOnly) implements VoterChange {}
}
