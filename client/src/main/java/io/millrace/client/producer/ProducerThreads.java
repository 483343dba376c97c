package io.millrace.client.producer;

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

/** The one lane of a producer in an application, on the real environment: a daemon thread, and helpers for what can block. */
final class ProducerThreads {
    /** Looking up names, and packing batches that are sent before they are full. */
    private static final int HELPERS = 2;

    private static final int BACKLOG = SocketOptions.DEFAULT.listenBacklog();

    private final HostHelpers helpers = new HostHelpers(HELPERS);
    private final HostLane lane;
    private final ClientLane client;

    /**
     * Starts the lane.
     *
     * @param whenBroken is told if a task of the lane threw: the producer cannot go on
     */
    ProducerThreads(ProducerOptions options, Consumer<Throwable> whenBroken) {
        try {
            lane = new HostLane(options.clientId(), helpers, (name, cause) -> whenBroken.accept(cause), true);
        } catch (IOException e) {
            helpers.close();
            throw new UncheckedIOException("the system gives no event loop", e);
        }
        int sendBytes = options.sendBufferBytes();
        int receiveBytes = options.receiveBufferBytes();
        HostTransport transport = new HostTransport(
                new SocketOptions(BACKLOG, sendBytes == 0 ? -1 : sendBytes, receiveBytes == 0 ? -1 : receiveBytes));
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
