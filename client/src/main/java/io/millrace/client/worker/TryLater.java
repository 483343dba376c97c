package io.millrace.client.worker;

import java.time.Duration;

/**
 * A handler has not handled a record, and is to be called with it again: something it needs is not there yet. It is no failure, and
 * may go on as long as it likes; the records that wait for this one wait.
 */
public final class TryLater extends Exception {
    private static final long serialVersionUID = 1L;

    private final long delayMs;

    /**
     * After that time.
     *
     * @param delay at least a millisecond
     * @param why for a person
     */
    public TryLater(Duration delay, String why) {
        super(why, null, false, false); // It is no mistake, and where it was made says nothing.
        this.delayMs = delay.toMillis();
        if (delayMs < 1) throw new IllegalArgumentException("a delay of " + delay + "; want a millisecond at least");
    }

    long delayMs() {
        return delayMs;
    }
}
