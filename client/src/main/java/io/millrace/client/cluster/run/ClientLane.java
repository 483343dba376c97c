package io.millrace.client.cluster.run;

import io.millrace.connection.BufferPool;
import io.millrace.connection.run.ConversationLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;

/**
 * What a client runs on: one lane, and what belongs to it.
 *
 * @param shared what the conversations of the lane share
 */
public record ClientLane(Lane lane, Clock clock, Randomness randomness, Transport transport, ConversationLane shared) {
    private static final long MAX_IDLE_BYTES = 4L * 1024 * 1024;
    private static final long LARGE_BUDGET_BYTES = 128L * 1024 * 1024;
    /** A lane with buffers of its own: 4 MiB kept when idle, 128 MiB of large answers at a time. */
    public static ClientLane of(Lane lane, Clock clock, Randomness randomness, Transport transport) {
        return of(lane, clock, randomness, transport, 0, 0);
    }

    /**
     * Likewise, for a client that keeps answers.
     *
     * @param answerBytes size of the buffers of its answers; as much is kept when idle, if it is more
     * @param heldBytes of answers that it may keep, beside those that come
     */
    public static ClientLane of(
            Lane lane, Clock clock, Randomness randomness, Transport transport, long answerBytes, long heldBytes) {
        BufferPool pool = new BufferPool(Math.max(MAX_IDLE_BYTES, answerBytes), LARGE_BUDGET_BYTES + heldBytes);
        return new ClientLane(lane, clock, randomness, transport, new ConversationLane(lane, clock, pool));
    }

    /** Monotonic milliseconds: what machines are handed as {@code nowMs}. */
    public long nowMs() {
        return clock.monotonicMs();
    }
}
