package io.millrace.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cluster and the brokers in it.
 *
 * @param clusterId empty where the cluster does not say
 * @param controllerId the broker that leads to the controller, -1 if there is none now
 * @param nodes by id
 */
public record ClusterDescription(String clusterId, int controllerId, List<Node> nodes) {
    /** Fixes the list. */
    public ClusterDescription {
        nodes = List.copyOf(nodes);
    }

    /**
     * A broker.
     *
     * @param rack null if it says none
     * @param isFenced whether it is registered and not in service; told by Kafka 4.1 and later only
     */
    public record Node(
            int id, HostAndPort address, @Nullable String rack, boolean isFenced) {}
}
