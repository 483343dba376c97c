package io.millrace.compatibility;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A process that these tests started: its output, line by line, and its end. Standard error counts as output. */
final class ChildProcess implements AutoCloseable {
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(20);

    /** Those that live, so that none outlives these tests, however they end. */
    private static final Set<ChildProcess> living = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> living.forEach(child -> child.tree().forEach(ProcessHandle::destroyForcibly))));
    }

    private final String name;
    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;

    private ChildProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        // Reads of a pipe hold a virtual thread's carrier: two silent processes would keep the output of all others
        // from being read.
        this.reader = Thread.ofPlatform().daemon().name("output of " + name).start(this::read);
    }

    /** Starts a command; {@code name} is how failures call it. */
    static ChildProcess start(String name, Path directory, Map<String, String> environment, List<String> command) {
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            var child = new ChildProcess(name, process);
            living.add(child);
            return child;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name + ": " + String.join(" ", command), e);
        }
    }

    /** Runs a command to its end and returns its output. A status other than 0 or a missed deadline is a failure. */
    static List<String> run(
            String name, Path directory, Map<String, String> environment, Duration within, List<String> command) {
        try (var child = start(name, directory, environment, command)) {
            int status = child.awaitExit(within);
            if (status != 0) throw new AssertionError(name + " ended with status " + status + ":\n" + child.output());
            return child.lines();
        }
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            synchronized (lines) {
                lines.add("(output ended: " + e.getMessage() + ")");
            }
        }
        if (!process.isAlive()) living.remove(this);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** This process and what it started, itself first. */
    List<ProcessHandle> tree() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
    }

    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** All output so far, as one text. */
    String output() {
        return String.join("\n", lines());
    }

    /** Waits for a line; fails at once when the process ends without having printed it. */
    String awaitLine(String what, Duration within, Predicate<String> wanted) {
        Await.until(
                name + " prints " + what,
                within,
                () -> lines().stream().anyMatch(wanted) || !process.isAlive(),
                () -> "its output:\n" + output());
        joinReaderIfDead();
        return lines().stream()
                .filter(wanted)
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " ended with status " + process.exitValue()
                        + " before it printed " + what + "; its output:\n" + output()));
    }

    /** Waits for the end and returns the exit status. */
    int awaitExit(Duration within) {
        try {
            if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(
                        name + " did not end within " + within.toMillis() + " ms; its output:\n" + output());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + name, e);
        }
        joinReaderIfDead();
        return process.exitValue();
    }

    /** Asks it to end: SIGTERM, by process id. */
    void terminate() {
        tree().reversed().forEach(ProcessHandle::destroy);
    }

    /** Ends it and all it started: SIGKILL, by process id. Returns once they are gone. */
    void kill() {
        List<ProcessHandle> tree = tree();
        tree.forEach(ProcessHandle::destroyForcibly);
        Await.until(name + " is dead", KILL_TIMEOUT, () -> tree.stream().noneMatch(ProcessHandle::isAlive));
        joinReaderIfDead();
    }

    private void joinReaderIfDead() {
        if (process.isAlive()) return;
        try {
            reader.join(KILL_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) kill();
        living.remove(this);
    }
}
