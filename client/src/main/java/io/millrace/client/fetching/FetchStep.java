package io.millrace.client.fetching;

/** What a partition needs next, so that its records come. */
public sealed interface FetchStep {
    /**
     * Nothing now.
     *
     * @param againFromMs when to look again; {@link Long#MAX_VALUE} if only an event changes anything
     */
    record Rest(long againFromMs) implements FetchStep {}

    /** To know who leads it. */
    record FindLeader() implements FetchStep {}

    /**
     * The offset of a time, from the leader.
     *
     * @param timestamp milliseconds since 1970, or {@link OffsetReset#EARLIEST} or {@link OffsetReset#LATEST}
     */
    record LookUp(int brokerId, int leaderEpoch, long timestamp) implements FetchStep {}

    /** Where the epoch of its position ends in the leader's log (KIP-320). */
    record CheckEpoch(int brokerId, int leaderEpoch, int positionEpoch) implements FetchStep {}

    /**
     * Records.
     *
     * @param brokerId the leader, or a nearer replica
     */
    record Fetch(int brokerId, int leaderEpoch, FetchPosition position) implements FetchStep {}
}
