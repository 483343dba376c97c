package io.millrace.connection.sasl;

/** The exchange failed: one of the two is not who it says, or does not keep to the mechanism. The message is one sentence without secrets. */
public final class SaslRefused extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public SaslRefused(String sentence) {
        super(sentence);
    }
}
