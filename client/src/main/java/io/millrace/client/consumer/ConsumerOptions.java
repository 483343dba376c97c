package io.millrace.client.consumer;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.facade.ClientProperties;
import io.millrace.client.facade.ConnectionOptions;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.membership.MembershipRules;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientSettings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a consumer works: Kafka's consumer properties, by their names and with their defaults. Immutable. Two are our own:
 * {@code fetch.buffer.bytes} (64 MiB) bounds what has been fetched and not yet been polled, over all partitions, and of one
 * answer allows for a quarter of that however large {@code fetch.max.bytes} is; {@code unreadable.records} is {@code stop} (a poll fails at a damaged batch, or a record that cannot be deserialized, and at the next
 * poll again) or {@code skip} (they are left out, which is logged, and counted in the metrics).
 *
 * <p>What has no effect here is refused, not passed over: a name nobody knows, and what is not supported yet (the newer
 * group protocol). With a {@code group.id} a consumer commits offsets for that group, begins where the group has
 * committed, and may subscribe as a member. {@code partition.assignment.strategy} takes the names {@code range}, {@code
 * roundrobin}, {@code sticky} and {@code cooperative-sticky}, and Kafka's class names for them.
 */
public final class ConsumerOptions {
    private static final int LEAST_RESPONSE_BYTES = 100 << 20;
    private static final int RESPONSE_OVERHEAD_BYTES = 16 << 20;
    /** A topic that is read is asked for again and again; one that is not may be forgotten soon. */
    private static final long METADATA_IDLE_MS = 300_000;

    private final ClientProperties properties;
    private final ConnectionOptions connection;
    private final Quarantine.@Nullable Place quarantine;

    private ConsumerOptions(ClientProperties properties, Quarantine.@Nullable Place quarantine) {
        this.properties = properties;
        this.quarantine = quarantine;
        this.connection = new ConnectionOptions(properties);
        // What is wrong is said here, not when the consumer is opened.
        fetchRules();
        metadataRules();
        connection.reconnects();
        connection.sockets();
        settings();
        maxPollRecords();
        if (leavesUnreadableOut() && quarantine != null)
            throw new IllegalArgumentException(
                    "unreadable.records=skip leaves records out that are to be put into topic " + quarantine.topic());
        apiTimeoutMs();
        autoCommitMs();
        if (groupId().isEmpty() && properties.isSet("enable.auto.commit") && isAutoCommit())
            throw new IllegalArgumentException("enable.auto.commit is true and there is no group.id to commit for");
        assignors();
        excludesInternalTopics();
        if (!groupId().isEmpty()) membershipRules();
        else if (!properties.text("group.instance.id").isEmpty())
            throw new IllegalArgumentException("group.instance.id names a member, and there is no group.id");
        if (!properties.text("group.protocol").equals("classic"))
            throw new IllegalArgumentException(
                    "group.protocol is '" + properties.text("group.protocol") + "'; only classic is supported yet");
    }

    /**
     * Options from properties.
     *
     * @param properties values of any type, as their text says; {@code bootstrap.servers} is needed
     * @throws IllegalArgumentException naming the property, and what is wrong
     */
    public static ConsumerOptions of(Map<String, ?> properties) {
        return new ConsumerOptions(ClientProperties.of(ConsumerProperties.NAMES, properties), null);
    }

    /** Options with Kafka's defaults for the cluster of these addresses, such as {@code localhost:9092,localhost:9093}. */
    public static ConsumerOptions forServers(String bootstrapServers) {
        return of(Map.of("bootstrap.servers", bootstrapServers));
    }

    /** The same with one property set. */
    public ConsumerOptions with(String name, Object value) {
        return new ConsumerOptions(properties.with(name, value), quarantine);
    }

    /**
     * The same, putting records that cannot be deserialized into that topic, as they were and with {@link DeadLetterHeaders}, and
     * passing over them. The poll waits until a record is there; if it cannot be put there the poll fails, and the record stays the
     * next one. Batches that cannot be read at all still end a poll.
     *
     * @param producerOptions of the producer, which is made when it is needed
     * @throws IllegalArgumentException if they are without acknowledgements, or {@code unreadable.records} is {@code skip}
     */
    public ConsumerOptions quarantiningTo(String topic, ProducerOptions producerOptions) {
        return new ConsumerOptions(properties, new Quarantine.Place(topic, producerOptions));
    }

    /** Null for none. */
    Quarantine.@Nullable Place quarantine() {
        return quarantine;
    }

    /** How it talks to the cluster. */
    ConnectionOptions connection() {
        return connection;
    }

    /** The value of a property, or its default. */
    public String get(String name) {
        return properties.text(name);
    }

    /** Whether somebody has set a property. */
    public boolean isSet(String name) {
        return properties.isSet(name);
    }

    /** Empty for none. */
    String groupId() {
        return properties.text("group.id");
    }

    MembershipRules membershipRules() {
        String instanceId = properties.text("group.instance.id");
        String rack = properties.text("client.rack");
        return new MembershipRules(
                groupId(),
                instanceId.isEmpty() ? null : instanceId,
                rack.isEmpty() ? null : rack,
                (int) properties.number("session.timeout.ms", 1, Integer.MAX_VALUE),
                (int) properties.number("heartbeat.interval.ms", 1, Integer.MAX_VALUE),
                (int) properties.number("max.poll.interval.ms", 1, Integer.MAX_VALUE),
                requestTimeoutMs(),
                fetchRules().backoff());
    }

    List<Assignor> assignors() {
        return AssignorNames.parse(properties.text("partition.assignment.strategy"));
    }

    boolean excludesInternalTopics() {
        return properties.flag("exclude.internal.topics");
    }

    boolean isAutoCommit() {
        return properties.flag("enable.auto.commit");
    }

    long autoCommitMs() {
        return properties.number("auto.commit.interval.ms", 0, Integer.MAX_VALUE);
    }

    /** Whether records that cannot be read are left out; else a poll fails. */
    boolean leavesUnreadableOut() {
        String policy = properties.text("unreadable.records");
        if (!policy.equals("stop") && !policy.equals("skip"))
            throw new IllegalArgumentException("unreadable.records is '" + policy + "'; want stop or skip");
        return policy.equals("skip");
    }

    int maxPollRecords() {
        return (int) properties.number("max.poll.records", 1, Integer.MAX_VALUE);
    }

    long apiTimeoutMs() {
        return properties.number("default.api.timeout.ms", 0, Integer.MAX_VALUE);
    }

    FetchRules fetchRules() {
        String isolation = properties.text("isolation.level");
        if (!isolation.equals("read_committed") && !isolation.equals("read_uncommitted")) {
            throw new IllegalArgumentException(
                    "isolation.level is '" + isolation + "'; want read_committed or read_uncommitted");
        }
        return new FetchRules(
                (int) properties.number("fetch.min.bytes", 0, Integer.MAX_VALUE),
                (int) properties.number("fetch.max.wait.ms", 0, Integer.MAX_VALUE),
                (int) properties.number("fetch.max.bytes", 1, Integer.MAX_VALUE),
                (int) properties.number("max.partition.fetch.bytes", 1, Integer.MAX_VALUE),
                properties.number("fetch.buffer.bytes", 1, Long.MAX_VALUE / 4),
                isolation.equals("read_committed"),
                properties.text("client.rack"),
                OffsetReset.parse(properties.text("auto.offset.reset")),
                connection.metadataMaxAgeMs(),
                connection.backoff());
    }

    MetadataRules metadataRules() {
        return connection.metadataRules(
                Math.max(METADATA_IDLE_MS, 2 * connection.metadataMaxAgeMs()),
                properties.flag("allow.auto.create.topics"));
    }

    ClientSettings settings() {
        long fetchBytes = properties.number("fetch.max.bytes", 1, Integer.MAX_VALUE);
        return connection.settings((int)
                Math.min(Integer.MAX_VALUE, Math.max(LEAST_RESPONSE_BYTES, fetchBytes + RESPONSE_OVERHEAD_BYTES)));
    }

    String clientId() {
        return connection.clientId();
    }

    int requestTimeoutMs() {
        return connection.requestTimeoutMs();
    }

    ReconnectBackoff reconnects() {
        return connection.reconnects();
    }

    List<ClusterNode> bootstrapNodes() {
        return connection.bootstrapNodes();
    }
}
