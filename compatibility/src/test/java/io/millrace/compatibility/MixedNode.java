package io.millrace.compatibility;

import io.millrace.compatibility.SharedDirectory.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One node of a {@link MixedCluster}: a directory and a {@code server.properties} that Apache's program and ours run by turns. */
final class MixedNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int SHOWN_LINES = 80;

    private final int id;
    private final int port;
    private final Path home;
    private final List<String> pastOutput = new ArrayList<>();
    private @Nullable ChildProcess process;
    private Server server;

    /**
     * A node that does not run, its directory formatted by Apache's tool.
     *
     * @param port where clients reach it, 0 for a controller alone
     * @param server whose program is to run it first
     */
    MixedNode(int id, int port, Path home, List<String> properties, List<String> formatOptions, Server server) {
        this.server = server;
        this.id = id;
        this.port = port;
        this.home = home;
        List<String> all = new ArrayList<>(properties);
        all.add("node.id=" + id);
        all.add("log.dirs=" + logs());
        try {
            Files.createDirectories(home);
            Files.write(file(), all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> format = ControllerProcess.apache(
                "256m", "kafka.tools.StorageTool", "format", "-t", ControllerProcess.CLUSTER, "-c", file().toString());
        format.addAll(formatOptions);
        ChildProcess.run("formatting node " + id, home, Map.of(), PATIENCE, format);
    }

    int id() {
        return id;
    }

    boolean isBroker() {
        return port != 0;
    }

    /** Where clients reach it. */
    String address() {
        return "127.0.0.1:" + port;
    }

    /** Its log directory. */
    Path logs() {
        return home.resolve("log");
    }

    private Path file() {
        return home.resolve("server.properties");
    }

    /** Whose program runs it now, or did last. */
    Server server() {
        return server;
    }

    /** Begins to start it by that program. */
    void begin(Server by) {
        server = by;
        process = ChildProcess.start(
                "node " + id + " (" + by + ")",
                home,
                Map.of("MILLRACE_JVM_OPTS", "-Xmx256m"),
                by == Server.APACHE
                        ? ControllerProcess.apache("400m", "kafka.Kafka", file().toString())
                        : List.of(
                                MillraceBroker.PROGRAM,
                                "start",
                                "--config",
                                file().toString(),
                                "--set",
                                "millrace.metrics.address="));
    }

    /** Returns once it says that it serves. */
    void awaitReady() {
        BrokerKind kind = server == Server.APACHE ? new ApacheBroker() : new MillraceBroker();
        running().awaitLine("that it is ready", PATIENCE, kind::saysReady);
    }

    /** {@code kill -9}. */
    void kill() {
        ChildProcess running = running();
        running.kill();
        remember(running, "killed");
    }

    /** Stops it as an operator would. */
    void stop() {
        terminate();
        awaitEnd();
    }

    /** Asks it to stop. */
    void terminate() {
        running().terminate();
    }

    /** Waits until it has stopped as it should. */
    void awaitEnd() {
        ChildProcess running = running();
        int status = running.awaitExit(PATIENCE);
        remember(running, "stopped, status " + status);
        // Apache's program ends as the JVM ends by a signal.
        if (server == Server.MILLRACE && status != 0) throw new AssertionError("status " + status + "\n" + output());
    }

    private void remember(ChildProcess ended, String how) {
        pastOutput.addAll(ended.lines());
        pastOutput.add("---- " + how + " ----");
        process = null;
    }

    private ChildProcess running() {
        ChildProcess running = process;
        if (running == null) throw new AssertionError("node " + id + " is not running");
        return running;
    }

    /** All that it has printed. */
    List<String> lines() {
        List<String> lines = new ArrayList<>(pastOutput);
        if (process != null) lines.addAll(process.lines());
        return lines;
    }

    /** The end of all that it has printed. */
    String output() {
        List<String> lines = lines();
        return "---- node " + id + ", " + server + ":\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
    }

    @Override
    public void close() {
        if (process != null) process.close();
    }
}
