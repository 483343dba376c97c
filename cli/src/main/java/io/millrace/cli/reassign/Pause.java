package io.millrace.cli.reassign;

/** Waits between two looks at the cluster. */
final class Pause {
    private Pause() {}

    /** Whether the wait was not interrupted. */
    static boolean of(long ms) {
        try {
            Thread.sleep(ms);
            return true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
