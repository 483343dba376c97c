package io.millrace.metadata.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.junit.jupiter.api.Test;

/** Our tables of properties against Kafka's own, of the same version. */
class OfficialTablesTest {
    @Test
    void topicPropertiesAreThoseOfKafka() {
        assertEquals(38, kafkas(TopicConfigs.names()).size());
        assertSame(LogConfig.configDefCopy(), TopicConfigs.table());
    }

    @Test
    void groupPropertiesAreThoseOfKafka() {
        assertEquals(27, GroupConfigs.names().size());
        assertSame(GroupConfig.CONFIG_DEF, GroupConfigs.table());
    }

    @Test
    void brokerPropertiesAreThoseOfKafka() {
        assertEquals(379, kafkas(BrokerConfigs.names()).size());
        assertSame(KafkaConfig.configDef(), BrokerConfigs.table());
    }

    @Test
    void clientMetricsPropertiesAreThoseOfKafka() {
        assertSame(ClientMetricsConfigs.configDef(), io.millrace.metadata.config.ClientMetricsConfigs.table());
    }

    @Test
    void whatABrokerTakesAtRunTimeIsWhatKafkaTakes() {
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        for (String name : kafkas(BrokerConfigs.names())) {
            UpdateMode expected = switch (modes.getOrDefault(name, "read-only")) {
                case "per-broker" -> UpdateMode.PER_BROKER;
                case "cluster-wide" -> UpdateMode.CLUSTER_WIDE;
                default -> UpdateMode.READ_ONLY;
            };
            assertEquals(expected, BrokerConfigs.table().require(name).updateMode(), name);
        }
        for (String name : QuotaConfig.brokerQuotaConfigs().names())
            assertEquals(
                    UpdateMode.CLUSTER_WIDE,
                    BrokerConfigs.find(name).orElseThrow().updateMode(),
                    name);
    }

    @Test
    void synonymsAreThoseOfKafka() {
        for (String name : kafkas(TopicConfigs.names())) {
            List<String> official =
                    ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.getOrDefault(name, List.of()).stream()
                            .map(synonym -> synonym.name())
                            .toList();
            assertEquals(official, TopicConfigs.serverSynonyms(name), name);
        }
        for (String name : BrokerConfigs.names())
            assertEquals(DynamicBrokerConfig.brokerConfigSynonyms(name, true), BrokerConfigs.synonyms(name), name);
        GroupConfig.ALL_GROUP_CONFIG_SYNONYMS.forEach(
                (name, server) -> assertEquals(server, GroupConfigs.serverSynonym(name), name));
    }

    @Test
    void valuesAreTakenAndRefusedWithKafkasWords() {
        Property.check(20, random -> {
            compareChecks(LogConfig.configDefCopy(), TopicConfigs.table(), random);
            compareChecks(GroupConfig.CONFIG_DEF, GroupConfigs.table(), random);
            compareChecks(KafkaConfig.configDef(), BrokerConfigs.table(), random);
        });
    }

    /** Ours have names that no property of Kafka's can have. */
    private static Set<String> kafkas(Set<String> names) {
        TreeSet<String> kafkas = new TreeSet<>(names);
        kafkas.removeIf(name -> name.startsWith("millrace."));
        return kafkas;
    }

    private static void assertSame(ConfigDef official, ConfigTable ours) {
        assertEquals(new TreeSet<>(official.names()), kafkas(ours.names()));
        official.configKeys().forEach((name, key) -> {
            ConfigDefinition definition = ours.find(name).orElseThrow();
            String expectedDefault = !key.hasDefault() || key.defaultValue == null
                    ? null
                    : ConfigDef.convertToString(key.defaultValue, key.type);
            assertEquals(key.type.name(), definition.type().name(), name);
            assertEquals(expectedDefault, definition.defaultValue(), name);
            assertEquals(!key.hasDefault(), definition.isRequired(), name);
            assertEquals(key.importance.name(), definition.importance().name(), name);
            assertEquals(key.internalConfig, definition.isInternal(), name);
        });
    }

    private static void compareChecks(ConfigDef official, ConfigTable ours, SeededRandom random) {
        official.configKeys().forEach((name, key) -> {
            if (key.type == ConfigDef.Type.CLASS) return; // Kafka loads the class, we take the name
            String raw = sample(key, random);
            String expected;
            boolean expectedTaken;
            try {
                Object value = ConfigDef.parseType(name, raw, key.type);
                if (value instanceof List<?> list && key.validator instanceof ConfigDef.ValidList)
                    value = new ArrayList<>(new LinkedHashSet<>(list));
                if (key.validator != null) key.validator.ensureValid(name, value);
                expected =
                        key.type == ConfigDef.Type.PASSWORD ? raw.trim() : ConfigDef.convertToString(value, key.type);
                expectedTaken = true;
            } catch (ConfigException refused) {
                expected = refused.getMessage();
                expectedTaken = false;
            }
            ConfigCheck check = ours.require(name).check(raw);
            String context = name + "=[" + raw + "]";
            switch (check) {
                case ConfigCheck.Valid(String canonical) -> {
                    assertTrue(expectedTaken, context);
                    assertEquals(expected, canonical, context);
                }
                case ConfigCheck.Invalid(String message) -> assertEquals(expected, message, context);
            }
        });
    }

    private static String sample(ConfigDef.ConfigKey key, SeededRandom random) {
        String known = key.validator == null ? "x" : key.validator.toString().replaceAll("[\\[\\]]", "");
        List<String> words = new ArrayList<>(List.of(known.split(", ?")));
        words.addAll(List.of("true", " FALSE ", "", " ", "a , b", "a,,b", "a,a", "1:2", "0:1,1:2", "*", "x y", "none"));
        words.addAll(List.of("by_duration:PT1H", "by_duration:-PT1H", "latest", "1@h:9", "host:9092"));
        if (key.hasDefault() && key.defaultValue != null)
            words.add(ConfigDef.convertToString(key.defaultValue, key.type));
        if (random.chance(0.4)) return random.pick(words);
        return switch (random.nextInt(5)) {
            case 0 -> Long.toString(random.nextLong(-5, 30));
            case 1 -> Long.toString(random.nextLong(-100_000, 3_000_000_000L));
            case 2 -> " +" + random.nextInt(1_000) + " ";
            case 3 -> Double.toString(random.nextDouble() * 3 - 1);
            default -> Long.toString(random.anyLong());
        };
    }
}
