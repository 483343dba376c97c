package io.millrace.environment;

import java.io.IOException;

/** Why a connection is closed whose lane has stopped: this side ends, and nothing is wrong with the other. */
public final class LaneStopped extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * A lane has stopped.
     *
     * @param peer whom the connection led to, for a person
     */
    public LaneStopped(String peer, String lane) {
        super(peer + ": lane " + lane + " has stopped");
    }
}
