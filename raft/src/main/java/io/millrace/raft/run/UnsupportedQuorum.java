package io.millrace.raft.run;

/** The directory or the configuration describes a quorum this node cannot take part in; the message says which and why. */
public final class UnsupportedQuorum extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsupportedQuorum(String message) {
        super(message);
    }
}
