package io.millrace.client.consumer;

/** {@link Consumer#wakeup} was called: what waited stops waiting, and nothing is lost. */
public final class WokenUp extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WokenUp() {
        super("the consumer was woken up", null, false, false);
    }
}
