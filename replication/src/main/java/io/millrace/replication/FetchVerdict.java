package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;

/** How a leader takes a follower's fetch. */
public sealed interface FetchVerdict {
    /** All the follower has, the leader has too; it gets what comes next, and what it has counts. */
    record Agrees() implements FetchVerdict {
        static final Agrees YES = new Agrees();
    }

    /**
     * The follower has records that the leader has not; it gets none, and nothing of it counts (KAFKA-13141).
     *
     * @param endOfEpoch the leader's largest epoch that is at most the follower's last, and where it ends there
     */
    record Diverges(OffsetAndEpoch endOfEpoch) implements FetchVerdict {}

    /**
     * The follower gets nothing but an error.
     *
     * @param error FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER or OFFSET_OUT_OF_RANGE
     */
    record Refused(ErrorCode error) implements FetchVerdict {}
}
