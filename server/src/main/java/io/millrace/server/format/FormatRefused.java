package io.millrace.server.format;

/** Nothing was formatted; the message is one sentence for the operator. */
public final class FormatRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says what is wrong, and what to do instead. */
    public FormatRefused(String message) {
        super(message);
    }
}
