package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One node's directory and its {@code server.properties}, served by Apache's broker and by ours in turn, on one port.
 *
 * <p>Apache's {@code StorageTool} formats it. Ours is started with {@code --config} on the very same file.
 */
final class SharedDirectory implements AutoCloseable {
    /** Who serves. */
    enum Server {
        APACHE,
        MILLRACE
    }

    private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);

    private final Path root;
    private final int port = FreePort.find();
    private final List<String> apacheCommand;
    private @Nullable ChildProcess process;

    private SharedDirectory(Path root, List<String> settings) {
        this.root = root;
        this.apacheCommand = new ApacheBroker().prepare(root, port, settings);
    }

    /** A new directory, formatted by Apache's tool; {@code settings} go into its {@code server.properties}. */
    static SharedDirectory formattedByApache(List<String> settings) {
        try {
            Path parent = Files.createDirectories(Checkout.TARGET.resolve("brokers"));
            return new SharedDirectory(Files.createTempDirectory(parent, "shared"), settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code 127.0.0.1:port}. */
    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    /** The log directory. */
    Path logs() {
        return root.resolve("log");
    }

    /** The {@code server.properties} that both servers use. */
    Path properties() {
        return root.resolve("server.properties");
    }

    /** Starts our server, which has to end with status 1 by itself; returns its output. */
    String startInVain() {
        try (var started = launch(Server.MILLRACE)) {
            assertEquals(1, started.awaitExit(READY_TIMEOUT), started::output);
            return started.output();
        }
    }

    /** Starts that server and returns once it serves. */
    void start(Server server) {
        process = launch(server);
        BrokerKind kind = server == Server.APACHE ? new ApacheBroker() : new MillraceBroker();
        process.awaitLine("that it is ready", READY_TIMEOUT, kind::saysReady);
    }

    private ChildProcess launch(Server server) {
        if (process != null) throw new IllegalStateException("somebody serves already");
        List<String> command = server == Server.APACHE
                ? apacheCommand
                : List.of(
                        MillraceBroker.PROGRAM,
                        "start",
                        "--config",
                        properties().toString());
        return ChildProcess.start(server.toString(), root, Map.of(), command);
    }

    /** Ends the server by SIGTERM or by SIGKILL, and returns what it had printed. */
    String end(boolean cleanly) {
        ChildProcess running = process;
        if (running == null) throw new IllegalStateException("nobody serves");
        if (cleanly) {
            running.terminate();
            int status = running.awaitExit(STOP_TIMEOUT);
            if (running.output().contains("Millrace ")) assertEquals(0, status, running::output);
        } else {
            running.kill();
        }
        process = null;
        return running.output();
    }

    /** All files of the log directory, as paths relative to it, in order. */
    List<Path> files() {
        var files = new ArrayList<Path>();
        try (var walk = Files.walk(logs())) {
            walk.filter(Files::isRegularFile).map(logs()::relativize).sorted().forEach(files::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    @Override
    public void close() {
        if (process != null) process.close();
        process = null;
        try (var files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
