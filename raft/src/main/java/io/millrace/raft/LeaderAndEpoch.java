package io.millrace.raft;

import java.util.OptionalInt;

/**
 * What a replica says of who leads.
 *
 * @param leaderId who leads the epoch, if it knows
 * @param epoch the latest epoch it knows, from 0 to {@link #LAST_EPOCH}
 */
public record LeaderAndEpoch(OptionalInt leaderId, int epoch) {
    /** No epoch is beyond it. A replica that names a later one is not believed: nobody could ever be elected after it. */
    public static final int LAST_EPOCH = Integer.MAX_VALUE - 1;

    /** Checks both. */
    public LeaderAndEpoch {
        if (epoch < 0 || epoch > LAST_EPOCH)
            throw new IllegalArgumentException("epoch " + epoch + " is not in [0, " + LAST_EPOCH + "]");
        if (leaderId.isPresent() && leaderId.getAsInt() < 0)
            throw new IllegalArgumentException("leader id " + leaderId.getAsInt() + " is negative");
    }
}
