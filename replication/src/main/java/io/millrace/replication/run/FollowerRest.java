package io.millrace.replication.run;

/**
 * A follower's fetch session, as far as one partition is concerned that need not be looked at with each fetch: the follower has all there is, is in
 * sync, and was told so. Called on the partition's lane.
 */
public interface FollowerRest {
    /** The broker that follows. */
    int brokerId();

    /** Which life of it fetches (KIP-903), or {@link io.millrace.replication.KnownBrokers#NO_EPOCH}. */
    long brokerEpoch();

    /** When the last fetch of the session came, in monotonic milliseconds. At that time the follower had all there was. */
    long fetchedAtMs();

    /** Whether the session has nothing to do with the partition any more, so that it does not rest again. */
    boolean isForgotten();

    /**
     * There is something to be looked at.
     *
     * @param isUrgent whether a fetch that waits is to be answered: the log grew, the leader epoch changed, or the partition is lost. Nothing more is told
     *     then before it rests anew. Otherwise the next fetch is to tell the follower, and what is urgent is still told meanwhile
     */
    void ended(boolean isUrgent);
}
