package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** One controller of a quorum, Millrace's or Apache's, as a process of its own. */
final class ControllerProcess implements AutoCloseable {
    static final String CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final int id;
    private final int port;
    private final boolean isApaches;
    private final Path directory;
    private final List<String> formatOptions;
    private final List<String> properties;
    private final List<String> pastOutput = new ArrayList<>();
    private @Nullable ChildProcess process;

    /**
     * A controller that is not running, and whose directory is not formatted.
     *
     * @param quorum the property that says who votes, or where to ask
     * @param formatOptions what else the directory is formatted with
     */
    ControllerProcess(int id, int port, boolean isApaches, Path directory, String quorum, List<String> formatOptions) {
        this.id = id;
        this.port = port;
        this.isApaches = isApaches;
        this.directory = directory;
        this.formatOptions = formatOptions;
        this.properties = new ArrayList<>(List.of(
                "process.roles=controller",
                "node.id=" + id,
                quorum,
                "controller.listener.names=CONTROLLER",
                "listeners=CONTROLLER://127.0.0.1:" + port,
                "log.dirs=" + directory.resolve("log")));
    }

    int id() {
        return id;
    }

    int port() {
        return port;
    }

    /** The id of its directory, once that is formatted. */
    Uuid directoryId() {
        try {
            for (String line : Files.readAllLines(directory.resolve("log/meta.properties")))
                if (line.startsWith("directory.id=")) return Uuid.fromString(line.substring(line.indexOf('=') + 1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new AssertionError("controller " + id + " has no directory.id");
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Its directory is lost, and an empty one formatted with these options instead. It does not run. */
    void replaceDisk(String... options) {
        try (Stream<Path> files = Files.walk(directory.resolve("log"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        pastOutput.add("---- lost its disk ----");
        format(List.of(options));
    }

    /** Formats the directory, the same with either program. */
    void format() {
        format(formatOptions);
    }

    private void format(List<String> options) {
        write(List.of());
        List<String> command = new ArrayList<>();
        if (isApaches)
            command.addAll(apache("256m", "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", file().toString()));
        else
            command.addAll(
                    List.of(MillraceBroker.PROGRAM, "format", "--cluster-id", CLUSTER, "--config", file().toString()));
        command.addAll(options);
        ChildProcess.run("formatting controller " + id, directory, Map.of(), PATIENCE, command);
    }

    private void write(List<String> settings) {
        List<String> lines = new ArrayList<>(properties);
        lines.addAll(settings);
        try {
            Files.createDirectories(directory);
            Files.write(file(), lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file() {
        return directory.resolve("server.properties");
    }

    /** A command of Apache's jars. */
    static List<String> apache(String heap, String... mainAndArguments) {
        var command = new ArrayList<>(Checkout.java(heap));
        command.add("-Dlog4j2.configurationFile=" + Checkout.ROOM.resolve("apache/log4j2.properties"));
        command.addAll(Checkout.archive("apache"));
        command.add("-cp");
        command.add(Checkout.jars("apache", "run compatibility/install-clients"));
        command.addAll(List.of(mainAndArguments));
        return command;
    }

    /**
     * Begins to start it; it has nobody to follow before others are there.
     *
     * @param settings more properties of this run
     */
    void begin(String... settings) {
        write(List.of(settings));
        process = ChildProcess.start(
                "controller " + id,
                directory,
                Map.of(),
                isApaches
                        ? apache("512m", "kafka.Kafka", file().toString())
                        : List.of(
                                MillraceBroker.PROGRAM,
                                "start",
                                "--config",
                                file().toString(),
                                "--set",
                                "millrace.metrics.address="));
    }

    /** {@code kill -9}. */
    void kill() {
        ChildProcess running = process;
        if (running == null) throw new AssertionError("controller " + id + " is not running");
        running.kill();
        pastOutput.addAll(running.lines());
        pastOutput.add("---- killed ----");
        process = null;
    }

    /** The end of all it has printed. */
    String output() {
        List<String> lines = new ArrayList<>(pastOutput);
        if (process != null) lines.addAll(process.lines());
        return "---- controller " + id + (isApaches ? ", Apache's" : "") + ":\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }

    @Override
    public void close() {
        if (process != null) process.close();
    }
}
