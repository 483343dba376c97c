package io.millrace.compatibility;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Finds ports that nobody listens on: below those that Linux gives by itself (from 32768), so that no connection gets one while
 * its server is down, and in a range of this JVM's own among those that run tests at once. Others of this machine may take one before it
 * is used: whoever uses it tries again.
 */
final class FreePort {
    private static final int FIRST = 10_000;
    private static final int RANGES = 4;
    private static final int RANGE_PORTS = 5_600;
    /** The number of this JVM among those that run tests at once, from 1. */
    private static final int FORK = Integer.getInteger("millrace.compat.fork", 1);

    private static final Random random = new Random();
    private static final Set<Integer> found = new HashSet<>();

    private FreePort() {}

    /** So many different ports of 127.0.0.1 that were free a moment ago. */
    static List<Integer> find(int count) {
        return IntStream.range(0, count).mapToObj(i -> find()).toList();
    }

    /** A port of 127.0.0.1 that was free a moment ago, and that this JVM has not found before. */
    static synchronized int find() {
        for (int attempt = 0; attempt < 100 * RANGE_PORTS; attempt++) {
            int port = FIRST + (FORK - 1) % RANGES * RANGE_PORTS + random.nextInt(RANGE_PORTS);
            if (!found.contains(port) && isFree(port)) {
                found.add(port);
                return port;
            }
        }
        throw new AssertionError(found.size() + " ports have been found, and no more are free");
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}
