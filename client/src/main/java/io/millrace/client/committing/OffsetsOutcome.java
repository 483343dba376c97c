package io.millrace.client.committing;

import io.millrace.client.CommittedOffset;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.Map;

/**
 * What came of committing offsets, or of asking for them.
 *
 * @param error {@link ErrorCode#NONE} if all was done. One that refuses a member (such as {@link ErrorCode#ILLEGAL_GENERATION},
 *     {@link ErrorCode#UNKNOWN_MEMBER_ID}, {@link ErrorCode#REBALANCE_IN_PROGRESS}, {@link ErrorCode#FENCED_INSTANCE_ID}, {@link
 *     ErrorCode#STALE_MEMBER_EPOCH}) is told as the coordinator said it; after a timeout it may be committed or not
 * @param sentence for a person; empty without an error
 * @param offsets what is committed, if that was asked: partitions without a committed offset are not in it
 * @param errors of the partitions that were not done, as far as the coordinator said any
 */
public record OffsetsOutcome(
        ErrorCode error,
        String sentence,
        Map<TopicPartition, CommittedOffset> offsets,
        Map<TopicPartition, ErrorCode> errors) {
    /** There was nothing to do. */
    public static final OffsetsOutcome NOTHING = new OffsetsOutcome(ErrorCode.NONE, "", Map.of(), Map.of());

    /** Keeps its own copies. */
    public OffsetsOutcome {
        offsets = Map.copyOf(offsets);
        errors = Map.copyOf(errors);
    }

    /**
     * Whether the coordinator takes whoever asked for no member of the group's generation any more. That it knows no such group
     * says the same: one without members and offsets is forgotten.
     */
    public boolean isOfNoMember() {
        return switch (error) {
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID, GROUP_ID_NOT_FOUND -> true;
            default -> false;
        };
    }

    /** None of it was done, as far as is known. */
    static OffsetsOutcome failed(ErrorCode error, String sentence) {
        return new OffsetsOutcome(error, sentence, Map.of(), Map.of());
    }
}
