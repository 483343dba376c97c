package io.millrace.replication;

/** What a follower wants done, in list order. If one cannot be done, the rest of the list is not. */
public sealed interface FollowerAction {
    /**
     * Cut the log, and forget the epochs that begin there or later, also if nothing is cut: a leader that never wrote has left one at the end.
     *
     * @param offset               where the log ends then; at most where it ends now, and where it starts, too, if it started later
     * @param isBelowHighWatermark whether committed records go: only an unclean election makes that right, and it is to be told to people
     */
    record TruncateTo(long offset, boolean isBelowHighWatermark) implements FollowerAction {}

    /**
     * Drop everything and begin anew, as the leader's log begins after this one ends, or within a batch.
     *
     * @param offset where the log starts and ends then
     */
    record StartAnewAt(long offset) implements FollowerAction {}

    /** Append the records of the answer. */
    record AppendRecords() implements FollowerAction {}

    /**
     * Everything below is committed, and in the log.
     *
     * @param offset above the high watermark so far
     */
    record AdvanceHighWatermark(long offset) implements FollowerAction {}

    /**
     * What lies before is not kept any longer by the leader.
     *
     * @param offset above the log start so far, at most the high watermark
     */
    record AdvanceLogStart(long offset) implements FollowerAction {}
}
