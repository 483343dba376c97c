package io.millrace.client.producer;

import io.millrace.client.transaction.TransactionTrouble;
import io.millrace.protocol.ErrorCode;

/**
 * A transaction could not be brought forward. What to do about it is one of three things: {@link #isAbortable} abort it, and
 * begin another; {@link #isTimeout} call the same once more, or close the producer; else close the producer.
 */
public final class TransactionFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private enum Kind {
        ABORTABLE,
        TIMEOUT,
        FENCED,
        FATAL
    }

    private final ErrorCode error;
    private final Kind kind;

    private TransactionFailure(ErrorCode error, Kind kind, String sentence) {
        super(sentence);
        this.error = error;
        this.kind = kind;
    }

    static TransactionFailure of(TransactionTrouble trouble) {
        Kind kind = trouble.isFenced() ? Kind.FENCED : trouble.isFatal() ? Kind.FATAL : Kind.ABORTABLE;
        return new TransactionFailure(trouble.error(), kind, trouble.sentence());
    }

    static TransactionFailure timeout(String sentence) {
        return new TransactionFailure(ErrorCode.REQUEST_TIMED_OUT, Kind.TIMEOUT, sentence);
    }

    /** As a timeout, which need not be waited for: trying again does not go better until somebody changes something. */
    static TransactionFailure loginRefused(String sentence) {
        return new TransactionFailure(ErrorCode.SASL_AUTHENTICATION_FAILED, Kind.TIMEOUT, sentence);
    }

    /** What a broker said, or would have said. */
    public ErrorCode error() {
        return error;
    }

    /** Whether the transaction can be aborted, and another one begun with the same producer. */
    public boolean isAbortable() {
        return kind == Kind.ABORTABLE;
    }

    /** Whether it is not known yet what came of the call: it goes on, and the same call waits for it again. */
    public boolean isTimeout() {
        return kind == Kind.TIMEOUT;
    }

    /** Whether a newer producer of the same transactional id has taken over, or the transaction took too long. */
    public boolean isFenced() {
        return kind == Kind.FENCED;
    }
}
