package io.millrace.environment;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What the owner of a {@link Connection} is told, on the connection's lane. */
public interface ConnectionEvents {
    /** An outgoing connection is established; accepted ones are so from the start and do not get this. */
    default void onConnected() {}

    /** There are bytes to read, or the peer has ended its stream. */
    void onReadable();

    /** Bytes can be written again. */
    void onWritable();

    /**
     * The connection is gone (for an outgoing one, perhaps never came to be). Called at most once, and not after
     * {@link Connection#close}. A failed {@code read} or {@code write} throws instead, and its caller closes.
     *
     * @param cause null if there is nothing to say; a {@link java.net.ConnectException} if nobody listens at the address, a
     *              {@link LaneStopped} if it is this side that ends
     */
    void onClosed(@Nullable IOException cause);
}
