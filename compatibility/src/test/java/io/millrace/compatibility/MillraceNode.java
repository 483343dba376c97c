package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One of several nodes of Millrace's that are one cluster, as a process of its own. */
final class MillraceNode implements AutoCloseable {
    static final String BROKER = "broker";
    static final String CONTROLLER = "controller";
    static final String COMBINED = BROKER + "," + CONTROLLER;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int id;
    private final boolean isBroker;
    private final NodePlace place;
    private final Path home;
    private final List<String> pastOutput = new ArrayList<>();
    private @Nullable ChildProcess process;

    private MillraceNode(int id, boolean isBroker, NodePlace place, List<String> properties) throws IOException {
        this.id = id;
        this.isBroker = isBroker;
        this.place = place;
        this.home = Files.createDirectories(place.home());
        Files.write(home.resolve("server.properties"), properties);
        format();
    }

    private void format() {
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
        return cluster(Collections.nCopies(size, COMBINED), NodePlace.onLoopback(directory, size), settings);
    }

    /**
     * Nodes from 1, each in a rack of its own, which know each other and do not run.
     *
     * @param roles what each is: {@link #COMBINED}, {@link #BROKER} or {@link #CONTROLLER}; controllers vote for good
     * @param places where each runs
     * @param settings what each has in its properties besides
     */
    static List<MillraceNode> cluster(List<String> roles, List<NodePlace> places, List<String> settings)
            throws IOException {
        List<String> voters = new ArrayList<>();
        for (int i = 0; i < roles.size(); i++)
            if (roles.get(i).contains(CONTROLLER))
                voters.add((i + 1) + "@" + places.get(i).host() + ":"
                        + places.get(i).controllerPort());
        List<MillraceNode> nodes = new ArrayList<>();
        for (int i = 0; i < roles.size(); i++) {
            NodePlace place = places.get(i);
            boolean isBroker = roles.get(i).contains(BROKER);
            List<String> listeners = new ArrayList<>();
            if (isBroker) listeners.add("PLAINTEXT://" + place.host() + ":" + place.port());
            if (roles.get(i).contains(CONTROLLER))
                listeners.add("CONTROLLER://" + place.host() + ":" + place.controllerPort());
            List<String> properties = new ArrayList<>(List.of(
                    "process.roles=" + roles.get(i),
                    "node.id=" + (i + 1),
                    "controller.quorum.voters=" + String.join(",", voters),
                    "controller.listener.names=CONTROLLER",
                    "broker.rack=rack-" + (i + 1),
                    "log.dirs=" + place.home().resolve("log")));
            NodePlace.Advertised advertised = place.advertised();
            if (isBroker && advertised != null) {
                String internal = "INTERNAL://" + place.host() + ":" + advertised.internalPort();
                listeners.add(internal);
                properties.add(
                        "advertised.listeners=PLAINTEXT://" + place.host() + ":" + advertised.port() + "," + internal);
                properties.add("listener.security.protocol.map="
                        + "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT");
                properties.add("inter.broker.listener.name=INTERNAL");
            }
            properties.add("listeners=" + String.join(",", listeners));
            properties.addAll(settings);
            nodes.add(new MillraceNode(i + 1, isBroker, place, properties));
        }
        return nodes;
    }

    int id() {
        return id;
    }

    /** Where it listens for clients. */
    int port() {
        return place.port();
    }

    /** Where clients reach it. */
    String address() {
        return place.host() + ":" + place.port();
    }

    /** Whether it is a broker, not a controller alone. */
    boolean isBroker() {
        return isBroker;
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Begins to start it, also where it ended by itself; it cannot serve before most of the others are there. */
    void begin() {
        if (process != null) awaitEnd();
        List<String> command = new ArrayList<>(place.launcher());
        command.addAll(List.of(
                MillraceBroker.PROGRAM,
                "start",
                "--config",
                home.resolve("server.properties").toString(),
                "--set",
                "millrace.metrics.address="));
        process = ChildProcess.start("node " + id, home, Map.of("MILLRACE_JVM_OPTS", "-Xmx256m"), command);
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

    /** All that its log directory holds is lost: an empty directory is there instead, as where a disk was replaced. It does not run. */
    void loseDisk() {
        if (process != null) throw new AssertionError("node " + id + " runs");
        Path log = home.resolve("log");
        try (Stream<Path> files = Files.walk(log)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
            Files.createDirectory(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        pastOutput.add("---- lost its disk ----");
    }

    /** Formats a directory that {@link #loseDisk} left. */
    void formatAgain() {
        format();
    }

    /** Waits until it has ended by itself, and returns its status. */
    int awaitEnd() {
        ChildProcess running = running();
        int status = running.awaitExit(PATIENCE);
        pastOutput.addAll(running.lines());
        pastOutput.add("---- ended ----");
        process = null;
        return status;
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
