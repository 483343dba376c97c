package io.millrace.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Counts what the voters say to one candidate in one epoch. */
public final class VoteCount {
    private final VoterSet voters;
    private final Set<Integer> granting = new TreeSet<>();
    private final Set<Integer> refusing = new TreeSet<>();

    /** @param voters who may vote */
    public VoteCount(VoterSet voters) {
        this.voters = voters;
    }

    /** A replica votes for the candidate; replicas that are not voters do not count. */
    public void grant(ReplicaKey replica) {
        if (voters.contains(replica) && !refusing.contains(replica.id())) granting.add(replica.id());
    }

    /** A replica does not vote for the candidate. The first word of a replica counts. */
    public void refuse(ReplicaKey replica) {
        if (voters.contains(replica) && !granting.contains(replica.id())) refusing.add(replica.id());
    }

    /** A replica that did not vote for the candidate may do so by now: what it said does not count, so that it is asked again. */
    void askAgain(ReplicaKey replica) {
        refusing.remove(replica.id());
    }

    /** Whether a majority voted for the candidate. */
    public boolean isWon() {
        return granting.size() >= voters.majority();
    }

    /** Whether no majority can vote for it any more. */
    public boolean isLost() {
        return voters.voters().size() - refusing.size() < voters.majority();
    }

    /** Ids of those who voted for it, in order. */
    public Set<Integer> granting() {
        return new TreeSet<>(granting);
    }

    /** Those who have said nothing yet, by id. */
    public List<ReplicaKey> silent() {
        List<ReplicaKey> silent = new ArrayList<>();
        for (Voter voter : voters.voters()) {
            int id = voter.key().id();
            if (!granting.contains(id) && !refusing.contains(id)) silent.add(voter.key());
        }
        return silent;
    }
}
