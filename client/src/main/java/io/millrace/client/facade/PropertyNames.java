package io.millrace.client.facade;

import io.millrace.client.security.ConnectionSecurity;
import java.util.Map;
import java.util.Set;

/**
 * The properties that a kind of client knows.
 *
 * @param owner in a sentence, such as {@code a producer}
 * @param defaults by name
 * @param others known, without a default
 * @param refused known to Kafka, and of no effect here; each with why. {@link #REFUSED_BY_ALL} is so without being named
 */
public record PropertyNames(
        String owner, Map<String, String> defaults, Set<String> others, Map<String, String> refused) {
    private static final String NOT_YET = "it is not supported yet";

    /** What no client of ours does yet. */
    public static final Map<String, String> REFUSED_BY_ALL = Map.ofEntries(
            Map.entry("interceptor.classes", NOT_YET),
            Map.entry("bootstrap.resolve.timeout.ms", NOT_YET),
            Map.entry("metadata.cluster.check.enable", NOT_YET),
            Map.entry("client.dns.lookup", NOT_YET + "; the first address of a name is used"),
            Map.entry("connections.max.idle.ms", NOT_YET + "; brokers end idle connections"),
            Map.entry("socket.connection.setup.timeout.max.ms", NOT_YET),
            Map.entry("metric.reporters", NOT_YET + "; ask the client for its metrics"),
            Map.entry("metrics.num.samples", NOT_YET),
            Map.entry("metrics.recording.level", NOT_YET),
            Map.entry("metrics.sample.window.ms", NOT_YET),
            Map.entry("enable.metrics.push", NOT_YET),
            Map.entry("config.providers", NOT_YET));

    /** Keeps its own copies. */
    public PropertyNames {
        defaults = Map.copyOf(defaults);
        others = Set.copyOf(others);
        refused = Map.copyOf(refused);
    }

    /**
     * The name, if it may be set.
     *
     * @throws IllegalArgumentException naming it, and why not
     */
    String checked(String name) {
        if (ConnectionSecurity.isOne(name)) return name; // Read together, in ClientProperties.security().
        if (defaults.containsKey(name) || others.contains(name)) return name;
        String why = refused.getOrDefault(name, REFUSED_BY_ALL.getOrDefault(name, owner + " has no such property"));
        throw new IllegalArgumentException(name + ": " + why);
    }
}
