package io.millrace.environment;

import java.io.IOException;

/**
 * The two ends cannot speak TLS with each other: one does not trust the other's certificate, they have no version or cipher in
 * common, or the peer speaks something else. Connecting again does not mend that; a connection that merely broke is no such thing.
 */
public final class TlsRefused extends IOException {
    private static final long serialVersionUID = 1L;

    /** Says so in a sentence that names the peer. */
    public TlsRefused(String sentence, Exception cause) {
        super(sentence, cause);
    }
}
