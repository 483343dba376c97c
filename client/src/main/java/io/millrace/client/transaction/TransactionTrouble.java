package io.millrace.client.transaction;

import io.millrace.protocol.ErrorCode;

/**
 * Why a transaction cannot be committed.
 *
 * @param error what a broker said, or would have said
 * @param sentence what happened, for people
 * @param isFatal whether the producer is of no use any more; else the transaction can be aborted and another begun
 */
public record TransactionTrouble(ErrorCode error, String sentence, boolean isFatal) {
    /** Whether a newer producer of the same transactional id has taken over, or the transaction timed out. */
    public boolean isFenced() {
        return isFatal && (error == ErrorCode.PRODUCER_FENCED || error == ErrorCode.INVALID_PRODUCER_EPOCH);
    }
}
