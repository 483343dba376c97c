package io.millrace.server.config;

import io.millrace.metadata.config.BrokerConfigs;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.metadata.config.PropertyFinding;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterAddresses;
import io.millrace.server.storage.SpaceReserve;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A node's static configuration: what {@code server.properties} and the command line say, with Kafka 4.4.0's defaults
 * behind it. Immutable; everything that can be checked without the machine is checked when it is made.
 */
public final class ServerConfig {
    /** Our own property, for the number of lanes; Kafka's {@code num.network.threads} and {@code num.io.threads} have no meaning here. */
    public static final String LANES = "millrace.lanes";

    /** Our own property: {@code host:port} where {@code /metrics} and {@code /health} are served; empty turns it off. */
    public static final String METRICS_ADDRESS = "millrace.metrics.address";

    /**
     * Our own property: bytes of what was written last that stay in the page cache at least, where new pages are dear; 0
     * leaves the page cache to the kernel.
     */
    public static final String KEPT_BYTES = "millrace.page.cache.kept.bytes";

    /**
     * Our own property: bytes kept free on the file system of each log directory, from 0. What {@link #RESERVE_PERCENT} says holds
     * if that is less.
     */
    public static final String RESERVE_BYTES = "millrace.log.dir.reserve.bytes";

    /** Our own property: percent of a log directory's file system that are kept free, 0 to 50; with 0 none are. */
    public static final String RESERVE_PERCENT = "millrace.log.dir.reserve.percent";

    /**
     * Our own property, {@code true} or {@code false}: whether {@code __consumer_offsets} is made with no more replicas than there are brokers, and gets
     * the others when brokers join. With {@code false} it is not made while there are fewer brokers than {@code offsets.topic.replication.factor}, as in Kafka.
     */
    public static final String GROW_OFFSETS = "millrace.offsets.topic.grow";

    private static final String RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

    /** What {@code replica.selector.class} may name, as no foreign classes are loaded. */
    static final List<String> REPLICA_SELECTORS = List.of(RACK_AWARE, "org.apache.kafka.common.replica.LeaderSelector");

    private static final String OFFSETS_FACTOR = "offsets.topic.replication.factor";
    private static final String VOTERS = "controller.quorum.voters";
    private static final String BOOTSTRAP_SERVERS = "controller.quorum.bootstrap.servers";

    private static final Set<String> OWN_NAMES =
            Set.of(LANES, METRICS_ADDRESS, KEPT_BYTES, RESERVE_BYTES, RESERVE_PERCENT, GROW_OFFSETS);

    private final Map<String, String> stated;
    private final EffectiveConfigs effective;
    private final List<String> unknownNames = new ArrayList<>();
    private final List<String> withoutEffect;
    private final List<ListenerAddress> listeners;
    private final List<ListenerAddress> advertised;
    private final Set<String> controllerListeners;
    private final Set<String> roles;
    private final SpaceReserve spaceReserve;
    private final boolean growsOffsets;
    private final QuorumTimeouts quorumTimeouts;
    private final List<Voter.Endpoint> bootstrapServers;

    /**
     * Checks and keeps the stated properties.
     *
     * @param stated names and values as written
     * @throws BadConfig naming the property, if a value is unusable
     */
    public ServerConfig(Map<String, String> stated) {
        this.stated = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(stated));
        Map<String, String> kafkas = new LinkedHashMap<>(stated);
        kafkas.keySet().removeAll(OWN_NAMES);
        for (PropertyFinding finding : BrokerConfigs.inspect(kafkas)) {
            switch (finding) {
                case PropertyFinding.Unknown unknown -> unknownNames.add(unknown.message());
                case PropertyFinding.BadValue bad -> throw new BadConfig(bad.message());
            }
        }
        withoutEffect = MissingFeatures.look(kafkas);
        effective = new EffectiveConfigs(kafkas, Map.of(), Map.of());
        roles = new LinkedHashSet<>(list("process.roles"));
        if (roles.isEmpty()) roles.addAll(List.of("broker", "controller"));
        for (String role : roles)
            if (!role.equals("broker") && !role.equals("controller"))
                throw new BadConfig("process.roles: '" + role + "' is neither broker nor controller");
        controllerListeners = new LinkedHashSet<>();
        for (String name : list("controller.listener.names")) controllerListeners.add(name.toUpperCase(Locale.ROOT));
        listeners = addresses("listeners", "PLAINTEXT://127.0.0.1:9092");
        advertised = addresses("advertised.listeners", "");
        requirePlaintext();
        requireDistinctNames(listeners, "listeners");
        bootstrapServers = readBootstrapServers();
        if (isBroker() && clientListeners().isEmpty())
            throw new BadConfig("listeners: there is none for clients besides the controller's");
        if (isLone()) {
            requireQuorumOfOne();
        } else if (isController()) {
            requireControllersListeners();
            requireToVote();
        } else {
            requireControllersElsewhere();
        }
        if (isBroker() && !isLone()) requireHeartbeatsInTime();
        quorumTimeouts = isLone() ? QuorumTimeouts.DEFAULT : readQuorumTimeouts();
        spaceReserve = readSpaceReserve();
        growsOffsets = flag(GROW_OFFSETS, true);
    }

    private boolean flag(String name, boolean otherwise) {
        String text = own(name);
        if (text == null) return otherwise;
        if (text.equalsIgnoreCase("true")) return true;
        if (text.equalsIgnoreCase("false")) return false;
        throw new BadConfig(name + "='" + text + "' is neither true nor false");
    }

    /** Whether {@code __consumer_offsets} is made with as many replicas as there are brokers for; see {@link #GROW_OFFSETS}. */
    public boolean fitsOffsetsTopic() {
        return growsOffsets;
    }

    /**
     * Whether this node gives {@code __consumer_offsets} more replicas when brokers join, while it is the controller. One that is no broker has no opinion
     * of its own on their number, so its properties have to state it.
     */
    public boolean growsOffsetsTopic() {
        return growsOffsets && isController() && !isLone() && (isBroker() || stated.containsKey(OFFSETS_FACTOR));
    }

    private SpaceReserve readSpaceReserve() {
        String bytes = own(RESERVE_BYTES);
        String percent = own(RESERVE_PERCENT);
        return new SpaceReserve(
                bytes == null ? SpaceReserve.DEFAULT.bytes() : number(RESERVE_BYTES, bytes, 0, Long.MAX_VALUE),
                percent == null ? SpaceReserve.DEFAULT.percent() : (int) number(RESERVE_PERCENT, percent, 0, 50));
    }

    /** Whether leaders send consumers to the replica in their own rack (KIP-392), {@code replica.selector.class}. */
    public boolean sendsToNearestReplica() {
        String named = effective.broker("replica.selector.class");
        return named != null && named.strip().equals(RACK_AWARE);
    }

    /** What is to be kept free on the file system of each log directory. */
    public SpaceReserve spaceReserve() {
        return spaceReserve;
    }

    private List<ListenerAddress> addresses(String property, String otherwise) {
        List<ListenerAddress> found = new ArrayList<>();
        String text = stated.getOrDefault(property, otherwise);
        for (String entry : text.split(",", -1)) if (!entry.isBlank()) found.add(ListenerAddress.parse(entry));
        return List.copyOf(found);
    }

    private void requirePlaintext() {
        Map<String, String> protocols = new LinkedHashMap<>();
        for (String pair : list("listener.security.protocol.map")) {
            int colon = pair.indexOf(':');
            if (colon <= 0) throw new BadConfig("listener.security.protocol.map: '" + pair + "' is not NAME:PROTOCOL");
            protocols.put(
                    pair.substring(0, colon).strip().toUpperCase(Locale.ROOT),
                    pair.substring(colon + 1).strip());
        }
        for (String name : controllerListeners) {
            String protocol = protocols.getOrDefault(name, "PLAINTEXT");
            if (!protocol.equalsIgnoreCase("PLAINTEXT"))
                throw new BadConfig("controller.listener.names: the security protocol of " + name + " is " + protocol
                        + ", and this version speaks PLAINTEXT only");
        }
        for (ListenerAddress listener : listeners) {
            String protocol = protocols.getOrDefault(
                    listener.name(), controllerListeners.contains(listener.name()) ? "PLAINTEXT" : listener.name());
            if (!protocol.equalsIgnoreCase("PLAINTEXT"))
                throw new BadConfig("listener " + listener + ": its security protocol is " + protocol
                        + ", and this version speaks PLAINTEXT only");
        }
    }

    private static void requireDistinctNames(List<ListenerAddress> listeners, String property) {
        Set<String> names = new LinkedHashSet<>();
        for (ListenerAddress listener : listeners)
            if (!names.add(listener.name()))
                throw new BadConfig(property + ": the name " + listener.name() + " is used twice");
    }

    private void requireQuorumOfOne() {
        List<String> voters = list(VOTERS);
        if (voters.size() == 1) {
            String id = voters.get(0).split("@", 2)[0].strip();
            if (!id.equals(String.valueOf(nodeId())))
                throw new BadConfig("controller.quorum.voters names voter " + id + ", and node.id is " + nodeId());
        }
    }

    private List<Voter.Endpoint> readBootstrapServers() {
        try {
            return VoterAddresses.ofBootstrapServers(list(BOOTSTRAP_SERVERS), controllerListener());
        } catch (IllegalArgumentException wrong) {
            throw new BadConfig(BOOTSTRAP_SERVERS + ": " + wrong.getMessage());
        }
    }

    /** A broker without a controller in its process has to be told where there are some, and must not look like one. */
    private void requireControllersElsewhere() {
        if (controllerListeners.isEmpty())
            throw new BadConfig(
                    "controller.listener.names: with process.roles=broker it has to name the listener of the"
                            + " controllers elsewhere, such as CONTROLLER");
        for (ListenerAddress listener : listeners)
            if (controllerListeners.contains(listener.name()))
                throw new BadConfig(
                        "listener " + listener
                                + " is among controller.listener.names, and with process.roles=broker this node is no controller");
        List<String> voters = list(VOTERS);
        if (voters.isEmpty() && bootstrapServers.isEmpty())
            throw new BadConfig(BOOTSTRAP_SERVERS
                    + ": with process.roles=broker it has to say where controllers are, or " + VOTERS + " who votes");
        try {
            if (VoterAddresses.ofQuorumVoters(voters, controllerListener())
                    .find(nodeId())
                    .isPresent())
                throw new BadConfig(VOTERS + " names node.id " + nodeId()
                        + ", and with process.roles=broker this node does not vote");
        } catch (IllegalArgumentException wrong) {
            throw new BadConfig(VOTERS + ": " + wrong.getMessage());
        }
    }

    private void requireHeartbeatsInTime() {
        long heartbeatMs = effective.brokerLong("broker.heartbeat.interval.ms");
        long sessionMs = effective.brokerLong("broker.session.timeout.ms");
        if (heartbeatMs < 1 || heartbeatMs >= sessionMs)
            throw new BadConfig("broker.heartbeat.interval.ms=" + heartbeatMs
                    + " is not in [1, broker.session.timeout.ms=" + sessionMs
                    + "): the broker would be fenced between two heartbeats");
    }

    private void requireControllersListeners() {
        boolean hasOne = listeners.stream().anyMatch(listener -> controllerListeners.contains(listener.name()));
        if (!hasOne || !stated.containsKey("listeners"))
            throw new BadConfig("listeners: a controller among others needs one that is named in"
                    + " controller.listener.names, such as CONTROLLER://localhost:9093");
        if (isBroker()) return;
        for (ListenerAddress listener : listeners)
            if (!controllerListeners.contains(listener.name()))
                throw new BadConfig("listener " + listener
                        + ": with process.roles=controller all have to be among controller.listener.names");
    }

    private void requireToVote() {
        List<String> voters = list("controller.quorum.voters");
        if (voters.isEmpty()) return;
        try {
            if (VoterAddresses.ofQuorumVoters(voters, controllerListener())
                    .find(nodeId())
                    .isEmpty())
                throw new BadConfig("controller.quorum.voters does not name node.id " + nodeId()
                        + ", and with process.roles=" + String.join(",", roles) + " this node has to vote");
        } catch (IllegalArgumentException wrong) {
            throw new BadConfig("controller.quorum.voters: " + wrong.getMessage());
        }
    }

    private QuorumTimeouts readQuorumTimeouts() {
        int requestMs = effective.brokerInt("controller.quorum.request.timeout.ms");
        if (requestMs < 1) throw new BadConfig("controller.quorum.request.timeout.ms is " + requestMs);
        try {
            return new QuorumTimeouts(
                    effective.brokerInt("controller.quorum.election.timeout.ms"),
                    effective.brokerInt("controller.quorum.fetch.timeout.ms"),
                    effective.brokerInt("controller.quorum.election.backoff.max.ms"),
                    effective.brokerInt("controller.quorum.retry.backoff.ms"),
                    // An answer that waits for news has to come before its request times out.
                    Math.clamp(requestMs / 2, 1, QuorumTimeouts.DEFAULT.fetchMaxWaitMs()));
        } catch (IllegalArgumentException wrong) {
            throw new BadConfig(wrong.getMessage() + ", which is less than 1 or too long");
        }
    }

    /** Whether this node keeps partitions for clients. */
    public boolean isBroker() {
        return roles.contains("broker");
    }

    /** Whether this node has a part in the metadata quorum. */
    public boolean isController() {
        return roles.contains("controller");
    }

    /** Whether this node is a cluster by itself: a broker, and the only controller that is named, which joins no others. */
    public boolean isLone() {
        return isBroker()
                && isController()
                && list(VOTERS).size() <= 1
                && bootstrapServers.size() <= 1
                && !effective.brokerBoolean("controller.quorum.auto.join.enable");
    }

    /** {@code controller.quorum.bootstrap.servers}: where somebody of the quorum is reached, whoever votes. */
    public List<Voter.Endpoint> bootstrapServers() {
        return bootstrapServers;
    }

    /** How long this node waits for others of the metadata quorum. */
    public QuorumTimeouts quorumTimeouts() {
        return quorumTimeouts;
    }

    /** The properties as they were written. */
    public Map<String, String> stated() {
        return stated;
    }

    /** A sentence for each name that is neither Kafka 4.4.0's nor ours, with the nearest known name. */
    public List<String> unknownNames() {
        return List.copyOf(unknownNames);
    }

    /** A sentence for each property of Kafka's that is stated and has no effect here. */
    public List<String> withoutEffect() {
        return List.copyOf(withoutEffect);
    }

    /** The values in force before anything is set at run time: these properties over Kafka's defaults. */
    public EffectiveConfigs effective() {
        return effective;
    }

    /** This node's id in the cluster, from 0. */
    public int nodeId() {
        String id = stated.getOrDefault("node.id", stated.get("broker.id"));
        return id == null ? 1 : (int) number("node.id", id, 0, Integer.MAX_VALUE);
    }

    /** All listeners, in the order they were written. */
    public List<ListenerAddress> listeners() {
        return listeners;
    }

    /** The listeners that clients use. */
    public List<ListenerAddress> clientListeners() {
        return listeners.stream()
                .filter(listener -> !controllerListeners.contains(listener.name()))
                .toList();
    }

    /** Whether this listener is one of {@code controller.listener.names}. */
    public boolean isControllerListener(String name) {
        return controllerListeners.contains(name);
    }

    /** The name of the first controller listener; {@code CONTROLLER} if there is none. */
    public String controllerListener() {
        return controllerListeners.isEmpty()
                ? "CONTROLLER"
                : controllerListeners.iterator().next();
    }

    /** What {@code advertised.listeners} says of this listener, if it says anything. */
    public @Nullable ListenerAddress advertised(String listenerName) {
        for (ListenerAddress address : advertised) if (address.name().equals(listenerName)) return address;
        return null;
    }

    /** {@code inter.broker.listener.name}, or the first client listener's name. */
    public String interBrokerListener() {
        String name = stated.get("inter.broker.listener.name");
        return name == null ? clientListeners().get(0).name() : name.toUpperCase(Locale.ROOT);
    }

    /** The log directories, absolute, at least one. */
    public List<Path> logDirs() {
        String text = stated.get("log.dirs");
        if (text == null || text.isBlank()) text = stated.getOrDefault("log.dir", "data");
        List<Path> dirs = new ArrayList<>();
        for (String dir : text.split(",", -1))
            if (!dir.isBlank()) dirs.add(Path.of(dir.strip()).toAbsolutePath().normalize());
        if (dirs.isEmpty()) throw new BadConfig("log.dirs names no directory");
        return List.copyOf(dirs);
    }

    /** Where the metadata log lives: {@code metadata.log.dir}, or the first log directory. */
    public Path metadataLogDir() {
        String dir = stated.get("metadata.log.dir");
        return dir == null ? logDirs().get(0) : Path.of(dir).toAbsolutePath().normalize();
    }

    /** The value of one of our own properties; null if it is not stated. */
    public @Nullable String own(String name) {
        String value = stated.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private List<String> list(String name) {
        String value = stated.get(name);
        List<String> items = new ArrayList<>();
        if (value != null) for (String item : value.split(",", -1)) if (!item.isBlank()) items.add(item.strip());
        return items;
    }

    private static long number(String name, String text, long least, long most) {
        try {
            long number = Long.parseLong(text.strip());
            if (number >= least && number <= most) return number;
        } catch (NumberFormatException e) {
            throw new BadConfig(name + "='" + text + "' is not a whole number");
        }
        throw new BadConfig(name + "=" + text + " is not in [" + least + ", " + most + "]");
    }
}
