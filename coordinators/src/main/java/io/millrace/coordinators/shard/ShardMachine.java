package io.millrace.coordinators.shard;

import java.util.List;

/**
 * One coordinator on one partition. Its replicated state is changed by the {@code replay} methods alone, so that loading
 * the log anywhere gives the state that the leader has; what it keeps beside that (sessions, waiting requests) is lost
 * with the leadership, by design of the protocol.
 */
public interface ShardMachine {
    /**
     * Takes over a record that is in the log.
     *
     * @param offset its offset
     */
    void replay(long offset, CoordinatorRecord record);

    /** Takes a record over that counts only once its transaction commits. */
    void replayInTransaction(long producerId, long offset, CoordinatorRecord record);

    /**
     * A transaction's end marker was reached.
     *
     * @param offset the marker's offset
     */
    void replayTransactionEnd(long producerId, long offset, boolean isCommitted);

    /** The whole log has been replayed: requests come from now on. */
    void loaded(Moment now);

    /** The leadership is lost: gives every request that waits its last answer. Nothing is called after this. */
    List<Answer<?>> unloaded();

    /** When {@link #wake} wants to be called, in monotonic milliseconds; {@link Long#MAX_VALUE} for never. */
    long nextWakeAtMs();

    /** Handles one deadline that has passed; to be called again while {@link #nextWakeAtMs} is not in the future. */
    Decision wake(Moment now);
}
