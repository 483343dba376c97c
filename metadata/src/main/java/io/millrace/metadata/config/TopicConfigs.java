package io.millrace.metadata.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The 38 properties of a topic (Kafka's {@code TopicConfig} and {@code LogConfig}) and those of our own, whose names begin
 * with {@code millrace.}; and the server properties that give their defaults.
 */
public final class TopicConfigs {
    private static final long MINUTE_MS = 60_000;
    private static final long HOUR_MS = 60 * MINUTE_MS;

    /** A server property that gives a topic property its default, and the milliseconds one of its units stands for (1: taken as it is). */
    record ServerSynonym(String name, long unitMs) {
        String convert(String value) {
            return unitMs == 1 ? value : Long.toString(Math.multiplyExact(Long.parseLong(value.trim()), unitMs));
        }
    }

    private static final class Holder {
        private static final ConfigTable TABLE = ConfigTable.load("topic.configs", "own-topic.configs");
        private static final Map<String, List<ServerSynonym>> SYNONYMS = Map.ofEntries(
                same("cleanup.policy", "log.cleanup.policy"),
                same("compression.gzip.level", "compression.gzip.level"),
                same("compression.lz4.level", "compression.lz4.level"),
                same("compression.type", "compression.type"),
                same("compression.zstd.level", "compression.zstd.level"),
                same("delete.retention.ms", "log.cleaner.delete.retention.ms"),
                same("file.delete.delay.ms", "log.segment.delete.delay.ms"),
                same("flush.messages", "log.flush.interval.messages"),
                Map.entry(
                        "flush.ms",
                        List.of(
                                new ServerSynonym("log.flush.interval.ms", 1),
                                new ServerSynonym("log.flush.scheduler.interval.ms", 1))),
                same("index.interval.bytes", "log.index.interval.bytes"),
                same("local.retention.bytes", "log.local.retention.bytes"),
                same("local.retention.ms", "log.local.retention.ms"),
                same("max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"),
                same("max.decompressed.message.bytes", "max.decompressed.message.bytes"),
                same("max.message.bytes", "message.max.bytes"),
                same("message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms"),
                same("message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms"),
                same("message.timestamp.type", "log.message.timestamp.type"),
                same("millrace.acks.forced", "millrace.log.acks.forced"),
                same("min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio"),
                same("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms"),
                same("min.insync.replicas", "min.insync.replicas"),
                same("preallocate", "log.preallocate"),
                same("remote.copy.lag.bytes", "log.remote.copy.lag.bytes"),
                same("remote.copy.lag.ms", "log.remote.copy.lag.ms"),
                same("retention.bytes", "log.retention.bytes"),
                Map.entry(
                        "retention.ms",
                        List.of(
                                new ServerSynonym("log.retention.ms", 1),
                                new ServerSynonym("log.retention.minutes", MINUTE_MS),
                                new ServerSynonym("log.retention.hours", HOUR_MS))),
                same("segment.bytes", "log.segment.bytes"),
                same("segment.index.bytes", "log.index.size.max.bytes"),
                Map.entry(
                        "segment.jitter.ms",
                        List.of(
                                new ServerSynonym("log.roll.jitter.ms", 1),
                                new ServerSynonym("log.roll.jitter.hours", HOUR_MS))),
                Map.entry(
                        "segment.ms",
                        List.of(new ServerSynonym("log.roll.ms", 1), new ServerSynonym("log.roll.hours", HOUR_MS))),
                same("unclean.leader.election.enable", "unclean.leader.election.enable"));

        private static Map.Entry<String, List<ServerSynonym>> same(String topicName, String serverName) {
            return Map.entry(topicName, List.of(new ServerSynonym(serverName, 1)));
        }
    }

    private TopicConfigs() {}

    /** All topic properties. */
    public static ConfigTable table() {
        return Holder.TABLE;
    }

    /** The topic property of this name, if there is one. */
    public static Optional<ConfigDefinition> find(String name) {
        return Holder.TABLE.find(name);
    }

    /** All names, internal ones included. */
    public static Set<String> names() {
        return Holder.TABLE.names();
    }

    /** The server properties that give the topic property its default, the finest unit first; none for most of the newer ones. */
    public static List<String> serverSynonyms(String name) {
        return synonyms(name).stream().map(ServerSynonym::name).toList();
    }

    static List<ServerSynonym> synonyms(String name) {
        return Holder.SYNONYMS.getOrDefault(name, List.of());
    }

    /**
     * Why these overrides may not be a topic's, as Kafka's controller judges them: unknown names first, then values in the order of definition, then
     * combinations.
     *
     * @param overrides              what the topic would have of its own
     * @param remoteStorageAvailable whether the server's {@code remote.log.storage.system.enable} is set
     * @return the message that goes with {@code INVALID_CONFIG}; empty if the overrides are good
     */
    public static Optional<String> refusal(Map<String, String> overrides, boolean remoteStorageAvailable) {
        SortedMap<String, String> sorted = new TreeMap<>(overrides);
        for (String name : sorted.keySet())
            if (table().get(name) == null) return Optional.of("Unknown topic config name: " + name);
        Map<String, String> canonical = new TreeMap<>();
        for (String name : names()) {
            String raw = sorted.get(name);
            if (raw == null) continue;
            switch (table().require(name).check(raw)) {
                case ConfigCheck.Invalid(String message) -> {
                    return Optional.of(message);
                }
                case ConfigCheck.Valid(String value) -> canonical.put(name, value);
            }
        }
        return combinationRefusal(canonical, remoteStorageAvailable);
    }

    private static Optional<String> combinationRefusal(Map<String, String> canonical, boolean remoteStorageAvailable) {
        long minLagMs = number(canonical, "min.compaction.lag.ms");
        long maxLagMs = number(canonical, "max.compaction.lag.ms");
        if (minLagMs > maxLagMs)
            return Optional.of("conflict topic config setting min.compaction.lag.ms (" + minLagMs
                    + ") > max.compaction.lag.ms (" + maxLagMs + ")");
        if (!Boolean.parseBoolean(canonical.get("remote.storage.enable"))) return Optional.empty();
        if (!remoteStorageAvailable)
            return Optional.of("Tiered Storage functionality is disabled in the broker."
                    + " Topic cannot be configured with remote log storage.");
        return localRetentionRefusal(canonical);
    }

    /** What is kept locally cannot be more than what is kept at all (KIP-405); -2 stands for "the same". */
    private static Optional<String> localRetentionRefusal(Map<String, String> canonical) {
        List<String> problems = new ArrayList<>();
        for (String unit : List.of("ms", "bytes")) {
            long total = number(canonical, "retention." + unit);
            long local = number(canonical, "local.retention." + unit);
            if (local == -2) continue;
            boolean more = local == -1 ? total != -1 : total != -1 && local > total;
            if (more)
                problems.add(ConfigValues.invalid(
                        "local.retention." + unit,
                        Long.toString(local),
                        "Value must not be more than retention." + unit + " property value: " + total));
        }
        return problems.stream().findFirst();
    }

    private static long number(Map<String, String> canonical, String name) {
        String value = canonical.get(name);
        if (value == null) value = table().require(name).defaultValue();
        if (value == null) throw new IllegalStateException(name + " has neither value nor default");
        return Long.parseLong(value);
    }
}
