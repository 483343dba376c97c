package io.millrace.replication;

/**
 * Follows how far the replicas of one partition have come during one leader epoch, and says from it what is committed.
 *
 * <p>The in-sync set is the leader alone as long as clusters of one node are all there is; the high watermark is then as
 * far as the leader's own replica counts: its log end, or what it has forced while more than is allowed is not.
 */
public final class PartitionLeader {
    private final int leaderEpoch;
    private long logEndOffset;
    private long forcedOffset;
    private long highWatermark;

    /**
     * Takes up leadership.
     *
     * @param leaderEpoch the epoch of this leadership
     * @param logEndOffset where the leader's log ends as it takes up
     * @param forcedOffset everything below it is on stable storage
     * @param highWatermark the high watermark known so far, at most {@code logEndOffset}
     */
    public PartitionLeader(int leaderEpoch, long logEndOffset, long forcedOffset, long highWatermark) {
        this.leaderEpoch = leaderEpoch;
        this.logEndOffset = logEndOffset;
        this.forcedOffset = forcedOffset;
        this.highWatermark = highWatermark;
    }

    /** The epoch this leadership is fenced by. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** Everything below it is committed. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Learns that the log now ends at {@code endOffset}. */
    public void appended(long endOffset) {
        if (endOffset < logEndOffset)
            throw new IllegalStateException("log end went from " + logEndOffset + " back to " + endOffset);
        logEndOffset = endOffset;
    }

    /** Learns that everything below {@code offset} is on stable storage. */
    public void forced(long offset) {
        forcedOffset = Math.max(forcedOffset, offset);
    }

    /**
     * Moves the high watermark as far as the in-sync replicas allow. It never goes down (R3).
     *
     * @param unforcedRecords how many records at the end of the leader's own replica may count without being forced, from
     *     0; with more than these it counts only as far as it is forced, so that it never ends within a batch
     * @return whether it moved
     */
    public boolean advance(long unforcedRecords) {
        long forced = Math.min(forcedOffset, logEndOffset);
        long onAllInSync = logEndOffset - forced <= unforcedRecords ? logEndOffset : forced;
        if (onAllInSync <= highWatermark) return false;
        highWatermark = onAllInSync;
        return true;
    }
}
