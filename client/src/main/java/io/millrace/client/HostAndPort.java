package io.millrace.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a node listens.
 *
 * @param host name or address, without brackets
 * @param port from 1 to 65535
 */
public record HostAndPort(String host, int port) {
    /** The port taken when none is named: the one Kafka's examples use. */
    public static final int DEFAULT_PORT = 9092;

    /** Checks both. */
    public HostAndPort {
        if (host.isBlank()) throw new IllegalArgumentException("the host is empty");
        if (port < 1 || port > 65535) throw new IllegalArgumentException("port " + port + " is not in [1, 65535]");
    }

    /**
     * Reads {@code host:port}, {@code [v6-address]:port} or a host alone.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static HostAndPort parse(String text) {
        String entry = text.strip();
        int colon = entry.lastIndexOf(':');
        boolean hasPort = colon >= 0 && !entry.endsWith("]") && (entry.startsWith("[") || entry.indexOf(':') == colon);
        String host = hasPort ? entry.substring(0, colon) : entry;
        if (host.startsWith("[") && host.endsWith("]")) host = host.substring(1, host.length() - 1);
        try {
            return new HostAndPort(host, hasPort ? Integer.parseInt(entry.substring(colon + 1)) : DEFAULT_PORT);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + entry + "': '" + entry.substring(colon + 1) + "' is not a port", e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + entry + "': " + e.getMessage(), e);
        }
    }

    /**
     * Reads a comma-separated list, as {@code bootstrap.servers} is written.
     *
     * @return at least one
     * @throws IllegalArgumentException if one is malformed or there is none
     */
    public static List<HostAndPort> parseList(String text) {
        List<HostAndPort> found = new ArrayList<>();
        for (String entry : text.split(",", -1)) if (!entry.isBlank()) found.add(parse(entry));
        if (found.isEmpty()) throw new IllegalArgumentException("'" + text + "' names no server; want HOST:PORT,...");
        return List.copyOf(found);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
