package io.millrace.metadata.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.ErrorCode;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Messages as an Apache Kafka 4.4.0 broker words them. */
class ConfigRefusalsTest {
    private static final EffectiveConfigs SERVER = new EffectiveConfigs(Map.of(), Map.of(), Map.of());

    @Test
    void aTopicsUnknownNameComesBeforeBadValues() {
        assertTopic(
                "Unknown topic config name: foo", Map.of("max.message.bytes", "-1", "foo", "1", "retention.ms", "x"));
    }

    @Test
    void aTopicsLagsMustNotContradict() {
        assertTopic(
                "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)",
                Map.of("min.compaction.lag.ms", "100", "max.compaction.lag.ms", "50"));
    }

    @Test
    void remoteStorageNeedsAServerThatHasIt() {
        assertTopic(
                "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log"
                        + " storage.",
                Map.of("remote.storage.enable", "true"));
        assertEquals(Optional.empty(), TopicConfigs.refusal(Map.of("remote.storage.enable", "true"), true));
    }

    @Test
    void whatKafkaTakesIsTaken() {
        assertEquals(Optional.empty(), TopicConfigs.refusal(Map.of("cleanup.policy", ""), false));
        assertEquals(Optional.empty(), TopicConfigs.refusal(Map.of("cleanup.policy", "delete,delete"), false));
        assertEquals(Optional.empty(), TopicConfigs.refusal(Map.of("preallocate", " TRUE "), false));
        assertEquals(
                Optional.empty(),
                TopicConfigs.refusal(Map.of("retention.ms", "100", "local.retention.ms", "200"), false));
    }

    @Test
    void aGroupStaysWithinTheServersLimits() {
        assertGroup("Unknown group config name: foo", "foo", "1");
        assertGroup(
                "consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.",
                "consumer.session.timeout.ms",
                "1000");
        assertGroup(
                "share.delivery.count.limit must be in the range 2 to 10 inclusive.",
                "share.delivery.count.limit",
                "20");
        assertGroup(
                "streams.num.standby.replicas must be less than or equal to 2", "streams.num.standby.replicas", "20");
        assertGroup(
                "streams.task.offset.interval.ms must be greater than or equal to 15000",
                "streams.task.offset.interval.ms",
                "1");
        assertGroup(
                "streams.assignor.name 'foo' is not a registered task assignor. Registered assignors are: [sticky].",
                "streams.assignor.name",
                "foo");
        assertGroup(
                "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'",
                "errors.deadletterqueue.topic.name",
                "__x");
        assertEquals(
                Optional.empty(), GroupConfigs.refusal(Map.of("consumer.session.timeout.ms", "50000"), SERVER::broker));
    }

    @Test
    void aBrokerTakesAtRunTimeOnlyWhatIsDynamic() {
        assertBroker("Cannot update these configs dynamically: [broker.id]", "broker.id", "2", true);
        assertBroker(
                "Cannot update these configs dynamically: [log.retention.hours]", "log.retention.hours", "5", false);
        assertBroker(
                "These security configs can be dynamically updated only per-listener using the listener prefix:"
                        + " [ssl.keystore.location]",
                "ssl.keystore.location",
                "x",
                false);
        assertBroker(
                "Invalid value x for configuration log.cleaner.threads: Not a number of type INT",
                "log.cleaner.threads",
                "x",
                true);
        assertBroker(
                "Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]",
                "cordoned.log.dirs",
                "*",
                false);
        assertBroker("Log cleaner threads cannot be changed to 0, want at least 1", "log.cleaner.threads", " 0", false);
        assertEquals(Optional.empty(), BrokerConfigs.dynamicRefusal(Map.of("log.cleaner.threads", "1"), true));
        assertEquals(Optional.empty(), BrokerConfigs.dynamicRefusal(Map.of("foo.bar", "1"), true));
        assertEquals(
                Optional.empty(),
                BrokerConfigs.dynamicRefusal(Map.of("listener.name.plaintext.ssl.keystore.location", "/x"), true));
    }

    @Test
    void aSubscriptionsValuesAreChecked() {
        assertEquals(
                new ClientMetricsConfigs.Refusal(
                        ErrorCode.INVALID_REQUEST,
                        "Invalid value 10 for interval.ms, interval must be between 100 and 3600000 (1 hour)"),
                ClientMetricsConfigs.refusal(Map.of("interval.ms", "10")).orElseThrow());
        assertEquals(
                new ClientMetricsConfigs.Refusal(ErrorCode.INVALID_CONFIG, "Illegal client matching pattern: foo"),
                ClientMetricsConfigs.refusal(Map.of("match", "foo")).orElseThrow());
        assertEquals(
                Optional.empty(), ClientMetricsConfigs.refusal(Map.of("match", "client_id=a.*,client_source_port=9")));
    }

    @Test
    void aServersFileIsToldWhatWasMeant() {
        Map<String, String> properties = Map.of(
                "log.retenion.ms", "5", "num.partitions", "many", "listener.name.x.made.up", "1", "node.id", "1");
        var findings = BrokerConfigs.inspect(properties);
        assertEquals(
                java.util.List.of(
                        "Unknown property log.retenion.ms; did you mean log.retention.ms?",
                        "Invalid value many for configuration num.partitions: Not a number of type INT"),
                findings.stream().map(PropertyFinding::message).toList());
        assertEquals(Optional.empty(), BrokerConfigs.table().nearestKnownName("completely.different.thing"));
    }

    private static void assertTopic(String message, Map<String, String> overrides) {
        assertEquals(Optional.of(message), TopicConfigs.refusal(overrides, false));
    }

    private static void assertGroup(String message, String name, String value) {
        assertEquals(Optional.of(message), GroupConfigs.refusal(Map.of(name, value), SERVER::broker));
    }

    private static void assertBroker(String message, String name, String value, boolean perBroker) {
        assertEquals(Optional.of(message), BrokerConfigs.dynamicRefusal(Map.of(name, value), perBroker));
    }
}
