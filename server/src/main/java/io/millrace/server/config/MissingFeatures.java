package io.millrace.server.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Kafka's properties that ask for what is missing here. Where leaving it out would open a door, or hide data, the property is
 * refused; where it only means less, it is said.
 */
final class MissingFeatures {
    private static final Map<String, String> REFUSED = Map.of(
            "authorizer.class.name",
            "this version enforces no ACLs, so whoever reaches the port may do everything",
            "create.topic.policy.class.name",
            "this version runs no policies, so every topic would be taken",
            "alter.config.policy.class.name",
            "this version runs no policies, so every change would be taken");

    private static final Map<String, String> SAID = Map.of(
            "controller.quorum.append.linger.ms",
            "what is appended while the log is being forced shares the next force, and nothing waits besides",
            "controller.quorum.fetch.max.bytes",
            "a fetch of the metadata log is answered with 1 MiB, or one batch",
            "controller.quorum.fetch.snapshot.max.bytes",
            "snapshots are fetched in parts of 1 MiB",
            "metric.reporters",
            "reporters are not loaded; metrics are served at millrace.metrics.address",
            "kafka.metrics.reporters",
            "reporters are not loaded; metrics are served at millrace.metrics.address",
            "client.quota.callback.class",
            "this version has no quotas",
            "principal.builder.class",
            "this version knows no principals but ANONYMOUS",
            "num.replica.fetchers",
            "each lane fetches from each leader by one stream",
            "replica.socket.receive.buffer.bytes",
            "sockets to leaders have what socket.receive.buffer.bytes says");

    private static final String TIERED_STORAGE = "remote.log.storage.system.enable";
    private static final String SELECTOR = "replica.selector.class";
    private static final String AUTO_JOIN = "controller.quorum.auto.join.enable";
    private static final String DEFAULT_REPORTER = "org.apache.kafka.common.metrics.JmxReporter";

    private MissingFeatures() {}

    /**
     * Looks for them among the stated properties.
     *
     * @return a sentence for each that has no effect
     * @throws BadConfig for the first, by name, that cannot be left out
     */
    static List<String> look(Map<String, String> stated) {
        List<String> sentences = new ArrayList<>();
        for (String name : stated.keySet().stream().sorted().toList()) {
            String value = stated.getOrDefault(name, "").strip();
            if (value.isEmpty()) continue;
            String why = REFUSED.get(name);
            if (why != null) throw refused(name, value, why);
            if (name.equals(TIERED_STORAGE) && Boolean.parseBoolean(value))
                throw refused(
                        name, value, "this version has no tiered storage, so what lies there would not be served");
            if (name.equals(AUTO_JOIN) && Boolean.parseBoolean(value) && !isController(stated))
                throw refused(name, value, "only a node with controller among its process.roles joins a quorum");
            if (name.equals(SELECTOR) && !ServerConfig.REPLICA_SELECTORS.contains(value))
                sentences.add(name + "=" + value + " has no effect, consumers read at leaders: known are "
                        + String.join(" and ", ServerConfig.REPLICA_SELECTORS));
            String less = SAID.get(name);
            if (less != null && !value.equals(DEFAULT_REPORTER))
                sentences.add(name + "=" + value + " has no effect: " + less);
        }
        return sentences;
    }

    private static boolean isController(Map<String, String> stated) {
        return Arrays.stream(stated.getOrDefault("process.roles", "broker,controller")
                        .split(","))
                .anyMatch(role -> role.strip().equals("controller"));
    }

    private static BadConfig refused(String name, String value, String why) {
        return new BadConfig(name + "=" + value + ": " + why + "; take the property out to start all the same");
    }
}
