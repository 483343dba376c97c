package io.millrace.controller;

import java.util.Map;

/**
 * What the controller has to know of the server it runs in.
 *
 * @param nodeId           the server's number
 * @param clusterId        the cluster's id; registrations for another are refused
 * @param sessionTimeoutMs time without a heartbeat after which a broker is fenced ({@code broker.session.timeout.ms})
 * @param staticProperties the server's properties, which give defaults of topics and limits of groups
 */
public record ControllerSettings(
        int nodeId, String clusterId, long sessionTimeoutMs, Map<String, String> staticProperties) {
    public ControllerSettings {
        if (sessionTimeoutMs < 1)
            throw new IllegalArgumentException("session timeout of " + sessionTimeoutMs + " ms, want at least 1");
        staticProperties = Map.copyOf(staticProperties);
    }
}
