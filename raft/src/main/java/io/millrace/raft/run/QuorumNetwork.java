package io.millrace.raft.run;

import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.ReplicaKey;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What a replica needs to be one of several.
 *
 * @param peers how it reaches the others
 * @param timeouts how long it waits for them
 * @param chance any value, each as likely as every other: timeouts are drawn from it
 */
public record QuorumNetwork(Peers peers, QuorumTimeouts timeouts, LongSupplier chance) {
    /** Nobody else: this node has to be the one voter. */
    public static final QuorumNetwork NONE = new QuorumNetwork(
            (to, request, then) -> {
                throw new IllegalStateException("a quorum of one voter asks " + to + " " + request);
            },
            QuorumTimeouts.DEFAULT,
            () -> 0);

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
    }
}
