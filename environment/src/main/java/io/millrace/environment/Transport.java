package io.millrace.environment;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Byte streams to other processes. */
public interface Transport {
    /**
     * Listens on an address. Each accepted connection is dealt to one of the lanes and announced there.
     *
     * @param address where to listen; port 0 takes a free one
     * @param lanes those that get connections, in turn; at least one
     * @throws IOException if the address is taken or not ours; the message names it
     */
    Listening listen(InetSocketAddress address, java.util.List<? extends Lane> lanes, Acceptor acceptor)
            throws IOException;

    /** Begins to connect; the outcome comes through {@code events} on {@code lane}. Called on that lane. */
    Connection connect(InetSocketAddress address, Lane lane, ConnectionEvents events);

    /** Is told of accepted connections, on the lane that got them. */
    @FunctionalInterface
    interface Acceptor {
        /** Takes a connection over and says who hears its events. */
        ConnectionEvents accepted(Connection connection, Lane lane);
    }

    /** An address being listened on, until closed; connections that were accepted live on. */
    interface Listening extends Closeable {
        /** The address, with the port that was taken. */
        InetSocketAddress address();
    }
}
