package io.millrace.metadata.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The expected texts are what an Apache Kafka 4.4.0 broker with the same properties answers to DescribeConfigs. */
class EffectiveConfigsTest {
    private static final Map<String, String> STATIC = Map.of(
            "node.id", "1",
            "process.roles", "broker,controller",
            "log.retention.hours", "168",
            "log.retention.minutes", "600",
            "log.roll.ms", "86400000",
            "min.insync.replicas", "1",
            "log.segment.bytes", "1073741824",
            "group.initial.rebalance.delay.ms", "0");
    private static final Map<String, String> DEFAULT = Map.of(
            "min.insync.replicas", "1",
            "log.retention.ms", "5000000",
            "log.cleanup.policy", "delete,compact",
            "leader.replication.throttled.rate", "100");
    private static final Map<String, String> BROKER = Map.of("log.cleaner.threads", "1");
    private static final EffectiveConfigs CONFIGS = new EffectiveConfigs(STATIC, DEFAULT, BROKER);

    @Test
    void aTopicsValuesAndTheirOriginsAreKafkas() {
        List<DescribedConfig> all = CONFIGS.describeTopic(Map.of("retention.ms", "88"), null);
        assertEquals(37, kafkas(all).size());
        assertEquals(
                "retention.ms=88 @1 [retention.ms=88 @1][log.retention.ms=5000000 @3][log.retention.minutes=600 @4]"
                        + "[log.retention.hours=168 @4][log.retention.hours=168 @5]",
                show(all, "retention.ms"));
        assertEquals(
                "min.insync.replicas=1 @3 [min.insync.replicas=1 @3][min.insync.replicas=1 @4][min.insync.replicas=1 @5]",
                show(all, "min.insync.replicas"));
        assertEquals(
                "cleanup.policy=delete,compact @3 [log.cleanup.policy=delete,compact @3][log.cleanup.policy=delete @5]",
                show(all, "cleanup.policy"));
        assertEquals(
                "segment.ms=86400000 @4 [log.roll.ms=86400000 @4][log.roll.hours=168 @5]", show(all, "segment.ms"));
        assertEquals("segment.jitter.ms=0 @5 ", show(all, "segment.jitter.ms"));
        assertEquals("flush.ms=9223372036854775807 @5 ", show(all, "flush.ms"));
        assertEquals("remote.storage.enable=false @5 ", show(all, "remote.storage.enable"));
        assertEquals(
                "min.cleanable.dirty.ratio=0.5 @5 [log.cleaner.min.cleanable.ratio=0.5 @5]",
                show(all, "min.cleanable.dirty.ratio"));
    }

    @Test
    void aValueFoundOnlyUnderACoarserUnitIsNotListed() {
        EffectiveConfigs withoutDynamic = CONFIGS.withDynamic(Map.of(), Map.of());
        assertEquals(
                "retention.ms=36000000 @5 ",
                show(withoutDynamic.describeTopic(Map.of(), Set.of("retention.ms")), "retention.ms"));
        List<DescribedConfig> created = withoutDynamic.describeNewTopic(Map.of());
        assertEquals("retention.ms=36000000 @4 ", show(created, "retention.ms"));
        assertEquals("segment.ms=86400000 @4 ", show(created, "segment.ms"));
    }

    @Test
    void anInternalPropertyIsShownOnlyWhereItIsSet() {
        Map<String, String> set = Map.of("internal.segment.bytes", "1000");
        assertEquals(38, kafkas(CONFIGS.describeTopic(set, null)).size());
        assertEquals(38, kafkas(CONFIGS.describeNewTopic(set)).size());
    }

    @Test
    void ourOwnPropertiesAreShownLikeKafkas() {
        EffectiveConfigs configs = CONFIGS.withDynamic(Map.of("millrace.log.acks.forced", "true"), Map.of());
        assertEquals(
                "millrace.acks.forced=true @3 [millrace.log.acks.forced=true @3][millrace.log.acks.forced=false @5]",
                show(configs.describeTopic(Map.of(), null), "millrace.acks.forced"));
        assertEquals(
                "millrace.acks.forced=false @1 [millrace.acks.forced=false @1][millrace.log.acks.forced=true @3]"
                        + "[millrace.log.acks.forced=false @5]",
                show(configs.describeTopic(Map.of("millrace.acks.forced", "FALSE"), null), "millrace.acks.forced"));
        DescribedConfig server = find(configs.describeBroker(null), "millrace.log.acks.forced");
        assertTrue(!server.isReadOnly() && !server.isSensitive());
        assertEquals(ConfigType.BOOLEAN, server.type());
        assertTrue(!server.documentation().isEmpty());
        assertTrue(TopicConfigs.refusal(Map.of("millrace.acks.forced", "perhaps"), false)
                .isPresent());
        assertTrue(BrokerConfigs.dynamicRefusal(Map.of("millrace.log.acks.forced", "perhaps"), false)
                .isPresent());
    }

    private static List<DescribedConfig> kafkas(List<DescribedConfig> all) {
        return all.stream()
                .filter(config -> !config.name().startsWith("millrace."))
                .toList();
    }

    @Test
    void unknownNamesAskedForAreLeftOut() {
        assertEquals(
                1,
                CONFIGS.describeTopic(Map.of(), Set.of("retention.ms", "foo")).size());
    }

    @Test
    void aBrokersValuesAndTheirOriginsAreKafkas() {
        List<DescribedConfig> all = CONFIGS.describeBroker(null);
        assertEquals(351, kafkas(all).size());
        assertEquals("broker.id=1 @4 [broker.id=1 @4][broker.id=-1 @5]", show(all, "broker.id"));
        assertEquals("node.id=1 @4 [node.id=1 @4]", show(all, "node.id"));
        assertEquals(
                "log.cleaner.threads=1 @2 [log.cleaner.threads=1 @2][log.cleaner.threads=1 @5]",
                show(all, "log.cleaner.threads"));
        assertEquals(
                "log.retention.minutes=null @4 [log.retention.minutes=600 @4][log.retention.hours=168 @4]"
                        + "[log.retention.hours=168 @5]",
                show(all, "log.retention.minutes"));
        assertEquals(
                "log.retention.hours=168 @4 [log.retention.hours=168 @4][log.retention.hours=168 @5]",
                show(all, "log.retention.hours"));
        assertEquals("log.flush.interval.ms=null @5 ", show(all, "log.flush.interval.ms"));
        assertEquals(
                "leader.replication.throttled.rate=100 @3 [leader.replication.throttled.rate=100 @3]",
                show(all, "leader.replication.throttled.rate"));
        assertTrue(find(all, "node.id").isReadOnly());
        assertTrue(!find(all, "log.cleaner.threads").isReadOnly());
        assertTrue(find(all, "sasl.jaas.config").isSensitive());
    }

    @Test
    void aNameNobodyKnowsMayBeASecret() {
        EffectiveConfigs configs = CONFIGS.withDynamic(Map.of("foo.bar", "2"), Map.of());
        DescribedConfig described = find(configs.describeBroker(Set.of("foo.bar")), "foo.bar");
        assertNull(described.value());
        assertEquals(ConfigType.UNKNOWN, described.type());
        assertTrue(described.isSensitive());
        assertTrue(described.isReadOnly());
        assertEquals("foo.bar=null @3 [foo.bar=null @3]", show(List.of(described), "foo.bar"));
    }

    @Test
    void aNameWithAListenersPrefixFallsBackToTheBareOne() {
        EffectiveConfigs configs = new EffectiveConfigs(
                Map.of("num.network.threads", "3"),
                Map.of(),
                Map.of("listener.name.plaintext.num.network.threads", "2"));
        String name = "listener.name.plaintext.num.network.threads";
        assertEquals(
                name + "=2 @2 [" + name + "=2 @2][num.network.threads=3 @4][num.network.threads=3 @5]",
                show(configs.describeBroker(Set.of(name)), name));
    }

    @Test
    void theClusterDefaultShowsOnlyWhatIsSetThere() {
        List<DescribedConfig> all = CONFIGS.describeClusterDefault(null);
        assertEquals(4, all.size());
        assertEquals("log.retention.ms=5000000 @3 [log.retention.ms=5000000 @3]", show(all, "log.retention.ms"));
    }

    @Test
    void aGroupsValuesAndTheirOriginsAreKafkas() {
        List<DescribedConfig> all = CONFIGS.describeGroup(Map.of("consumer.session.timeout.ms", "51000"), null);
        assertEquals(21, all.size());
        assertEquals(
                "consumer.session.timeout.ms=51000 @8 [consumer.session.timeout.ms=51000 @8]"
                        + "[group.consumer.session.timeout.ms=45000 @5]",
                show(all, "consumer.session.timeout.ms"));
        assertEquals(
                "streams.assignor.name=sticky @5 [group.streams.assignors=sticky @5]",
                show(all, "streams.assignor.name"));
        assertEquals(
                "share.auto.offset.reset=latest @5 [share.auto.offset.reset=latest @5]",
                show(all, "share.auto.offset.reset"));
    }

    @Test
    void aSubscriptionsValuesAreKafkas() {
        List<DescribedConfig> all = EffectiveConfigs.describeClientMetrics(Map.of("interval.ms", "1000"), null);
        assertEquals("interval.ms=1000 @7 [interval.ms=1000 @7]", show(all, "interval.ms"));
        assertEquals("match= @5 ", show(all, "match"));
    }

    @Test
    void unitsAreConvertedAndTheFinestWins() {
        assertEquals("36000000", CONFIGS.withDynamic(Map.of(), Map.of()).topic(Map.of(), "retention.ms"));
        assertEquals("5000000", CONFIGS.topic(Map.of(), "retention.ms"));
        assertEquals(
                "-1",
                new EffectiveConfigs(Map.of("log.retention.hours", "-1"), Map.of(), Map.of())
                        .topic(Map.of(), "retention.ms"));
        assertEquals("604800000", new EffectiveConfigs(Map.of(), Map.of(), Map.of()).topic(Map.of(), "retention.ms"));
        assertEquals("2000000", CONFIGS.topic(Map.of("segment.bytes", " 2000000 "), "segment.bytes"));
    }

    @Test
    void whatHasAnEffectHasADescriptionAndTheRestHasNone() {
        assertTrue(find(CONFIGS.describeTopic(Map.of(), null), "retention.ms")
                        .documentation()
                        .length()
                > 20);
        assertEquals("", find(CONFIGS.describeBroker(null), "ssl.provider").documentation());
    }

    private static DescribedConfig find(List<DescribedConfig> all, String name) {
        return all.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    }

    private static String show(List<DescribedConfig> all, String name) {
        DescribedConfig config = find(all, name);
        StringBuilder text = new StringBuilder(
                name + "=" + config.value() + " @" + config.source().code() + " ");
        for (DescribedConfig.Synonym synonym : config.synonyms())
            text.append('[')
                    .append(synonym.name())
                    .append('=')
                    .append(synonym.value())
                    .append(" @")
                    .append(synonym.source().code())
                    .append(']');
        return text.toString();
    }
}
