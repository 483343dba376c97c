package io.millrace.client.consumer;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Kafka's consumer properties by name: their defaults, what is set, and what is refused. Immutable. */
final class ConsumerProperties {
    private static final Map<String, String> DEFAULTS = defaults();
    /** Known to Kafka, and of no effect here so far; each with why. */
    private static final Map<String, String> REFUSED = refused();

    private final Map<String, String> set;

    private ConsumerProperties(Map<String, String> set) {
        this.set = set;
    }

    private static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("bootstrap.servers", "");
        defaults.put("client.id", "millrace-consumer");
        defaults.put("client.rack", "");
        defaults.put("group.id", "");
        defaults.put("enable.auto.commit", "true");
        defaults.put("auto.commit.interval.ms", "5000");
        defaults.put("fetch.min.bytes", "1");
        defaults.put("fetch.max.wait.ms", "500");
        defaults.put("fetch.max.bytes", "52428800");
        defaults.put("max.partition.fetch.bytes", "1048576");
        defaults.put("fetch.buffer.bytes", "67108864");
        defaults.put("max.poll.records", "500");
        defaults.put("isolation.level", "read_uncommitted");
        defaults.put("auto.offset.reset", "latest");
        defaults.put("allow.auto.create.topics", "true");
        defaults.put("default.api.timeout.ms", "60000");
        defaults.put("request.timeout.ms", "30000");
        defaults.put("retry.backoff.ms", "100");
        defaults.put("retry.backoff.max.ms", "1000");
        defaults.put("metadata.max.age.ms", "300000");
        defaults.put("metadata.recovery.strategy", "rebootstrap");
        defaults.put("metadata.recovery.rebootstrap.trigger.ms", "300000");
        defaults.put("reconnect.backoff.ms", "50");
        defaults.put("reconnect.backoff.max.ms", "1000");
        defaults.put("socket.connection.setup.timeout.ms", "10000");
        defaults.put("send.buffer.bytes", "131072");
        defaults.put("receive.buffer.bytes", "65536");
        return defaults;
    }

    private static Map<String, String> refused() {
        Map<String, String> refused = new HashMap<>();
        String groups = "membership of groups is not supported yet; assign partitions";
        for (String name : List.of(
                "group.instance.id",
                "group.protocol",
                "group.remote.assignor",
                "partition.assignment.strategy",
                "session.timeout.ms",
                "heartbeat.interval.ms",
                "max.poll.interval.ms",
                "exclude.internal.topics")) refused.put(name, groups);
        refused.put("check.crcs", "checksums are always checked");
        String inCode = "it is given in code";
        refused.put("key.deserializer", inCode + ", to Consumer.open");
        refused.put("value.deserializer", inCode + ", to Consumer.open");
        String notYet = "it is not supported yet";
        refused.put("interceptor.classes", notYet);
        refused.put("bootstrap.resolve.timeout.ms", notYet);
        refused.put("metadata.cluster.check.enable", notYet);
        refused.put("client.dns.lookup", notYet + "; the first address of a name is used");
        refused.put("connections.max.idle.ms", notYet + "; brokers end idle connections");
        refused.put("socket.connection.setup.timeout.max.ms", notYet);
        refused.put("metric.reporters", notYet + "; see Consumer.metrics");
        refused.put("metrics.num.samples", notYet);
        refused.put("metrics.recording.level", notYet);
        refused.put("metrics.sample.window.ms", notYet);
        refused.put("enable.metrics.push", notYet);
        refused.put("config.providers", notYet);
        return refused;
    }

    static ConsumerProperties of(Map<String, ?> properties) {
        Map<String, String> set = new TreeMap<>();
        properties.forEach((name, value) ->
                set.put(checked(name, value), String.valueOf(value).strip()));
        if (!set.containsKey("bootstrap.servers")) {
            throw new IllegalArgumentException("bootstrap.servers is missing: the addresses of some brokers");
        }
        return new ConsumerProperties(set);
    }

    boolean isSet(String name) {
        return set.containsKey(name);
    }

    ConsumerProperties with(String name, Object value) {
        Map<String, String> more = new TreeMap<>(set);
        more.put(checked(name, value), String.valueOf(value).strip());
        return new ConsumerProperties(more);
    }

    private static String checked(String name, Object value) {
        if (name.equals("security.protocol") && String.valueOf(value).strip().equals("PLAINTEXT")) return name;
        if (name.startsWith("ssl.") || name.startsWith("sasl.") || name.startsWith("security.")) {
            throw new IllegalArgumentException(name + ": TLS and SASL are not supported yet");
        }
        String why = REFUSED.get(name);
        if (why != null) throw new IllegalArgumentException(name + ": " + why);
        if (!DEFAULTS.containsKey(name)) {
            throw new IllegalArgumentException(name + ": a consumer has no such property");
        }
        return name;
    }

    String text(String name) {
        String stated = set.get(name);
        if (stated != null) return stated;
        String usual = DEFAULTS.get(name);
        if (usual == null) throw new IllegalArgumentException(name + " is not set and has no default");
        return usual;
    }

    boolean flag(String name) {
        String text = text(name);
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(name + " is '" + text + "'; want true or false");
        };
    }

    /** A number in {@code [least, most]}. */
    long number(String name, long least, long most) {
        String text = text(name);
        long number;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is '" + text + "'; want a whole number", e);
        }
        if (number < least || number > most) {
            throw new IllegalArgumentException(name + " is " + number + "; want from " + least + " to " + most);
        }
        return number;
    }
}
