package io.millrace.client.consumer;

import io.millrace.client.facade.PropertyNames;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Kafka's consumer properties by name: their defaults, and what is refused. */
final class ConsumerProperties {
    /** All of them. */
    static final PropertyNames NAMES = new PropertyNames("a consumer", defaults(), Set.of(), refused());

    private ConsumerProperties() {}

    private static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("bootstrap.servers", "");
        defaults.put("client.id", "millrace-consumer");
        defaults.put("client.rack", "");
        defaults.put("group.id", "");
        defaults.put("enable.auto.commit", "true");
        defaults.put("auto.commit.interval.ms", "5000");
        defaults.put("group.instance.id", "");
        defaults.put("group.protocol", "classic");
        defaults.put("partition.assignment.strategy", "range,cooperative-sticky");
        defaults.put("session.timeout.ms", "45000");
        defaults.put("heartbeat.interval.ms", "3000");
        defaults.put("max.poll.interval.ms", "300000");
        defaults.put("exclude.internal.topics", "true");
        defaults.put("fetch.min.bytes", "1");
        defaults.put("fetch.max.wait.ms", "500");
        defaults.put("fetch.max.bytes", "52428800");
        defaults.put("max.partition.fetch.bytes", "1048576");
        defaults.put("fetch.buffer.bytes", "67108864");
        defaults.put("max.poll.records", "500");
        defaults.put("unreadable.records", "stop");
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
        defaults.put("receive.buffer.bytes", "-1"); // Kafka: 65536. See docs/adr/0075.
        return defaults;
    }

    /** Known to Kafka, and of no effect here so far; each with why. */
    private static Map<String, String> refused() {
        Map<String, String> refused = new HashMap<>();
        refused.put("group.remote.assignor", "the newer group protocol is not supported yet");
        refused.put("check.crcs", "checksums are always checked");
        String inCode = "it is given in code";
        refused.put("key.deserializer", inCode + ", to Consumer.open");
        refused.put("value.deserializer", inCode + ", to Consumer.open");
        return refused;
    }
}
