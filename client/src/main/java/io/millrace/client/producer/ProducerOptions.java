package io.millrace.client.producer;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.facade.ClientProperties;
import io.millrace.client.facade.ConnectionOptions;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.SendRules;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import io.millrace.records.Compression;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a producer works: Kafka's producer properties, by their names and with their defaults. Immutable.
 *
 * <pre>{@code
 * ProducerOptions options = ProducerOptions.of(Map.of("bootstrap.servers", "localhost:9092", "compression.type", "zstd"))
 *         .with("linger.ms", 20);
 * }</pre>
 *
 * <p>What has no effect here is refused, not passed over: a name nobody knows, and what is not supported yet
 * (transactions in two phases).
 */
public final class ProducerOptions {
    private static final int MAX_RESPONSE_BYTES = 16 << 20;

    private final ClientProperties properties;
    private final ConnectionOptions connection;
    private final @Nullable Partitioner partitioner;

    private ProducerOptions(ClientProperties properties, @Nullable Partitioner partitioner) {
        this.properties = properties;
        this.connection = new ConnectionOptions(properties);
        this.partitioner = partitioner;
        // What is wrong is said here, not when the producer is opened.
        sendRules();
        transactionTimeoutMs();
        appendRules();
        metadataRules();
        connection.reconnects();
        connection.sockets();
        settings();
    }

    /**
     * Options from properties.
     *
     * @param properties values of any type, as their text says; {@code bootstrap.servers} is needed
     * @throws IllegalArgumentException naming the property, and what is wrong
     */
    public static ProducerOptions of(Map<String, ?> properties) {
        return new ProducerOptions(ClientProperties.of(ProducerProperties.NAMES, properties), null);
    }

    /** Options with Kafka's defaults for the cluster of these addresses, such as {@code localhost:9092,localhost:9093}. */
    public static ProducerOptions forServers(String bootstrapServers) {
        return of(Map.of("bootstrap.servers", bootstrapServers));
    }

    /** The same with one property set. */
    public ProducerOptions with(String name, Object value) {
        return new ProducerOptions(properties.with(name, value), partitioner);
    }

    /** The same with a partitioner of the application's, or one of {@link Partitioners}, in place of the usual one. */
    public ProducerOptions withPartitioner(Partitioner chosen) {
        return new ProducerOptions(properties, chosen);
    }

    /** How it talks to the cluster. */
    ConnectionOptions connection() {
        return connection;
    }

    /** The value of a property, or its default. */
    public String get(String name) {
        return properties.text(name);
    }

    @Nullable
    Partitioner partitioner() {
        return partitioner;
    }

    boolean ignoresKeys() {
        return properties.flag("partitioner.ignore.keys");
    }

    boolean isAdaptive() {
        return properties.flag("partitioner.adaptive.partitioning.enable");
    }

    long bufferBytes() {
        return properties.number("buffer.memory", 0, Long.MAX_VALUE);
    }

    long maxBlockMs() {
        return properties.number("max.block.ms", 0, Long.MAX_VALUE);
    }

    int maxRequestBytes() {
        return (int) properties.number("max.request.size", 0, Integer.MAX_VALUE);
    }

    private short acks() {
        String acks = properties.text("acks");
        return switch (acks) {
            case "all", "-1" -> -1;
            case "0" -> 0;
            case "1" -> 1;
            default -> throw new IllegalArgumentException("acks is '" + acks + "'; want 0, 1 or all");
        };
    }

    SendRules sendRules() {
        int retries = (int) properties.number("retries", 0, Integer.MAX_VALUE);
        int maxInFlight = (int) properties.number("max.in.flight.requests.per.connection", 1, Integer.MAX_VALUE);
        // As in Kafka: it is on unless asked otherwise, and gives way to settings it cannot go with, unless asked for.
        boolean isAsked = properties.isSet("enable.idempotence");
        boolean isIdempotent = properties.flag("enable.idempotence");
        boolean fits = acks() == -1 && retries > 0 && maxInFlight <= SendRules.MOST_IN_FLIGHT;
        if (isIdempotent && !isAsked && !fits && !isTransactional()) isIdempotent = false;
        long deliveryTimeoutMs = properties.number("delivery.timeout.ms", 0, Integer.MAX_VALUE);
        long lingerMs = properties.number("linger.ms", 0, Integer.MAX_VALUE);
        long leastMs = lingerMs + connection.requestTimeoutMs();
        if (deliveryTimeoutMs < leastMs) {
            if (properties.isSet("delivery.timeout.ms")) {
                throw new IllegalArgumentException("delivery.timeout.ms is " + deliveryTimeoutMs
                        + ", below linger.ms + request.timeout.ms, which is " + leastMs);
            }
            deliveryTimeoutMs = leastMs;
        }
        if (isTransactional() && !isIdempotent) {
            throw new IllegalArgumentException("transactional.id needs enable.idempotence=true");
        }
        return new SendRules(
                isIdempotent, isTransactional(), acks(), maxInFlight, retries, deliveryTimeoutMs, lingerMs, backoff());
    }

    /** Whether there is a {@code transactional.id}. */
    public boolean isTransactional() {
        if (!properties.isSet("transactional.id")) return false;
        if (transactionalId().isEmpty()) throw new IllegalArgumentException("transactional.id is empty");
        return true;
    }

    /** Empty if there is none. */
    String transactionalId() {
        return properties.text("transactional.id");
    }

    int transactionTimeoutMs() {
        return (int) properties.number("transaction.timeout.ms", 1, Integer.MAX_VALUE);
    }

    AppendRules appendRules() {
        String name = properties.text("compression.type");
        Compression compression = Compression.forName(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "compression.type is '" + name + "'; want none, gzip, snappy, lz4 or zstd"));
        String levelName = "compression." + name + ".level";
        int level = compression.defaultLevel();
        if (properties.isSet(levelName)) {
            level = (int) properties.number(levelName, Integer.MIN_VALUE, Integer.MAX_VALUE);
            if (!compression.isLevel(level)) {
                throw new IllegalArgumentException(levelName + " is " + level + "; want from " + compression.minLevel()
                        + " to " + compression.maxLevel());
            }
        }
        return new AppendRules(
                (int) properties.number("batch.size", 0, Integer.MAX_VALUE), maxRequestBytes(), compression, level);
    }

    MetadataRules metadataRules() {
        return connection.metadataRules(properties.number("metadata.max.idle.ms", 5_000, Long.MAX_VALUE / 4), true);
    }

    ClientSettings settings() {
        return connection.settings(MAX_RESPONSE_BYTES);
    }

    String clientId() {
        return connection.clientId();
    }

    int requestTimeoutMs() {
        return connection.requestTimeoutMs();
    }

    RetryBackoff backoff() {
        return connection.backoff();
    }

    ReconnectBackoff reconnects() {
        return connection.reconnects();
    }

    List<ClusterNode> bootstrapNodes() {
        return connection.bootstrapNodes();
    }
}
