package io.millrace.client.facade;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.environment.Transport;
import io.millrace.host.HostClock;
import io.millrace.host.HostHelpers;
import io.millrace.host.HostLane;
import io.millrace.host.HostRandomness;
import io.millrace.host.HostTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;

/** The one lane of a client in an application, on the real environment: a daemon thread, and helpers for what can block. */
public final class ClientThreads {
    private final HostHelpers helpers;
    private final HostLane lane;
    private final ClientLane client;

    /**
     * Starts the lane.
     *
     * @param helperCount threads for what can block, 1 at least: looking up names is their business
     * @param answerBytes size of the buffers of answers that the client keeps; 0 if it keeps none
     * @param heldBytes how much of them it may keep
     * @param whenBroken is told if a task of the lane threw: the client cannot go on
     */
    public ClientThreads(
            ConnectionOptions options,
            int helperCount,
            long answerBytes,
            long heldBytes,
            Consumer<Throwable> whenBroken) {
        Transport transport = options.protect(new HostTransport(options.sockets())); // What may be refused comes first.
        helpers = new HostHelpers(helperCount);
        try {
            lane = new HostLane(options.clientId(), helpers, (name, cause) -> whenBroken.accept(cause), true);
        } catch (IOException e) {
            helpers.close();
            throw new UncheckedIOException("the system gives no event loop", e);
        }
        client = ClientLane.of(lane, new HostClock(), new HostRandomness(), transport, answerBytes, heldBytes);
        lane.start();
    }

    /** What the client runs on. */
    public ClientLane client() {
        return client;
    }

    /** Ends the lane after what was handed in to it, and waits for that; false if it did not end in time. */
    public boolean stop(long waitMs) {
        lane.stop();
        boolean hasStopped = lane.awaitStopped(waitMs);
        helpers.close();
        return hasStopped;
    }
}
