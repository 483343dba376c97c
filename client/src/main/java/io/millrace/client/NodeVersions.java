package io.millrace.client;

import java.util.List;
import java.util.OptionalInt;

/**
 * What a node speaks, and which features it knows (KIP-35, KIP-584).
 *
 * @param apis by key
 * @param features by name
 */
public record NodeVersions(List<Api> apis, List<Feature> features) {
    /** Fixes the lists. */
    public NodeVersions {
        apis = List.copyOf(apis);
        features = List.copyOf(features);
    }

    /**
     * A request the node serves.
     *
     * @param name as Kafka's documentation has it; {@code API_123} if this client does not know it
     * @param lowest oldest version, included
     * @param highest newest version, included
     */
    public record Api(int key, String name, int lowest, int highest) {}

    /**
     * A feature.
     *
     * @param lowest lowest level the node knows, -1 if it only tells the one in force
     * @param highest highest level it knows, as above
     * @param level in force in the cluster; empty if it is not
     */
    public record Feature(String name, int lowest, int highest, OptionalInt level) {}
}
