package io.millrace.testkit.disk;

/**
 * Unwinds what ran on a machine at the moment it was killed or lost its power. An {@code Error}, so that no code under
 * simulation takes it for a failed disk or socket; the machine that stopped catches it, nobody else may.
 */
public final class MachineStopped extends Error {
    private static final long serialVersionUID = 1L;

    /** Without a stack: it is no mistake. */
    public MachineStopped() {
        super("the machine has stopped", null, false, false);
    }
}
