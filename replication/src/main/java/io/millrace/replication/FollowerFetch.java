package io.millrace.replication;

/**
 * What a follower's Fetch says of one partition. By it the leader learns how far the follower has come, so it is worth as much as an
 * acknowledgement.
 *
 * @param brokerId         who fetches
 * @param brokerEpoch      its life (KIP-903), or {@link KnownBrokers#NO_EPOCH} from a version that does not say
 * @param leaderEpoch      the leadership it believes in (KIP-320)
 * @param fetchOffset      where its log ends
 * @param lastFetchedEpoch leader epoch of the last record before {@code fetchOffset}, or {@link #NO_EPOCH} if it has none (KIP-595)
 * @param logStartOffset   where its log starts
 */
public record FollowerFetch(
        int brokerId, long brokerEpoch, int leaderEpoch, long fetchOffset, int lastFetchedEpoch, long logStartOffset) {
    /** In place of the last fetched epoch. */
    public static final int NO_EPOCH = -1;
}
