package io.millrace.client.producer;

import io.millrace.protocol.ErrorCode;

/** A record was not delivered. The message is one sentence for a person: which partition, what happened, how often it was tried. */
public final class SendFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode error;
    private final boolean isOutcomeUnknown;

    /** Not delivered, for a reason that a broker gave or might have given. */
    public SendFailure(ErrorCode error, String sentence, boolean isOutcomeUnknown) {
        super(sentence, null, false, false); // Where it was made says nothing: that is a lane, or the caller itself.
        this.error = error;
        this.isOutcomeUnknown = isOutcomeUnknown;
    }

    /** The error, in the protocol's words; {@link ErrorCode#REQUEST_TIMED_OUT} for all that took too long. */
    public ErrorCode error() {
        return error;
    }

    /** Whether the record may be in the log all the same. */
    public boolean isOutcomeUnknown() {
        return isOutcomeUnknown;
    }
}
