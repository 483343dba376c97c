package io.millrace.simulator.scenario;

import io.millrace.coordinators.group.GroupPartitioner;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.Endpoint;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.protocol.Uuid;
import io.millrace.server.format.FormatOptions;
import io.millrace.simulator.SimulatedNetwork;
import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The nodes of one cluster, each on a machine of its own, and how they are reached. */
final class ClusterNodes {
    private static final int FIRST_CLIENT_PORT = 9_200;
    private static final int FIRST_CONTROLLER_PORT = 9_100;
    private static final int FIRST_MOVED_PORT = 9_300;
    private static final int MOST_LANES = 3;
    static final String HOST = "127.0.0.1";
    /** The listener of controllers. */
    static final String CONTROLLER = "CONTROLLER";
    /** The topic of committed offsets. */
    static final String GROUPS = "__consumer_offsets";

    private final ClusterShape shape;
    private final MetadataHistory metadata;
    private final List<SimulatedServer> servers = new ArrayList<>();
    private final QuorumDisks quorumDisks;
    private final StoredLogs logs = new StoredLogs();
    private final boolean isDynamic;
    private final Map<Integer, Long> epochAtPowerLoss = new TreeMap<>();
    private final Map<Integer, Integer> losses = new TreeMap<>();
    private final Set<Integer> forgetful = new TreeSet<>();
    private int moves;

    /**
     * Nodes that are down, on empty disks.
     *
     * @param isDynamic whether the metadata log says who votes (KIP-853), or the nodes' properties
     * @param shared properties of all of them, besides where they are and what roles they have
     */
    ClusterNodes(
            Simulation simulation,
            SimulatedNetwork network,
            ClusterShape shape,
            boolean isDynamic,
            Map<String, String> shared,
            MetadataHistory metadata) {
        this.shape = shape;
        this.isDynamic = isDynamic;
        this.metadata = metadata;
        SeededRandom random = simulation.newRandom();
        String initialControllers = initialControllers(simulation.newRandom());
        for (int id = 1; id <= shape.nodeCount(); id++) {
            Map<String, String> properties = new LinkedHashMap<>(shared);
            properties.put("process.roles", shape.roles(id));
            properties.put("node.id", String.valueOf(id));
            properties.put("listeners", listeners(id, FIRST_CLIENT_PORT + id));
            properties.put("controller.listener.names", CONTROLLER);
            if (isDynamic) properties.put("controller.quorum.bootstrap.servers", controllers("%2$s"));
            else properties.put("controller.quorum.voters", controllers("%1$d@%2$s"));
            servers.add(SimulatedServer.ofCluster(
                    simulation,
                    network,
                    1 + random.nextInt(MOST_LANES),
                    FIRST_CLIENT_PORT + id,
                    properties,
                    isDynamic && shape.isController(id)
                            ? new FormatOptions.QuorumChoice.InitialControllers(initialControllers)
                            : new FormatOptions.QuorumChoice.StandaloneUnlessStatic(),
                    new Looking(id)));
        }
        quorumDisks = new QuorumDisks(List.copyOf(servers), shape::isController, isDynamic, logs);
    }

    /** All controllers, each written with its id and its address. */
    private String controllers(String format) {
        List<String> written = new ArrayList<>();
        for (int id = 1; id <= shape.nodeCount(); id++)
            if (shape.isController(id))
                written.add(String.format(Locale.ROOT, format, id, HOST + ":" + controllerPort(id)));
        return String.join(",", written);
    }

    private String initialControllers(SeededRandom random) {
        List<String> written = new ArrayList<>();
        for (int id = 1; id <= shape.nodeCount(); id++)
            if (shape.isController(id))
                written.add(id + "@" + HOST + ":" + controllerPort(id) + ":"
                        + new Uuid(random.nextLong(), random.nextLong()));
        return String.join(",", written);
    }

    /** Where other controllers find this one. */
    static int controllerPort(int id) {
        return FIRST_CONTROLLER_PORT + id;
    }

    private String listeners(int id, int clientPort) {
        String clients = "PLAINTEXT://" + HOST + ":" + clientPort;
        String controllers = CONTROLLER + "://" + HOST + ":" + controllerPort(id);
        if (!shape.isBroker(id)) return controllers;
        return shape.isController(id) ? clients + "," + controllers : clients;
    }

    private final class Looking implements SimulatedServer.Watch {
        private final int id;

        Looking(int id) {
            this.id = id;
        }

        @Override
        public void metadataRead(MetadataImage image) {
            if (image.provenance().lastOffset() > metadata.newestOffset())
                quorumDisks.read(id, image.provenance().lastOffset());
            metadata.read(id, image);
        }

        @Override
        public void leadsQuorum(int epoch) {
            quorumDisks.leads(id, epoch);
            metadata.leads(id, epoch);
        }

        @Override
        public void resignsQuorum() {
            metadata.resigns(id);
        }
    }

    ClusterShape shape() {
        return shape;
    }

    /** Whether the metadata log says who votes. */
    boolean isDynamic() {
        return isDynamic;
    }

    /** What the voters have on their disks. */
    QuorumDisks quorumDisks() {
        return quorumDisks;
    }

    /**
     * A log as it lies on a node's disk now.
     *
     * @param name of its directory, such as {@code orders-0}
     */
    StoredLog log(int id, String name) {
        return logs.on(node(id).disk(), name);
    }

    /** Has somebody told of every file on the disk of a node that a program makes shorter, gives another name or deletes. */
    void whenShortened(Shortened who) {
        for (int id = 1; id <= shape.nodeCount(); id++) {
            int each = id;
            node(id).disk().whenShortened(file -> who.on(each, file));
        }
    }

    /** Who is told of a file that is shorter now, or gone. */
    interface Shortened {
        /** It is on the disk of that node, or was. */
        void on(int id, Path file);
    }

    /** A node's process ends, and its disk is replaced by an empty one. */
    void replaceDisk(int id) {
        loses(id);
        node(id).replaceDisk();
    }

    /** A node, by its number from 1. */
    SimulatedServer node(int id) {
        return servers.get(id - 1);
    }

    /** All of them, in the order of their numbers. */
    List<SimulatedServer> all() {
        return servers;
    }

    /** Begins a node's next life. */
    void start(int id) {
        metadata.startsAnew(id);
        node(id).start();
    }

    /** From its next life on a broker is found elsewhere by clients. */
    void move(int id) {
        int port = FIRST_MOVED_PORT + moves++;
        node(id).moveTo(port, listeners(id, port));
    }

    /** A node loses its power, and perhaps what it has not forced. */
    void cutPower(int id) {
        loses(id);
        BrokerImage registered = metadata.newest().cluster().broker(id);
        if (registered != null) epochAtPowerLoss.put(id, registered.epoch());
        node(id).machine().cutPower();
    }

    /** From now on forces of a node's disk may fail, and what was not forced is lost, perhaps. */
    void mayForget(int id) {
        loses(id);
        forgetful.add(id);
    }

    /** Whatever befalls this node, its disk is not counted on. */
    void mayLose(int id) {
        forgetful.add(id);
    }

    private void loses(int id) {
        losses.merge(id, 1, Integer::sum);
    }

    /** How often a node may have lost something that it had written. */
    int losses(int id) {
        return losses.getOrDefault(id, 0);
    }

    /**
     * Whether a broker may count as in sync and lack what is acknowledged: only what a leader has is forced before, so that a follower
     * may lose it with its power, and counts as in sync until it is registered anew.
     */
    boolean mayLack(int id) {
        if (forgetful.contains(id)) return true;
        Long epoch = epochAtPowerLoss.get(id);
        BrokerImage registered = metadata.newest().cluster().broker(id);
        return epoch != null && registered != null && registered.epoch() == epoch;
    }

    boolean allServe() {
        return servers.stream().allMatch(SimulatedServer::isServing);
    }

    /** Where the brokers are. */
    List<InetSocketAddress> brokerAddresses() {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (int id = 1; id <= shape.nodeCount(); id++) if (shape.isBroker(id)) addresses.add(node(id).address());
        return addresses;
    }

    /** Some broker, another one now and then. */
    Supplier<InetSocketAddress> anyBroker(SeededRandom random) {
        return new Supplier<>() {
            private int at = random.nextInt(shape.brokerCount());

            @Override
            public InetSocketAddress get() {
                if (random.nextInt(6) == 0) at = random.nextInt(shape.brokerCount());
                return brokerAddresses().get(at);
            }
        };
    }

    /** Who leads a partition as the metadata says, or some broker while nobody does. */
    Supplier<InetSocketAddress> leaderOf(String topic, int partition, SeededRandom random) {
        Supplier<InetSocketAddress> otherwise = anyBroker(random);
        return () -> {
            PartitionImage found = metadata.newest().topics().partition(topic, partition);
            InetSocketAddress address = found == null || !found.hasLeader() ? null : addressOf(found.leader());
            return address == null ? otherwise.get() : address;
        };
    }

    /** Who coordinates a group as the metadata says, or some broker while nobody does. */
    Supplier<InetSocketAddress> coordinatorOf(String group, int partitionCount, SeededRandom random) {
        return leaderOf(GROUPS, GroupPartitioner.partitionOf(group, partitionCount), random);
    }

    private @Nullable InetSocketAddress addressOf(int brokerId) {
        BrokerImage broker = metadata.newest().cluster().broker(brokerId);
        if (broker == null || broker.endpoints().isEmpty()) return null;
        Endpoint endpoint = broker.endpoints().getFirst();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(shape.name());
        if (isDynamic) text.append(", voters ").append(quorumDisks.voters());
        for (int id = 1; id <= shape.nodeCount(); id++)
            text.append(", node ")
                    .append(id)
                    .append(
                            node(id).isServing()
                                    ? " serves"
                                    : node(id).machine().isDown() ? " is down" : " starts")
                    .append(" (life ")
                    .append(node(id).starts())
                    .append(')');
        return text.toString();
    }
}
