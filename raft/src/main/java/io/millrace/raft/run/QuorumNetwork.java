package io.millrace.raft.run;

import io.millrace.raft.OwnVoter;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.QuorumEvent;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What a replica needs to be one of several.
 *
 * @param peers how it reaches the others
 * @param timeouts how long it waits for them
 * @param chance any value, each as likely as every other: timeouts are drawn from it
 * @param own what it says of itself to its leader
 */
public record QuorumNetwork(Peers peers, QuorumTimeouts timeouts, LongSupplier chance, OwnVoter own) {
    /** Nobody else: this node has to be the one voter. */
    public static final QuorumNetwork NONE = new QuorumNetwork(
            (to, request, then) -> {
                throw new IllegalStateException("a quorum of one voter asks " + to + " " + request);
            },
            QuorumTimeouts.DEFAULT,
            () -> 0);

    /** A replica that says nothing of itself to its leader. */
    public QuorumNetwork(Peers peers, QuorumTimeouts timeouts, LongSupplier chance) {
        this(peers, timeouts, chance, OwnVoter.NONE);
    }

    /** Asks other replicas. */
    @FunctionalInterface
    public interface Peers {
        /**
         * Asks one. Called on the quorum's lane, and must not block.
         *
         * @param to of a replica that does not vote the directory is not known
         * @param then called once, later, on the quorum's lane, with nothing if there was no answer within the request
         *     timeout
         */
        void ask(ReplicaKey to, PeerRequest request, Consumer<Optional<PeerAnswer>> then);

        /** Whether there are addresses to ask, {@code controller.quorum.bootstrap.servers}, whoever votes. */
        default boolean canAskAround() {
            return false;
        }

        /** Asks at one of those addresses, another one each time; as {@link #ask}, and called only if there are any. */
        default void askAround(PeerRequest request, Consumer<Optional<PeerAnswer>> then) {
            throw new IllegalStateException("there is no address to ask " + request);
        }

        /**
         * Asks a replica that may not vote yet what it supports, at the address it is said to have. As {@link #ask} otherwise; of
         * peers that cannot do that, nobody answers.
         */
        default void askVersions(Voter voter, Consumer<Optional<QuorumEvent.KraftVersions>> then) {
            then.accept(Optional.empty());
        }
    }
}
