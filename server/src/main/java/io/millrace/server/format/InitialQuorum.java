package io.millrace.server.format;

import io.millrace.raft.Voter;
import io.millrace.raft.VoterSet;

/** Who votes in the metadata quorum when a cluster begins. */
public sealed interface InitialQuorum {
    /** Those of {@code controller.quorum.voters}, for good (kraft.version 0). */
    record Static() implements InitialQuorum {}

    /** This node alone, reached at this endpoint; more can join later (KIP-853). */
    record Standalone(Voter.Endpoint endpoint) implements InitialQuorum {}

    /** These; every one of them is formatted with the same list (KIP-853). */
    record Voters(VoterSet voters) implements InitialQuorum {}

    /** Nobody here knows: this node will join a quorum that exists (KIP-853). */
    record ToJoin() implements InitialQuorum {}

    /** Whether the set of voters can change. */
    default boolean isDynamic() {
        return !(this instanceof Static);
    }
}
