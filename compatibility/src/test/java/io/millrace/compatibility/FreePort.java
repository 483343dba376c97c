package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds ports that nobody listens on. Another process may take one before it is used: whoever uses it tries again. */
final class FreePort {
    private FreePort() {}

    /** So many different ports of 127.0.0.1 that were free a moment ago. */
    static List<Integer> find(int count) {
        Set<Integer> ports = new LinkedHashSet<>();
        while (ports.size() < count) ports.add(find());
        return List.copyOf(ports);
    }

    /** A port of 127.0.0.1 that was free a moment ago. */
    static int find() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
