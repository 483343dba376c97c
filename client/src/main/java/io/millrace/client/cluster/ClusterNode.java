package io.millrace.client.cluster;

import org.jspecify.annotations.Nullable;

/**
 * A broker, or one of the addresses a client begins with.
 *
 * @param id the broker's id; below 0 for an address whose broker is not known yet
 * @param host name or address
 * @param port from 0 to 65535
 */
public record ClusterNode(
        int id, String host, int port, @Nullable String rack) {
    @Override
    public String toString() {
        return host + ":" + port + (id < 0 ? "" : " (broker " + id + ")");
    }
}
