package io.millrace.cli.start;

import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;

/**
 * Where the nodes of {@code start --cluster} listen and keep their data, as the properties of each: combined nodes 1 to N, which
 * are the static voters. Clients' ports follow one another from the one asked for, and the controllers' ports follow those.
 */
final class ClusterLayout {
    /** Where a cluster keeps its data unless {@code --data} says so: not where a node by itself does. */
    static final String DEFAULT_DATA = "cluster-data";

    static final int MOST_NODES = 9;

    /** Of a partition, unless {@code --set} says otherwise. */
    private static final int MOST_REPLICAS = 3;

    private static final String DEFAULT_LISTEN = "127.0.0.1:9092";
    private static final String METRICS_ADDRESS = "millrace.metrics.address";
    private static final int FIRST_METRICS_PORT = 9464;
    private static final int LAST_PORT = 65_535;
    private static final Set<String> OWN = Set.of(
            "process.roles",
            "node.id",
            "broker.id",
            "listeners",
            "advertised.listeners",
            "controller.listener.names",
            "controller.quorum.voters",
            "controller.quorum.bootstrap.servers",
            "log.dirs",
            "log.dir",
            "metadata.log.dir");

    private final Path directory;
    private final List<Map<String, String>> nodes;

    private ClusterLayout(Path directory, List<Map<String, String>> nodes) {
        this.directory = directory;
        this.nodes = nodes;
    }

    /**
     * Lays a cluster out.
     *
     * @param freePort gives ports nobody listens at, asked where {@code --listen} says port 0
     * @param canListen whether nobody listens at a port of 127.0.0.1; a node whose port for metrics is taken serves none
     * @throws BadConfig if an option contradicts that the nodes differ in their ports and directories
     */
    static ClusterLayout of(StartOptions options, IntSupplier freePort, IntPredicate canListen) {
        int size = options.cluster();
        if (options.config() != null)
            throw new BadConfig("--cluster writes a file for each node itself; properties for all of them go to --set");
        for (String name : options.settings().keySet())
            if (OWN.contains(name)) throw new BadConfig("--set " + name + ": --cluster decides that for each node");
        Path directory = Path.of(options.data() == null ? DEFAULT_DATA : options.data());
        ListenerAddress first = listen(options.listen() == null ? DEFAULT_LISTEN : options.listen());
        List<Integer> ports = ports(first.port(), 2 * size, freePort);
        String host = bracketed(first.host());
        StringBuilder voters = new StringBuilder();
        for (int i = 0; i < size; i++)
            voters.append(i == 0 ? "" : ",")
                    .append(i + 1)
                    .append('@')
                    .append(host)
                    .append(':')
                    .append(ports.get(size + i));
        List<Map<String, String>> nodes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            Map<String, String> node = new LinkedHashMap<>();
            node.put("process.roles", "broker,controller");
            node.put("node.id", Integer.toString(i + 1));
            node.put(
                    "listeners",
                    "PLAINTEXT://" + host + ":" + ports.get(i) + ",CONTROLLER://" + host + ":" + ports.get(size + i));
            node.put("controller.listener.names", "CONTROLLER");
            node.put("controller.quorum.voters", voters.toString());
            node.put("log.dirs", directory.resolve("node-" + (i + 1)).toString());
            int metricsPort = FIRST_METRICS_PORT + i;
            node.put(METRICS_ADDRESS, canListen.test(metricsPort) ? "127.0.0.1:" + metricsPort : "");
            // A cluster that is tried out is to lose a node without losing records or service.
            int replicas = Math.min(size, MOST_REPLICAS);
            node.put("default.replication.factor", Integer.toString(replicas));
            node.put("offsets.topic.replication.factor", Integer.toString(replicas));
            node.put("min.insync.replicas", Integer.toString(Math.max(1, replicas - 1)));
            node.putAll(options.settings());
            if (options.settings().getOrDefault(METRICS_ADDRESS, "").contains(":"))
                throw new BadConfig(
                        "--set " + METRICS_ADDRESS + ": with --cluster it can only be empty, for none; the nodes take "
                                + FIRST_METRICS_PORT + " and the ports after it");
            nodes.add(node);
        }
        return new ClusterLayout(directory, nodes);
    }

    private static ListenerAddress listen(String hostAndPort) {
        try {
            return ListenerAddress.parse("PLAINTEXT://" + hostAndPort);
        } catch (BadConfig e) {
            throw new BadConfig("--listen " + hostAndPort + " is not of the form HOST:PORT");
        }
    }

    private static List<Integer> ports(int first, int count, IntSupplier freePort) {
        if (first > 0 && first + count - 1 > LAST_PORT)
            throw new BadConfig("--listen: the " + count + " ports from " + first + " on do not end by " + LAST_PORT);
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < count) {
            int port = first == 0 ? freePort.getAsInt() : first + ports.size();
            if (!ports.contains(port)) ports.add(port);
        }
        return ports;
    }

    private static String bracketed(String host) {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }

    /** Whether a node serves no metrics although nobody said so: another process has its port. */
    boolean lacksMetrics(int node, StartOptions options) {
        return !options.settings().containsKey(METRICS_ADDRESS)
                && properties(node).getOrDefault(METRICS_ADDRESS, "").isEmpty();
    }

    /** How many nodes. */
    int size() {
        return nodes.size();
    }

    /** Where all of the cluster's files are. */
    Path directory() {
        return directory;
    }

    /** The properties of a node, from 1. */
    Map<String, String> properties(int node) {
        return nodes.get(node - 1);
    }

    /** The file a node's properties are in. */
    Path file(int node) {
        return directory.resolve("node-" + node + ".properties");
    }

    /** A node's file. */
    String text(int node) {
        StringBuilder text = new StringBuilder(
                "# Written by millrace start --cluster, and again each time: changes go to its --set.\n");
        properties(node)
                .forEach((name, value) -> text.append(name)
                        .append('=')
                        .append(value.replace("\\", "\\\\"))
                        .append('\n'));
        return text.toString();
    }
}
