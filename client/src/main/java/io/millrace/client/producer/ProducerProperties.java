package io.millrace.client.producer;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Kafka's producer properties by name: their defaults, what is set, and what is refused. Immutable. */
final class ProducerProperties {
    private static final Map<String, String> DEFAULTS = defaults();

    /** Known to Kafka, and of no effect here so far; each with why. */
    private static final Map<String, String> REFUSED = refused();

    private static final Set<String> WITHOUT_DEFAULT =
            Set.of("compression.gzip.level", "compression.lz4.level", "compression.zstd.level", "transactional.id");

    private final Map<String, String> set;

    private ProducerProperties(Map<String, String> set) {
        this.set = set;
    }

    private static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("bootstrap.servers", "");
        defaults.put("client.id", "millrace-producer");
        defaults.put("acks", "all");
        defaults.put("enable.idempotence", "true");
        defaults.put("max.in.flight.requests.per.connection", "5");
        defaults.put("retries", "2147483647");
        defaults.put("delivery.timeout.ms", "120000");
        defaults.put("request.timeout.ms", "30000");
        defaults.put("retry.backoff.ms", "100");
        defaults.put("retry.backoff.max.ms", "1000");
        defaults.put("linger.ms", "5");
        defaults.put("batch.size", "16384");
        defaults.put("buffer.memory", "33554432");
        defaults.put("max.block.ms", "60000");
        defaults.put("max.request.size", "1048576");
        defaults.put("compression.type", "none");
        defaults.put("transaction.timeout.ms", "60000");
        defaults.put("partitioner.ignore.keys", "false");
        defaults.put("partitioner.adaptive.partitioning.enable", "true");
        defaults.put("metadata.max.age.ms", "300000");
        defaults.put("metadata.max.idle.ms", "300000");
        defaults.put("metadata.recovery.strategy", "rebootstrap");
        defaults.put("metadata.recovery.rebootstrap.trigger.ms", "300000");
        defaults.put("reconnect.backoff.ms", "50");
        defaults.put("reconnect.backoff.max.ms", "1000");
        defaults.put("socket.connection.setup.timeout.ms", "10000");
        defaults.put("send.buffer.bytes", "131072");
        defaults.put("receive.buffer.bytes", "32768");
        return defaults;
    }

    private static Map<String, String> refused() {
        Map<String, String> refused = new HashMap<>();
        refused.put("transaction.two.phase.commit.enable", "it is not supported yet");
        String inCode = "it is given in code";
        refused.put("key.serializer", inCode + ", to Producer.open");
        refused.put("value.serializer", inCode + ", to Producer.open");
        refused.put("interceptor.classes", inCode + ", to Producer.open");
        refused.put("partitioner.class", inCode + ", to ProducerOptions.withPartitioner");
        String notYet = "it is not supported yet";
        refused.put("partitioner.availability.timeout.ms", notYet);
        refused.put("buffer.memory.allocation.strategy", notYet);
        refused.put("bootstrap.resolve.timeout.ms", notYet);
        refused.put("client.rack", notYet);
        refused.put("partitioner.rack.aware", notYet);
        refused.put("metadata.cluster.check.enable", notYet);
        refused.put("client.dns.lookup", notYet + "; the first address of a name is used");
        refused.put("connections.max.idle.ms", notYet + "; brokers end idle connections");
        refused.put("socket.connection.setup.timeout.max.ms", notYet);
        refused.put("metric.reporters", notYet + "; see Producer.metrics");
        refused.put("metrics.num.samples", notYet);
        refused.put("metrics.recording.level", notYet);
        refused.put("metrics.sample.window.ms", notYet);
        refused.put("enable.metrics.push", notYet);
        refused.put("config.providers", notYet);
        return refused;
    }

    static ProducerProperties of(Map<String, ?> properties) {
        Map<String, String> set = new TreeMap<>();
        properties.forEach((name, value) ->
                set.put(checked(name, value), String.valueOf(value).strip()));
        if (!set.containsKey("bootstrap.servers")) {
            throw new IllegalArgumentException("bootstrap.servers is missing: the addresses of some brokers");
        }
        return new ProducerProperties(set);
    }

    ProducerProperties with(String name, Object value) {
        Map<String, String> more = new TreeMap<>(set);
        more.put(checked(name, value), String.valueOf(value).strip());
        return new ProducerProperties(more);
    }

    private static String checked(String name, Object value) {
        if (name.equals("security.protocol") && String.valueOf(value).strip().equals("PLAINTEXT")) return name;
        if (name.startsWith("ssl.") || name.startsWith("sasl.") || name.startsWith("security.")) {
            throw new IllegalArgumentException(name + ": TLS and SASL are not supported yet");
        }
        String why = REFUSED.get(name);
        if (why != null) throw new IllegalArgumentException(name + ": " + why);
        if (!DEFAULTS.containsKey(name) && !WITHOUT_DEFAULT.contains(name)) {
            throw new IllegalArgumentException(name + ": a producer has no such property");
        }
        return name;
    }

    boolean isSet(String name) {
        return set.containsKey(name);
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
