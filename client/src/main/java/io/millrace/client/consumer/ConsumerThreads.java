package io.millrace.client.consumer;

import io.millrace.client.cluster.run.ClientLane;
import io.millrace.host.HostClock;
import io.millrace.host.HostHelpers;
import io.millrace.host.HostLane;
import io.millrace.host.HostRandomness;
import io.millrace.host.HostTransport;
import io.millrace.host.SocketOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;

/** The one lane of a consumer in an application, on the real environment: a daemon thread, and a helper that looks up names. */
final class ConsumerThreads {
    private static final int HELPERS = 1;
    private static final int BACKLOG = SocketOptions.DEFAULT.listenBacklog();

    private final HostHelpers helpers = new HostHelpers(HELPERS);
    private final HostLane lane;
    private final ClientLane client;

    /**
     * Starts the lane.
     *
     * @param whenBroken is told if a task of the lane threw: the consumer cannot go on
     */
    ConsumerThreads(ConsumerOptions options, Consumer<Throwable> whenBroken) {
        try {
            lane = new HostLane(options.clientId(), helpers, (name, cause) -> whenBroken.accept(cause), true);
        } catch (IOException e) {
            helpers.close();
            throw new UncheckedIOException("the system gives no event loop", e);
        }
        HostTransport transport =
                new HostTransport(new SocketOptions(BACKLOG, options.sendBufferBytes(), options.receiveBufferBytes()));
        client = ClientLane.of(lane, new HostClock(), new HostRandomness(), transport);
        lane.start();
    }

    ClientLane client() {
        return client;
    }

    /** Ends the lane after what was handed in to it, and waits for that; false if it did not end in time. */
    boolean stop(long waitMs) {
        lane.stop();
        boolean hasStopped = lane.awaitStopped(waitMs);
        helpers.close();
        return hasStopped;
    }
}
