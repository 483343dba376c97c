package io.millrace.server;

import io.millrace.server.config.ListenerAddress;
import java.util.List;

/**
 * What a node says when it serves.
 *
 * @param clusterId the cluster it belongs to
 * @param listeners where it listens, with the ports really taken
 * @param bootMs milliseconds from the beginning of its boot
 */
public record Ready(String clusterId, List<ListenerAddress> listeners, long bootMs) {}
