package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One of several nodes of Millrace's that are broker and controller, as a process of its own. */
final class MillraceNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int id;
    private final int port;
    private final Path home;
    private final List<String> pastOutput = new ArrayList<>();
    private @Nullable ChildProcess process;

    private MillraceNode(int id, int port, Path home, List<String> properties) throws IOException {
        this.id = id;
        this.port = port;
        this.home = Files.createDirectories(home);
        Files.write(home.resolve("server.properties"), properties);
        ChildProcess.run(
                "formatting node " + id,
                home,
                Map.of(),
                PATIENCE,
                List.of(
                        MillraceBroker.PROGRAM,
                        "format",
                        "--cluster-id",
                        ControllerProcess.CLUSTER,
                        "--config",
                        home.resolve("server.properties").toString()));
    }

    /**
     * Nodes 1 to {@code size}, broker and controller in one, each in a rack of its own, which know each other and do not run.
     *
     * @param settings what each has in its properties besides
     */
    static List<MillraceNode> cluster(Path directory, int size, List<String> settings) throws IOException {
        return cluster(directory, size, settings, List.of());
    }

    /**
     * The same, but clients are told to find them somewhere else than they listen.
     *
     * @param advertisedPorts one for each node, which among each other use listeners of their own; or none
     */
    static List<MillraceNode> cluster(Path directory, int size, List<String> settings, List<Integer> advertisedPorts)
            throws IOException {
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < 3 * size) {
            int port = FreePort.find();
            if (!ports.contains(port)) ports.add(port);
        }
        List<String> voters = new ArrayList<>();
        for (int i = 0; i < size; i++) voters.add((i + 1) + "@127.0.0.1:" + ports.get(size + i));
        List<MillraceNode> nodes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            Path home = directory.resolve("node-" + (i + 1));
            List<String> properties = new ArrayList<>(List.of(
                    "process.roles=broker,controller",
                    "node.id=" + (i + 1),
                    "controller.quorum.voters=" + String.join(",", voters),
                    "controller.listener.names=CONTROLLER",
                    "broker.rack=rack-" + (i + 1),
                    "log.dirs=" + home.resolve("log")));
            String internal = "INTERNAL://127.0.0.1:" + ports.get(2 * size + i);
            String listeners = "listeners=PLAINTEXT://127.0.0.1:" + ports.get(i) + ",CONTROLLER://127.0.0.1:"
                    + ports.get(size + i);
            if (advertisedPorts.isEmpty()) {
                properties.add(listeners);
            } else {
                properties.add(listeners + "," + internal);
                properties.add("advertised.listeners=PLAINTEXT://127.0.0.1:" + advertisedPorts.get(i) + "," + internal);
                properties.add("listener.security.protocol.map="
                        + "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT");
                properties.add("inter.broker.listener.name=INTERNAL");
            }
            properties.addAll(settings);
            nodes.add(new MillraceNode(i + 1, ports.get(i), home, properties));
        }
        return nodes;
    }

    int id() {
        return id;
    }

    /** Where it listens for clients. */
    int port() {
        return port;
    }

    /** Where clients reach it. */
    String address() {
        return "127.0.0.1:" + port;
    }

    /** Begins to start it; it cannot serve before most of the others are there. */
    void begin() {
        process = ChildProcess.start(
                "node " + id,
                home,
                Map.of("MILLRACE_JVM_OPTS", "-Xmx256m"),
                List.of(
                        MillraceBroker.PROGRAM,
                        "start",
                        "--config",
                        home.resolve("server.properties").toString(),
                        "--set",
                        "millrace.metrics.address="));
    }

    /** Returns once it serves. */
    void awaitReady() {
        running().awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
    }

    /** {@code kill -9}. */
    void kill() {
        ChildProcess running = running();
        running.kill();
        pastOutput.addAll(running.lines());
        pastOutput.add("---- killed ----");
        process = null;
    }

    /** Stops it as an operator would. */
    void stop() {
        ChildProcess running = running();
        running.terminate();
        assertEquals(0, running.awaitExit(PATIENCE), this::output);
        pastOutput.addAll(running.lines());
        pastOutput.add("---- stopped ----");
        process = null;
    }

    /** SIGSTOP: alive, and silent. */
    void freeze() {
        signal("STOP");
    }

    /** SIGCONT. */
    void thaw() {
        signal("CONT");
    }

    private void signal(String name) {
        ChildProcess.run(
                "kill -" + name,
                home,
                Map.of(),
                PATIENCE,
                List.of("kill", "-" + name, String.valueOf(running().pid())));
    }

    private ChildProcess running() {
        ChildProcess running = process;
        if (running == null) throw new AssertionError("node " + id + " is not running");
        return running;
    }

    /** The end of all it has printed. */
    String output() {
        List<String> lines = new ArrayList<>(pastOutput);
        if (process != null) lines.addAll(process.lines());
        return "---- node " + id + ":\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }

    @Override
    public void close() {
        if (process != null) process.close();
    }
}
