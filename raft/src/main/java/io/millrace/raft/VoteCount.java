package io.millrace.raft;

import java.util.Set;
import java.util.TreeSet;

/** Counts the votes for one candidate in one epoch. */
public final class VoteCount {
    private final VoterSet voters;
    private final Set<Integer> granting = new TreeSet<>();

    /** @param voters who may vote */
    public VoteCount(VoterSet voters) {
        this.voters = voters;
    }

    /** A replica votes for the candidate; replicas that are not voters do not count. */
    public void grant(ReplicaKey replica) {
        if (voters.contains(replica)) granting.add(replica.id());
    }

    /** Whether a majority voted for the candidate. */
    public boolean isWon() {
        return granting.size() >= voters.majority();
    }

    /** Ids of those who voted for it, in order. */
    public Set<Integer> granting() {
        return new TreeSet<>(granting);
    }
}
