package io.millrace.client.cluster;

import io.millrace.protocol.Uuid;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is known of a cluster at one moment. Immutable, so that it can be handed to any thread. */
public final class ClusterView {
    /** Nothing is known. */
    public static final ClusterView EMPTY = new ClusterView(null, Map.of(), Map.of());

    private final @Nullable String clusterId;
    private final Map<Integer, ClusterNode> nodes;
    private final Map<String, ClusterTopic> topics;
    private final Map<Uuid, String> names = new HashMap<>();

    ClusterView(@Nullable String clusterId, Map<Integer, ClusterNode> nodes, Map<String, ClusterTopic> topics) {
        this.clusterId = clusterId;
        this.nodes = new TreeMap<>(nodes);
        this.topics = Collections.unmodifiableMap(new TreeMap<>(topics));
        for (ClusterTopic topic : topics.values()) {
            if (!topic.id().equals(Uuid.ZERO)) names.put(topic.id(), topic.name());
        }
    }

    /** The cluster's id, once it was told. */
    public Optional<String> clusterId() {
        return Optional.ofNullable(clusterId);
    }

    /** The brokers, in the order of their ids. */
    public Iterable<ClusterNode> nodes() {
        return nodes.values();
    }

    /** A broker; null if it is not known. */
    public @Nullable ClusterNode node(int id) {
        return nodes.get(id);
    }

    /** A topic that was asked for; null if nothing is known yet. */
    public @Nullable ClusterTopic topic(String name) {
        return topics.get(name);
    }

    /** All topics of which something is known, by their names. */
    public Iterable<ClusterTopic> topics() {
        return topics.values();
    }

    /** The name of a topic by its id; null if it is not known. */
    public @Nullable String topicName(Uuid id) {
        return names.get(id);
    }

    Map<Integer, ClusterNode> nodesById() {
        return new TreeMap<>(nodes);
    }

    Map<String, ClusterTopic> topicsByName() {
        return new TreeMap<>(topics);
    }

    @Nullable
    String clusterIdOrNull() {
        return clusterId;
    }
}
