package io.millrace.metadata.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The values in force on one server, from what its properties say, what was set at run time for all brokers and for this one, and the defaults. Immutable:
 * make a new one when a run-time property changes.
 *
 * <p>Strength, weakest first: default, static, dynamic default, dynamic of this broker; a topic's or group's own value is stronger than them all. Where
 * one setting has names in several units, a run-time value under any of them puts the static ones out of force.
 */
public final class EffectiveConfigs {
    private final Map<String, String> staticProperties;
    private final Map<String, String> dynamicDefault;
    private final Map<String, String> dynamicBroker;

    /**
     * The values in force.
     *
     * @param staticProperties the server's properties, under the names they were given with; {@code broker.id} follows {@code node.id} where only that is set
     * @param dynamicDefault   set at run time for all brokers
     * @param dynamicBroker    set at run time for this broker
     */
    public EffectiveConfigs(
            Map<String, String> staticProperties,
            Map<String, String> dynamicDefault,
            Map<String, String> dynamicBroker) {
        Map<String, String> properties = new TreeMap<>(staticProperties);
        String nodeId = properties.get("node.id");
        if (nodeId != null) properties.putIfAbsent("broker.id", nodeId);
        this.staticProperties = Map.copyOf(properties);
        this.dynamicDefault = Map.copyOf(dynamicDefault);
        this.dynamicBroker = Map.copyOf(dynamicBroker);
    }

    /** The same server with other run-time values. */
    public EffectiveConfigs withDynamic(Map<String, String> newDefault, Map<String, String> newBroker) {
        return new EffectiveConfigs(staticProperties, newDefault, newBroker);
    }

    /**
     * The value in force of a server property, under exactly this name.
     *
     * @return its canonical text; null where nobody set it and it has no default
     */
    public @Nullable String broker(String name) {
        ConfigDefinition definition = BrokerConfigs.get(name);
        String raw = dynamicBroker.get(name);
        if (raw == null) raw = dynamicDefault.get(name);
        if (raw == null && !isOverriddenUnderAnotherName(name)) raw = staticProperties.get(name);
        if (definition == null) return raw;
        if (raw != null && definition.check(raw) instanceof ConfigCheck.Valid(String canonical)) return canonical;
        return definition.name().equals(name) ? definition.defaultValue() : null;
    }

    private boolean isOverriddenUnderAnotherName(String name) {
        List<String> units = BrokerConfigs.synonyms(name);
        if (units.size() == 1 || !units.contains(name) || units.get(0).startsWith("listener.name.")) return false;
        for (String unit : units) if (dynamicBroker.containsKey(unit) || dynamicDefault.containsKey(unit)) return true;
        return false;
    }

    /** The value in force of a server property that has a default. */
    public String brokerText(String name) {
        String value = broker(name);
        if (value == null) throw new IllegalArgumentException("server property " + name + " has no value");
        return value;
    }

    /** As {@link #brokerText}, for {@code INT}, {@code SHORT} and {@code LONG}. */
    public long brokerLong(String name) {
        return Long.parseLong(brokerText(name));
    }

    /** As {@link #brokerText}, for {@code INT} and {@code SHORT}. */
    public int brokerInt(String name) {
        return Integer.parseInt(brokerText(name));
    }

    /** As {@link #brokerText}, for {@code BOOLEAN}. */
    public boolean brokerBoolean(String name) {
        return Boolean.parseBoolean(brokerText(name));
    }

    /** As {@link #brokerText}, for {@code DOUBLE}. */
    public double brokerDouble(String name) {
        return Double.parseDouble(brokerText(name));
    }

    /** As {@link #brokerText}, for {@code LIST}; empty where there is no value. */
    public List<String> brokerList(String name) {
        String value = broker(name);
        return value == null ? List.of() : ConfigValues.list(value);
    }

    /**
     * The value in force of a topic property.
     *
     * @param overrides what the topic has of its own
     * @return its canonical text; null for an internal property without a value
     */
    public @Nullable String topic(Map<String, String> overrides, String name) {
        ConfigDefinition definition = TopicConfigs.table().require(name);
        String own = overrides.get(name);
        if (own != null) return definition.canonicalOrRaw(own);
        for (TopicConfigs.ServerSynonym synonym : TopicConfigs.synonyms(name)) {
            String value = broker(synonym.name());
            if (value != null) return negativeIsForever(name, synonym.convert(value));
        }
        return definition.defaultValue();
    }

    /** A negative retention at the server's level means for ever, whatever its unit made of it. */
    private static String negativeIsForever(String name, String value) {
        return name.equals("retention.ms") && Long.parseLong(value) < 0 ? "-1" : value;
    }

    /** All topic properties in force that have a value, by name in order; what a log is configured with. */
    public Map<String, String> topicConfigs(Map<String, String> overrides) {
        Map<String, String> inForce = new TreeMap<>();
        for (String name : TopicConfigs.names()) {
            String value = topic(overrides, name);
            if (value != null) inForce.put(name, value);
        }
        return inForce;
    }

    /** The value in force of a group property, in canonical text. */
    public @Nullable String group(Map<String, String> overrides, String name) {
        ConfigDefinition definition = GroupConfigs.table().require(name);
        String own = overrides.get(name);
        if (own != null) return definition.canonicalOrRaw(own);
        String synonym = GroupConfigs.serverSynonym(name).orElse(null);
        if (synonym == null) return definition.defaultValue();
        String value = broker(synonym);
        if (value == null || !name.equals("streams.assignor.name")) return value;
        List<String> assignors = ConfigValues.list(value);
        return assignors.isEmpty() ? null : assignors.get(0);
    }

    /**
     * The topic's properties as DescribeConfigs shows them, in order of name.
     *
     * @param wanted the names asked for; null for all. Unknown ones are left out
     */
    public List<DescribedConfig> describeTopic(Map<String, String> overrides, @Nullable Set<String> wanted) {
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : shown(TopicConfigs.table(), overrides.keySet(), wanted)) {
            ConfigDefinition definition = TopicConfigs.table().get(name);
            List<DescribedConfig.Synonym> synonyms = new ArrayList<>();
            String own = overrides.get(name);
            if (own != null && definition != null)
                synonyms.add(new DescribedConfig.Synonym(
                        name, definition.canonicalOrRaw(own), ConfigSource.DYNAMIC_TOPIC_CONFIG));
            List<TopicConfigs.ServerSynonym> server = TopicConfigs.synonyms(name);
            if (!server.isEmpty()) synonyms.addAll(brokerSynonyms(server.get(0).name()));
            if (definition != null) described.add(entry(definition, name, topic(overrides, name), false, synonyms));
        }
        return described;
    }

    /**
     * A new topic's properties as CreateTopics answers with them (KIP-525), in order of name. Unlike DescribeConfigs it finds a server's value under any of its
     * units; no synonyms.
     */
    public List<DescribedConfig> describeNewTopic(Map<String, String> overrides) {
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : shown(TopicConfigs.table(), overrides.keySet(), null)) {
            ConfigDefinition definition = TopicConfigs.table().require(name);
            described.add(new DescribedConfig(
                    name,
                    topic(overrides, name),
                    definition.type(),
                    newTopicSource(overrides, name),
                    false,
                    definition.isSensitive(),
                    List.of()));
        }
        return described;
    }

    private ConfigSource newTopicSource(Map<String, String> overrides, String name) {
        if (overrides.containsKey(name)) return ConfigSource.DYNAMIC_TOPIC_CONFIG;
        List<String> synonyms = TopicConfigs.serverSynonyms(name);
        if (synonyms.stream().anyMatch(dynamicBroker::containsKey)) return ConfigSource.DYNAMIC_BROKER_CONFIG;
        if (synonyms.stream().anyMatch(dynamicDefault::containsKey)) return ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG;
        if (synonyms.stream().anyMatch(staticProperties::containsKey)) return ConfigSource.STATIC_BROKER_CONFIG;
        return ConfigSource.DEFAULT_CONFIG;
    }

    /** This server's properties as DescribeConfigs shows them, in order of name; {@code wanted} as for topics. */
    public List<DescribedConfig> describeBroker(@Nullable Set<String> wanted) {
        Set<String> set = new TreeSet<>(staticProperties.keySet());
        set.addAll(dynamicDefault.keySet());
        set.addAll(dynamicBroker.keySet());
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : shown(BrokerConfigs.table(), set, wanted))
            described.add(brokerEntry(name, broker(name), brokerSynonyms(name)));
        return described;
    }

    /** What was set at run time for all brokers, as DescribeConfigs shows it, in order of name; {@code wanted} as for topics. */
    public List<DescribedConfig> describeClusterDefault(@Nullable Set<String> wanted) {
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : new TreeSet<>(dynamicDefault.keySet())) {
            if (wanted != null && !wanted.contains(name)) continue;
            List<DescribedConfig.Synonym> synonyms = brokerSynonyms(name).stream()
                    .filter(synonym -> synonym.source() == ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG)
                    .toList();
            ConfigDefinition definition = BrokerConfigs.get(name);
            String raw = dynamicDefault.get(name);
            String value = definition == null || raw == null ? raw : definition.canonicalOrRaw(raw);
            DescribedConfig entry = brokerEntry(name, value, synonyms);
            described.add(entry);
        }
        return described;
    }

    /** The group's properties as DescribeConfigs shows them, in order of name; {@code wanted} as for topics. */
    public List<DescribedConfig> describeGroup(Map<String, String> overrides, @Nullable Set<String> wanted) {
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : shown(GroupConfigs.table(), overrides.keySet(), wanted)) {
            ConfigDefinition definition = GroupConfigs.table().get(name);
            if (definition == null) continue;
            List<DescribedConfig.Synonym> synonyms = new ArrayList<>();
            String own = overrides.get(name);
            if (own != null)
                synonyms.add(
                        new DescribedConfig.Synonym(name, definition.canonicalOrRaw(own), ConfigSource.GROUP_CONFIG));
            GroupConfigs.serverSynonym(name)
                    .ifPresentOrElse(
                            server -> synonyms.addAll(brokerSynonyms(server)), () -> addDefault(synonyms, definition));
            described.add(entry(definition, name, group(overrides, name), false, synonyms));
        }
        return described;
    }

    /** A client-metrics subscription's properties as DescribeConfigs shows them, in order of name; {@code wanted} as for topics. */
    public static List<DescribedConfig> describeClientMetrics(
            Map<String, String> overrides, @Nullable Set<String> wanted) {
        List<DescribedConfig> described = new ArrayList<>();
        for (String name : shown(ClientMetricsConfigs.table(), Set.of(), wanted)) {
            ConfigDefinition definition = ClientMetricsConfigs.table().require(name);
            String own = overrides.get(name);
            String value = own == null ? definition.defaultValue() : definition.canonicalOrRaw(own);
            List<DescribedConfig.Synonym> synonyms = own == null
                    ? List.of()
                    : List.of(new DescribedConfig.Synonym(name, value, ConfigSource.CLIENT_METRICS_CONFIG));
            described.add(entry(definition, name, value, false, synonyms));
        }
        return described;
    }

    private static void addDefault(List<DescribedConfig.Synonym> synonyms, ConfigDefinition definition) {
        if (definition.defaultValue() != null)
            synonyms.add(new DescribedConfig.Synonym(
                    definition.name(), definition.defaultValue(), ConfigSource.DEFAULT_CONFIG));
    }

    /** The non-internal names of the table and those somebody set, less those nobody asked for. */
    private static Set<String> shown(ConfigTable table, Set<String> set, @Nullable Set<String> wanted) {
        Set<String> names = new TreeSet<>();
        if (wanted != null) {
            for (String name : wanted) {
                ConfigDefinition definition = table.get(name);
                if (set.contains(name) || (definition != null && !definition.isInternal())) names.add(name);
            }
            return names;
        }
        for (String name : table.names()) if (!table.require(name).isInternal()) names.add(name);
        names.addAll(set);
        return names;
    }

    private static DescribedConfig entry(
            ConfigDefinition definition,
            String name,
            @Nullable String value,
            boolean isReadOnly,
            List<DescribedConfig.Synonym> synonyms) {
        ConfigSource source = synonyms.isEmpty()
                ? ConfigSource.DEFAULT_CONFIG
                : synonyms.get(0).source();
        return new DescribedConfig(
                name,
                definition.isSensitive() ? null : value,
                definition.type(),
                source,
                isReadOnly,
                definition.isSensitive(),
                List.copyOf(synonyms));
    }

    /** A name nobody knows may hold a secret, so its value is not shown. */
    private static DescribedConfig brokerEntry(
            String name, @Nullable String value, List<DescribedConfig.Synonym> synonyms) {
        ConfigDefinition definition = BrokerConfigs.get(name);
        if (definition != null) return entry(definition, name, value, !BrokerConfigs.isDynamic(name), synonyms);
        ConfigSource source = synonyms.isEmpty()
                ? ConfigSource.DEFAULT_CONFIG
                : synonyms.get(0).source();
        return new DescribedConfig(name, null, ConfigType.UNKNOWN, source, true, true, synonyms);
    }

    /**
     * Where a server property has values, the strongest first. Kafka begins the list at the first entry under the name asked for, so that a value found only
     * under another unit is not listed; so do we.
     */
    private List<DescribedConfig.Synonym> brokerSynonyms(String name) {
        List<String> names = BrokerConfigs.synonyms(name);
        ConfigDefinition described = BrokerConfigs.get(name);
        boolean hidden = described == null || described.isSensitive();
        List<DescribedConfig.Synonym> all = new ArrayList<>();
        for (String each : names)
            add(all, name, each, dynamicBroker.get(each), ConfigSource.DYNAMIC_BROKER_CONFIG, hidden);
        for (String each : names)
            add(all, name, each, dynamicDefault.get(each), ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, hidden);
        for (String each : names)
            add(all, name, each, staticProperties.get(each), ConfigSource.STATIC_BROKER_CONFIG, hidden);
        for (String each : names) {
            ConfigDefinition definition = BrokerConfigs.table().get(each);
            if (definition != null)
                add(all, name, each, definition.defaultValue(), ConfigSource.DEFAULT_CONFIG, hidden);
        }
        return List.copyOf(all);
    }

    private static void add(
            List<DescribedConfig.Synonym> all,
            String asked,
            String name,
            @Nullable String value,
            ConfigSource source,
            boolean hidden) {
        if (value == null || (all.isEmpty() && !name.equals(asked))) return;
        all.add(new DescribedConfig.Synonym(name, hidden ? null : value, source));
    }
}
