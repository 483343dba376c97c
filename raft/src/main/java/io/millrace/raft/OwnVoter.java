package io.millrace.raft;

import java.util.Optional;

/**
 * This replica as a voter, if it could be one: a broker never is.
 *
 * @param voter where it is reached, and what it supports
 * @param joins whether it asks to be taken in where it does not vote ({@code controller.quorum.auto.join.enable})
 */
public record OwnVoter(Optional<Voter> voter, boolean joins) {
    /** One that does not say where it is reached, and asks for nothing. */
    public static final OwnVoter NONE = new OwnVoter(Optional.empty(), false);

    /**
     * What a follower has its leader do now.
     *
     * @param hasTold whether the leader knows of this replica already, which matters only while the log does not say who votes
     */
    Optional<VoterChange> wish(int epoch, VoterHistory history, boolean hasTold) {
        if (voter.isEmpty()) return Optional.empty();
        Voter own = voter.get();
        Optional<Voter> known = history.voters().find(own.key().id());
        if (known.isPresent() && known.get().is(own.key())) {
            boolean isKnown = history.kraftVersion() > 0 ? known.get().equals(own) : hasTold;
            return isKnown ? Optional.empty() : Optional.of(new VoterChange.Update(epoch, own));
        }
        if (!joins || history.kraftVersion() < 1) return Optional.empty();
        // With a wiped disk it is somebody else: who it was before leaves first, as an id votes once.
        return Optional.of(known.<VoterChange>map(before -> new VoterChange.Remove(before.key()))
                .orElseGet(() -> new VoterChange.Add(own, false)));
    }
}
