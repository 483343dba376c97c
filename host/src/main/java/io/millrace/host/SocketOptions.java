package io.millrace.host;

/**
 * How sockets are set up.
 *
 * @param listenBacklog connections the kernel keeps that have not been accepted yet, at least 1
 * @param sendBufferBytes {@code socket.send.buffer.bytes}; -1 leaves it to the kernel, which adapts it
 * @param receiveBufferBytes {@code socket.receive.buffer.bytes}; -1 leaves it to the kernel, which adapts it
 */
public record SocketOptions(int listenBacklog, int sendBufferBytes, int receiveBufferBytes) {
    /** A backlog that outlasts a whole fleet reconnecting at once, and buffers as the kernel sees fit. */
    public static final SocketOptions DEFAULT = new SocketOptions(1024, -1, -1);

    /** Checks the ranges. */
    public SocketOptions {
        if (listenBacklog < 1) throw new IllegalArgumentException("listen backlog " + listenBacklog + " is below 1");
        checkBuffer("send", sendBufferBytes);
        checkBuffer("receive", receiveBufferBytes);
    }

    private static void checkBuffer(String which, int sizeBytes) {
        if (sizeBytes == -1 || sizeBytes > 0) return;
        throw new IllegalArgumentException(which + " buffer of " + sizeBytes + " bytes; want -1 or a positive size");
    }
}
