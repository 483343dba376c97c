package io.millrace.metadata.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The 379 properties of a server, those of our own that a topic has too, and three replication throttles that can only be
 * set at run time.
 */
public final class BrokerConfigs {
    private static final String FLUSH_SCHEDULER = "log.flush.scheduler.interval.ms";
    private static final String LISTENER_PREFIX = "listener.name.";

    private static final class Holder {
        private static final ConfigTable STATIC = ConfigTable.load("broker.configs", "own-broker.configs");
        private static final ConfigTable DYNAMIC_ONLY = ConfigTable.load("broker-dynamic-only.configs");
        /** Groups of names for one setting in several units, the finest first: the first that is set wins. */
        private static final List<List<String>> UNITS = List.of(
                List.of("log.roll.ms", "log.roll.hours"),
                List.of("log.roll.jitter.ms", "log.roll.jitter.hours"),
                List.of("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
                List.of("log.flush.interval.ms", FLUSH_SCHEDULER));
        /** What may be changed only for one listener, by the listener's prefix. */
        private static final Set<String> PER_LISTENER = Set.of(
                "ssl.key.password",
                "ssl.keystore.certificate.chain",
                "ssl.keystore.key",
                "ssl.keystore.location",
                "ssl.keystore.password",
                "ssl.keystore.type",
                "ssl.truststore.certificates",
                "ssl.truststore.location",
                "ssl.truststore.password",
                "ssl.truststore.type");
    }

    private BrokerConfigs() {}

    /** The properties that a server's properties may hold. */
    public static ConfigTable table() {
        return Holder.STATIC;
    }

    /** The names that a server's properties may hold, internal ones included. */
    public static Set<String> names() {
        return Holder.STATIC.names();
    }

    /** The property of this name, be it static, dynamic only, or written with a listener's prefix ({@code listener.name.NAME.}). */
    public static Optional<ConfigDefinition> find(String name) {
        return Optional.ofNullable(get(name));
    }

    static @Nullable ConfigDefinition get(String name) {
        ConfigDefinition known = Holder.STATIC.get(name);
        if (known != null) return known;
        known = Holder.DYNAMIC_ONLY.get(name);
        if (known != null) return known;
        String bare = withoutListener(name);
        return bare == null ? null : Holder.STATIC.get(bare);
    }

    /** {@code REST} of {@code listener.name.NAME.REST}; null for any other name. By hand, because starting a server comes by here and regular expressions are slow to begin. */
    private static @Nullable String withoutListener(String name) {
        if (!name.startsWith(LISTENER_PREFIX)) return null;
        int dot = name.indexOf('.', LISTENER_PREFIX.length());
        return dot < 0 ? null : name.substring(dot + 1);
    }

    /** Whether a broker takes a change of this very name at run time (names with a listener's prefix count as not). */
    static boolean isDynamic(String name) {
        ConfigDefinition known = Holder.STATIC.get(name);
        if (known == null) known = Holder.DYNAMIC_ONLY.get(name);
        return known != null && known.updateMode() != UpdateMode.READ_ONLY;
    }

    /** All names for the same setting, the one that wins first; a name with a listener's prefix falls back to the bare one. */
    static List<String> synonyms(String name) {
        if (!name.equals(FLUSH_SCHEDULER)) // a setting of its own, that another one happens to fall back to
        for (List<String> units : Holder.UNITS) if (units.contains(name)) return units;
        String bare = withoutListener(name);
        if (bare != null && !Holder.STATIC.names().contains(name)) return List.of(name, bare);
        return List.of(name);
    }

    /**
     * Why these may not be a broker's run-time properties, as Kafka's broker judges them. Names nobody knows are taken: they may be a plugin's.
     *
     * @param properties all that the broker, or the cluster default, would have of its own afterwards
     * @param perBroker  true for one broker, false for the default of all
     * @return the message that goes with {@code INVALID_REQUEST}; empty if they are good
     */
    public static Optional<String> dynamicRefusal(Map<String, String> properties, boolean perBroker) {
        Set<String> names = new TreeSet<>(properties.keySet());
        Set<String> readOnly = matching(names, name -> names().contains(name) && !isDynamic(name));
        if (!readOnly.isEmpty()) return Optional.of("Cannot update these configs dynamically: " + list(readOnly));
        Set<String> unprefixed = matching(names, Holder.PER_LISTENER::contains);
        if (!unprefixed.isEmpty())
            return Optional.of(
                    "These security configs can be dynamically updated only per-listener using the listener prefix: "
                            + list(unprefixed));
        for (Map.Entry<String, String> property : new TreeMap<>(properties).entrySet()) {
            ConfigDefinition definition = get(property.getKey());
            if (definition != null
                    && definition.check(property.getValue()) instanceof ConfigCheck.Invalid(String message))
                return Optional.of(message.replace(definition.name(), property.getKey()));
        }
        // A file may say 0; at run time Kafka's cleaner refuses to be left without threads.
        String cleanerThreads = properties.get("log.cleaner.threads");
        if (cleanerThreads != null && Integer.parseInt(cleanerThreads.strip()) < 1)
            return Optional.of("Log cleaner threads cannot be changed to 0, want at least 1");
        if (perBroker) return Optional.empty();
        Set<String> onlyPerBroker = matching(names, BrokerConfigs::isPerBroker);
        if (onlyPerBroker.isEmpty()) return Optional.empty();
        return Optional.of("Cannot update these configs at default cluster level, broker id must be specified: "
                + list(onlyPerBroker));
    }

    private static boolean isPerBroker(String name) {
        ConfigDefinition definition = get(name);
        return definition != null
                && (definition.updateMode() == UpdateMode.PER_BROKER
                        || !definition.name().equals(name));
    }

    /**
     * What is wrong in a server's properties.
     *
     * @param properties as read from the file and the command line
     * @return one finding for each unknown name and each bad value, in order of name; empty if all is well
     */
    public static List<PropertyFinding> inspect(Map<String, String> properties) {
        List<PropertyFinding> findings = new ArrayList<>();
        for (Map.Entry<String, String> property : new TreeMap<>(properties).entrySet()) {
            String name = property.getKey();
            ConfigDefinition definition = get(name);
            if (definition == null) {
                if (!belongsToPlugin(name, properties))
                    findings.add(new PropertyFinding.Unknown(name, table().nearestKnownName(name)));
            } else if (definition.check(property.getValue()) instanceof ConfigCheck.Invalid(String message)) {
                findings.add(new PropertyFinding.BadValue(name, message));
            }
        }
        return findings;
    }

    /** Names made up by whoever wrote a plugin; Kafka hands them on and so can have no opinion. */
    private static boolean belongsToPlugin(String name, Map<String, String> properties) {
        return name.startsWith(LISTENER_PREFIX)
                || name.startsWith("metrics.context.")
                || name.startsWith("config.providers.")
                || name.startsWith(properties.getOrDefault("remote.log.storage.manager.impl.prefix", "rsm.config."))
                || name.startsWith(properties.getOrDefault("remote.log.metadata.manager.impl.prefix", "rlmm.config."))
                || (!properties.getOrDefault("authorizer.class.name", "").isBlank()
                        && (name.equals("super.users") || name.equals("allow.everyone.if.no.acl.found")));
    }

    private static Set<String> matching(Set<String> names, Predicate<String> wanted) {
        Set<String> matching = new TreeSet<>();
        for (String name : names) if (wanted.test(name)) matching.add(name);
        return matching;
    }

    private static String list(Set<String> names) {
        return names.toString();
    }
}
