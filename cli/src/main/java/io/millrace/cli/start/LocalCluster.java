package io.millrace.cli.start;

import io.millrace.cli.Main;
import io.millrace.cli.format.FreshId;
import io.millrace.host.HostDisk;
import io.millrace.protocol.Uuid;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.format.FormatOptions;
import io.millrace.server.format.FormatRefused;
import io.millrace.server.format.Formatter;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.MetaProperties;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code start --cluster N}: a cluster of N nodes on this machine, each a process of its own, for trying things out. Their lines
 * go to standard error behind the number of the node; standard output gets one line, when all of them serve. A node that ends is
 * left so, for that may be what is being tried; the others go on.
 */
final class LocalCluster {
    private final ClusterLayout layout;
    private final StartOptions options;
    private final String version;
    private final PrintStream out;
    private final PrintStream err;

    private final SecureRandom random = new SecureRandom();
    private final Map<Integer, ClusterNode> nodes = new ConcurrentSkipListMap<>();
    private final Map<Integer, String> addresses = new ConcurrentSkipListMap<>();
    private final AtomicBoolean isStopping = new AtomicBoolean();
    private final AtomicBoolean hasFailed = new AtomicBoolean();
    private final AtomicBoolean isReady = new AtomicBoolean();
    private final CountDownLatch running;
    private String clusterId = "";

    private LocalCluster(ClusterLayout layout, StartOptions options, String version, PrintStream out, PrintStream err) {
        this.layout = layout;
        this.options = options;
        this.version = version;
        this.out = out;
        this.err = err;
        this.running = new CountDownLatch(layout.size());
    }

    /**
     * Runs the cluster until it is stopped by SIGTERM or SIGINT, which the shutdown hook deals with, or its last node has ended.
     *
     * @throws BadConfig if an option does not go with a cluster, or the directory holds another one; nothing was started then
     * @throws IOException if the disk fails, or no process can be started
     */
    static void run(StartOptions options, String version, PrintStream out, PrintStream err) throws IOException {
        ClusterLayout layout = ClusterLayout.of(options, LocalCluster::freePort, LocalCluster::canListen);
        new LocalCluster(layout, options, version, out, err).run();
    }

    private void run() throws IOException {
        prepare();
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
        try {
            startAll();
            running.await();
        } catch (IOException failed) {
            err.println("millrace: no process can be started: " + failed.getMessage());
            end();
            return;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        if (!isStopping.get()) throw new BadConfig("all nodes have ended");
    }

    /** No node begins once the cluster is being stopped: nobody would end it. */
    private void startAll() throws IOException {
        for (int i = 1; i <= layout.size(); i++) {
            synchronized (nodes) {
                if (isStopping.get()) return;
                nodes.put(i, start(i));
            }
        }
    }

    private ClusterNode start(int id) throws IOException {
        return ClusterNode.start(
                id, program(layout.file(id)), err, address -> ready(id, address), status -> ended(id, status));
    }

    private void prepare() throws IOException {
        Path single = layout.directory().resolve(MetaProperties.FILE_NAME);
        if (Files.exists(single))
            throw new BadConfig(layout.directory()
                    + " is the log directory of a node by itself; --data names another for the cluster");
        Formatter formatter = new Formatter(new HostDisk());
        Map<Integer, MetaProperties> found = new TreeMap<>();
        for (int i = 1; i <= ClusterLayout.MOST_NODES; i++) {
            int id = i;
            Path directory = layout.directory().resolve("node-" + i);
            if (Files.exists(directory)) formattedFor(formatter, directory).ifPresent(it -> found.put(id, it));
        }
        if (!found.isEmpty() && found.size() != layout.size())
            throw new BadConfig(layout.directory() + " holds a cluster of " + found.size() + " nodes, which --cluster "
                    + found.size() + " starts; another size wants another directory (--data)");
        clusterId = found.values().stream()
                .map(MetaProperties::clusterId)
                .findFirst()
                .orElse("");
        String asked = options.clusterId();
        if (asked != null && !clusterId.isEmpty() && !clusterId.equals(asked))
            throw new BadConfig("the data in " + layout.directory() + " belongs to cluster " + clusterId + ", not to "
                    + asked + " as --cluster-id says");
        if (clusterId.isEmpty()) clusterId = asked != null ? asked : freshId().toString();
        Files.createDirectories(layout.directory());
        for (int i = 1; i <= layout.size(); i++) {
            ServerConfig config = new ServerConfig(layout.properties(i));
            Files.writeString(layout.file(i), layout.text(i));
            if (layout.lacksMetrics(i, options))
                err.println(
                        "millrace: node " + i + " serves no metrics, as another process listens at its port for them");
            format(formatter, config);
        }
    }

    private static Optional<MetaProperties> formattedFor(Formatter formatter, Path directory) throws IOException {
        try {
            return formatter.formattedFor(List.of(directory));
        } catch (FormatRefused | CorruptLog refused) {
            throw new BadConfig(String.valueOf(refused.getMessage()));
        }
    }

    private void format(Formatter formatter, ServerConfig config) throws IOException {
        FormatOptions format = new FormatOptions(
                clusterId,
                Optional.ofNullable(options.releaseVersion()),
                FormatOptions.features(options.features()),
                new FormatOptions.QuorumChoice.Unstated(),
                true);
        try {
            formatter.format(format.plan(config), System.currentTimeMillis(), this::freshId);
        } catch (FormatRefused | CorruptLog refused) {
            throw new BadConfig(String.valueOf(refused.getMessage()));
        }
    }

    /** This program once more, with the flags it was started with. */
    private ProcessBuilder program(Path config) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        String classPath = System.getProperty("java.class.path");
        if (classPath.endsWith(".jar") && classPath.indexOf(File.pathSeparatorChar) < 0)
            command.addAll(List.of("-jar", classPath));
        else command.addAll(List.of("-cp", classPath, Main.class.getName()));
        command.addAll(List.of("start", "--config", config.toString()));
        if (options.isStrict()) command.add("--strict");
        return new ProcessBuilder(command);
    }

    private void ready(int id, String address) {
        addresses.put(id, address);
        if (addresses.size() < layout.size() || !isReady.compareAndSet(false, true)) return;
        out.println("Millrace " + version + " cluster of " + layout.size() + " ready in " + ProcessAge.ms(0) + " ms: "
                + String.join(",", addresses.values()) + " (data " + layout.directory() + ", cluster " + clusterId
                + ")");
        out.flush();
    }

    private void ended(int id, int status) {
        running.countDown();
        if (isStopping.get()) return;
        if (isReady.get()) {
            err.println("millrace: node " + id + " has ended with status " + status
                    + "; this runs it again: millrace start --config " + layout.file(id));
            return;
        }
        err.println("millrace: node " + id + " has ended with status " + status + " before the cluster was ready");
        end();
    }

    /** On a thread of its own, as exit waits for the hook, which waits for the nodes. */
    private void end() {
        hasFailed.set(true);
        Thread.ofPlatform().daemon().name("end").start(() -> System.exit(1));
    }

    /** On SIGTERM and SIGINT, in the shutdown hook. All are told first: their leaders have nobody to go to. */
    private void stop() {
        synchronized (nodes) {
            isStopping.set(true);
        }
        boolean isClean = !hasFailed.get();
        List<ClusterNode> alive =
                nodes.values().stream().filter(ClusterNode::isAlive).toList();
        alive.forEach(ClusterNode::beginStop);
        try {
            for (ClusterNode node : alive) if (!node.awaitStop()) isClean = false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        out.flush();
        err.flush();
        Runtime.getRuntime().halt(isClean ? 0 : 1);
    }

    private static int freePort() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        } catch (IOException failed) {
            throw new BadConfig("no port is free: " + failed.getMessage());
        }
    }

    private static boolean canListen(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }

    private Uuid freshId() {
        return FreshId.of(random::nextLong);
    }
}
