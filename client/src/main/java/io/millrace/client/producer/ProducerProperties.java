package io.millrace.client.producer;

import io.millrace.client.facade.PropertyNames;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Kafka's producer properties by name: their defaults, and what is refused. */
final class ProducerProperties {
    private static final Set<String> WITHOUT_DEFAULT =
            Set.of("compression.gzip.level", "compression.lz4.level", "compression.zstd.level", "transactional.id");

    /** All of them. */
    static final PropertyNames NAMES = new PropertyNames("a producer", defaults(), WITHOUT_DEFAULT, refused());

    private ProducerProperties() {}

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

    /** Known to Kafka, and of no effect here so far; each with why. */
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
        refused.put("client.rack", notYet);
        refused.put("partitioner.rack.aware", notYet);
        return refused;
    }
}
