package io.millrace.raft;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a replica must remember of elections across restarts, so that it votes once per epoch: the content of the
 * {@code quorum-state} file.
 *
 * @param epoch leader epoch, from 0
 * @param leaderId who leads it, if that is known
 * @param votedFor whom this replica voted for in it, if it did
 */
public record ElectionState(int epoch, OptionalInt leaderId, Optional<ReplicaKey> votedFor) {
    /** Of a replica that has never heard of an election. */
    public static final ElectionState INITIAL = unknownLeader(0);

    /** Checks the epoch. */
    public ElectionState {
        if (epoch < 0) throw new IllegalArgumentException("epoch " + epoch + " is negative");
    }

    /** An epoch whose leader is known. */
    public static ElectionState led(int epoch, int leaderId) {
        return new ElectionState(epoch, OptionalInt.of(leaderId), Optional.empty());
    }

    /** An epoch of which only the number is known. */
    public static ElectionState unknownLeader(int epoch) {
        return new ElectionState(epoch, OptionalInt.empty(), Optional.empty());
    }

    /** An epoch in which this replica voted and does not know of a leader yet. */
    public static ElectionState voted(int epoch, ReplicaKey votedFor) {
        return new ElectionState(epoch, OptionalInt.empty(), Optional.of(votedFor));
    }

    /** The same epoch and vote, with its leader known. */
    ElectionState withLeader(int newLeaderId) {
        return new ElectionState(epoch, OptionalInt.of(newLeaderId), votedFor);
    }

    /** Whether this node leads the epoch. */
    public boolean isLedBy(int nodeId) {
        return leaderId.isPresent() && leaderId.getAsInt() == nodeId;
    }
}
