package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;

/** What a leader answers to a {@link FollowerRequest}, or that it does not. */
public sealed interface FollowerAnswer {
    /**
     * To {@link FollowerRequest.EndOfEpoch}: the largest epoch that the leader knows and is at most the one asked for, and where it ends.
     *
     * @param end as the leader says
     */
    record EpochEnd(OffsetAndEpoch end) implements FollowerAnswer {}

    /** To {@link FollowerRequest.EndOfEpoch}: the leader knows of no epochs. */
    record EpochUnknown() implements FollowerAnswer {}

    /**
     * To {@link FollowerRequest.Fetch}: records that follow the follower's, or none. Whoever carries out has checked the batches.
     *
     * @param firstOffset    first offset of the first batch; the fetch offset if there is none
     * @param nextOffset     the offset after the last batch; the fetch offset if there is none
     * @param highWatermark  the leader's
     * @param logStartOffset the leader's
     */
    record Records(long firstOffset, long nextOffset, long highWatermark, long logStartOffset)
            implements FollowerAnswer {}

    /**
     * To {@link FollowerRequest.Fetch}: the leader does not have the follower's last records (KIP-595).
     *
     * @param end as in {@link EpochEnd}
     */
    record Diverges(OffsetAndEpoch end) implements FollowerAnswer {}

    /**
     * To {@link FollowerRequest.LogRange}.
     *
     * @param startOffset first offset the leader has
     * @param endOffset   next offset it will write
     */
    record Range(long startOffset, long endOffset) implements FollowerAnswer {}

    /**
     * To any.
     *
     * @param error not NONE
     */
    record Refused(ErrorCode error) implements FollowerAnswer {}

    /** To any: none came. */
    record Unanswered() implements FollowerAnswer {}
}
