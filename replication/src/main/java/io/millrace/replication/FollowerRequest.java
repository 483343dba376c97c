package io.millrace.replication;

/** What a follower asks its leader. Each says the leadership it is meant for (KIP-320). */
public sealed interface FollowerRequest {
    /**
     * Where does an epoch end? (OffsetForLeaderEpoch, KIP-101, KIP-279)
     *
     * @param leaderEpoch the leadership it is meant for
     * @param epoch       whose end is wanted
     */
    record EndOfEpoch(int leaderEpoch, int epoch) implements FollowerRequest {}

    /**
     * The next records. (Fetch)
     *
     * @param leaderEpoch      the leadership it is meant for
     * @param fetchOffset      where the follower's log ends
     * @param lastFetchedEpoch leader epoch of its last record, or {@link FollowerFetch#NO_EPOCH}
     * @param logStartOffset   where its log starts
     */
    record Fetch(int leaderEpoch, long fetchOffset, int lastFetchedEpoch, long logStartOffset)
            implements FollowerRequest {}

    /**
     * Where does the leader's log start and end? (ListOffsets, for both)
     *
     * @param leaderEpoch the leadership it is meant for
     */
    record LogRange(int leaderEpoch) implements FollowerRequest {}
}
