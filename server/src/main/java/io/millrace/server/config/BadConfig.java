package io.millrace.server.config;

/** A property has a value this server cannot start with; the message is one sentence for whoever set it. */
public final class BadConfig extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Names the property, what was found and what is wanted. */
    public BadConfig(String message) {
        super(message);
    }
}
