package io.millrace.metadata.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The 27 properties of a group (KIP-848, 932, 1071 and 1191), their server-level defaults and their server-level limits. */
public final class GroupConfigs {
    private static final Set<String> WITHOUT_SERVER_DEFAULT = Set.of(
            "errors.deadletterqueue.copy.record.enable",
            "errors.deadletterqueue.topic.name",
            "share.auto.offset.reset",
            "share.isolation.level",
            "share.renew.acknowledge.enable");
    /** Limited from both sides by {@code group.KIND.min.REST} and {@code group.KIND.max.REST}. */
    private static final List<String> WITHIN_SERVER_RANGE = List.of(
            "consumer.heartbeat.interval.ms",
            "consumer.session.timeout.ms",
            "consumer.assignment.interval.ms",
            "share.heartbeat.interval.ms",
            "share.session.timeout.ms",
            "share.record.lock.duration.ms",
            "share.delivery.count.limit",
            "share.partition.max.record.locks",
            "share.assignment.interval.ms",
            "streams.heartbeat.interval.ms",
            "streams.session.timeout.ms",
            "streams.assignment.interval.ms");

    private static final class Holder {
        private static final ConfigTable TABLE = ConfigTable.load("group.configs");
    }

    private GroupConfigs() {}

    /** All group properties. */
    public static ConfigTable table() {
        return Holder.TABLE;
    }

    /** The group property of this name, if there is one. */
    public static Optional<ConfigDefinition> find(String name) {
        return Holder.TABLE.find(name);
    }

    /** All names, internal ones included. */
    public static Set<String> names() {
        return Holder.TABLE.names();
    }

    /** The server property that gives the group property its default, if there is one. */
    public static Optional<String> serverSynonym(String name) {
        if (!names().contains(name) || WITHOUT_SERVER_DEFAULT.contains(name)) return Optional.empty();
        return Optional.of(name.equals("streams.assignor.name") ? "group.streams.assignors" : "group.".concat(name));
    }

    /**
     * Why these may not be a group's properties.
     *
     * @param overrides   what the group would have of its own
     * @param serverValue gives the value in force of a server property, for the limits
     * @return the message that goes with {@code INVALID_CONFIG}; empty if they are good
     */
    public static Optional<String> refusal(
            Map<String, String> overrides, Function<String, @Nullable String> serverValue) {
        for (String name : new TreeMap<>(overrides).keySet())
            if (table().get(name) == null) return Optional.of("Unknown group config name: " + name);
        Map<String, String> canonical = new TreeMap<>();
        for (String name : names()) {
            String raw = overrides.get(name);
            if (raw == null) continue;
            switch (table().require(name).check(raw)) {
                case ConfigCheck.Invalid(String message) -> {
                    return Optional.of(message);
                }
                case ConfigCheck.Valid(String value) -> canonical.put(name, value);
            }
        }
        return Optional.ofNullable(limitRefusal(canonical, serverValue));
    }

    private static @Nullable String limitRefusal(
            Map<String, String> canonical, Function<String, @Nullable String> server) {
        for (String name : WITHIN_SERVER_RANGE) {
            if (!canonical.containsKey(name)) continue;
            long value = Long.parseLong(canonical.getOrDefault(name, "0"));
            long least = limit(server, name, "min");
            long most = limit(server, name, "max");
            if (value < least || value > most)
                return name + " must be in the range " + least + " to " + most + " inclusive.";
        }
        String standby =
                atMost(canonical, server, "streams.num.standby.replicas", "group.streams.max.standby.replicas");
        if (standby != null) return standby;
        String warmup = atMost(canonical, server, "streams.num.warmup.replicas", "group.streams.max.warmup.replicas");
        if (warmup != null) return warmup;
        String taskOffset = canonical.get("streams.task.offset.interval.ms");
        long leastTaskOffset = serverNumber(server, "group.streams.min.task.offset.interval.ms");
        if (taskOffset != null && Long.parseLong(taskOffset) < leastTaskOffset)
            return "streams.task.offset.interval.ms must be greater than or equal to " + leastTaskOffset;
        for (String kind : List.of("consumer", "share", "streams")) {
            String sessionName = kind + ".session.timeout.ms";
            String heartbeatName = kind + ".heartbeat.interval.ms";
            if (!canonical.containsKey(sessionName) && !canonical.containsKey(heartbeatName)) continue;
            if (inForce(canonical, server, sessionName) <= inForce(canonical, server, heartbeatName))
                return sessionName + " must be greater than " + heartbeatName;
        }
        return assignorOrQueueRefusal(canonical, server);
    }

    private static @Nullable String assignorOrQueueRefusal(
            Map<String, String> canonical, Function<String, @Nullable String> server) {
        String assignor = canonical.get("streams.assignor.name");
        if (assignor != null) {
            String registered = server.apply("group.streams.assignors");
            List<String> names = ConfigValues.list(registered == null ? "" : registered);
            if (!names.contains(assignor))
                return "streams.assignor.name '" + assignor
                        + "' is not a registered task assignor. Registered assignors are: " + names + ".";
        }
        String queue = canonical.get("errors.deadletterqueue.topic.name");
        if (queue != null && queue.startsWith("__"))
            return "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'";
        return null;
    }

    private static @Nullable String atMost(
            Map<String, String> canonical, Function<String, @Nullable String> server, String name, String limitName) {
        String value = canonical.get(name);
        long most = serverNumber(server, limitName);
        return value != null && Long.parseLong(value) > most ? name + " must be less than or equal to " + most : null;
    }

    private static long inForce(Map<String, String> canonical, Function<String, @Nullable String> server, String name) {
        String value = canonical.get(name);
        return value != null ? Long.parseLong(value) : serverNumber(server, "group." + name);
    }

    /** {@code share.session.timeout.ms} is limited by {@code group.share.min.session.timeout.ms}, and so on. */
    private static long limit(Function<String, @Nullable String> server, String name, String side) {
        int dot = name.indexOf('.');
        return serverNumber(server, "group." + name.substring(0, dot) + "." + side + name.substring(dot));
    }

    private static long serverNumber(Function<String, @Nullable String> server, String name) {
        String value = server.apply(name);
        if (value == null) throw new IllegalStateException("server property " + name + " has no value");
        return Long.parseLong(value);
    }
}
