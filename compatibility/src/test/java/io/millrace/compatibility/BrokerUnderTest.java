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
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A broker process on a free loopback port with a fresh data directory, for the tests of one class.
 *
 * <p>Starts before the first test, is started again before a test that finds it down, and goes away with its directory
 * after the last one. When a test fails, the end of the broker's output is shown.
 */
final class BrokerUnderTest
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, AutoCloseable {
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);
    private static final int PORT_ATTEMPTS = 5;
    private static final int SHOWN_LINES = 120;

    private final BrokerKind kind;
    private final IntFunction<List<String>> settings;
    private final List<String> pastOutput = new ArrayList<>();
    private int port;
    private @Nullable Path data;
    private @Nullable ChildProcess process;

    private BrokerUnderTest(BrokerKind kind, IntFunction<List<String>> settings) {
        this.kind = kind;
        this.settings = settings;
    }

    /** The broker under test, with these server properties ({@code key=value}) beyond its defaults. */
    static BrokerUnderTest with(String... settings) {
        return with(BrokerKind.underTest(), port -> List.of(settings));
    }

    /** A broker of that kind, with server properties that depend on its port. */
    static BrokerUnderTest with(BrokerKind kind, IntFunction<List<String>> settings) {
        return new BrokerUnderTest(kind, settings);
    }

    /** {@code 127.0.0.1:port}. */
    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    /** Its log directory. */
    Path logs() {
        Path directory = data;
        if (directory == null) throw new IllegalStateException("the broker has not been started");
        return kind.logs(directory);
    }

    /** Starts it: the first time on a new directory and port, later on the same ones. Returns once it serves. */
    void start() {
        if (isRunning()) throw new IllegalStateException("the broker is already running");
        boolean isFirst = data == null;
        for (int attempt = 1; ; attempt++) {
            Path directory = data;
            if (directory == null) {
                directory = newDirectory();
                data = directory;
                port = FreePort.find();
            }
            process = ChildProcess.start(
                    "the broker", directory, Map.of(), kind.prepare(directory, port, settings.apply(port)));
            try {
                process.awaitLine("that it is ready", READY_TIMEOUT, kind::saysReady);
                return;
            } catch (AssertionError e) {
                String output = process.output();
                process.close();
                if (!isFirst || attempt == PORT_ATTEMPTS || !kind.saysPortTaken(output)) throw e;
                delete(directory);
                data = null;
            }
        }
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Stops it by SIGTERM and checks that it ended as a program should: in time, and Millrace with status 0. */
    void stop() {
        ChildProcess running = running();
        running.terminate();
        int status = running.awaitExit(STOP_TIMEOUT);
        remember(running);
        if (kind instanceof MillraceBroker) assertEquals(0, status, () -> "exit status after SIGTERM:\n" + log());
    }

    /** {@code kill -9}. */
    void kill() {
        ChildProcess running = running();
        running.kill();
        remember(running);
    }

    /** Resident memory of the broker's largest process in bytes, as the kernel counts it. */
    long residentBytes() {
        return running().tree().stream()
                .mapToLong(handle -> statusKilobytes(handle.pid(), "VmRSS:") * 1024)
                .max()
                .orElseThrow();
    }

    private static long statusKilobytes(long pid, String field) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
                if (line.startsWith(field)) return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
            return 0;
        } catch (IOException e) {
            return 0; // the process has ended
        }
    }

    /** Everything it has printed since its first start. */
    String log() {
        var lines = new ArrayList<>(pastOutput);
        if (process != null && process.isAlive()) lines.addAll(process.lines());
        return String.join("\n", lines);
    }

    private ChildProcess running() {
        ChildProcess running = process;
        if (running == null || !running.isAlive()) throw new AssertionError("the broker is not running:\n" + log());
        return running;
    }

    private void remember(ChildProcess ended) {
        pastOutput.addAll(ended.lines());
        pastOutput.add("---- ended ----");
        process = null;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        start();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (isRunning()) return;
        if (process != null) remember(process);
        start();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isEmpty()) return;
        if (process != null && !process.isAlive()) remember(process);
        List<String> lines = log().lines().toList();
        System.err.println(lines.stream()
                .skip(Math.max(0, lines.size() - SHOWN_LINES))
                .collect(Collectors.joining(
                        "\n",
                        "---- the broker's output at the failure of " + context.getDisplayName() + ":\n",
                        "\n----")));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        if (process != null) process.close();
        process = null;
        if (data != null) delete(data);
        data = null;
        pastOutput.clear();
    }

    private static Path newDirectory() {
        try {
            Path parent = Files.createDirectories(Checkout.TARGET.resolve("brokers"));
            return Files.createTempDirectory(parent, "data");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
