package io.millrace.raft;

import java.util.OptionalInt;

/**
 * What a replica says of who leads.
 *
 * @param leaderId who leads the epoch, if it knows
 * @param epoch the latest epoch it knows, from 0
 */
public record LeaderAndEpoch(OptionalInt leaderId, int epoch) {
    /** Checks both. */
    public LeaderAndEpoch {
        if (epoch < 0) throw new IllegalArgumentException("epoch " + epoch + " is negative");
        if (leaderId.isPresent() && leaderId.getAsInt() < 0)
            throw new IllegalArgumentException("leader id " + leaderId.getAsInt() + " is negative");
    }
}
