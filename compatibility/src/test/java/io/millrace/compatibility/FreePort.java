package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Finds ports that nobody listens on. Another process may take one before it is used: whoever uses it tries again. */
final class FreePort {
    private FreePort() {}

    /** A port of 127.0.0.1 that was free a moment ago. */
    static int find() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
