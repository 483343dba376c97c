package io.millrace.cli.start;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One node of {@code start --cluster}: a process whose lines are passed on behind its number. */
final class ClusterNode {
    private static final Pattern READY = Pattern.compile("Millrace .* ready in \\d+ ms: (\\S+) \\(.*");
    /** A node gives itself 60 s to stop. */
    private static final int MAX_STOP_SECONDS = 70;

    private final int id;
    private final Process process;
    private final PrintStream lines;

    private ClusterNode(int id, Process process, PrintStream lines) {
        this.id = id;
        this.process = process;
        this.lines = lines;
    }

    /**
     * Starts the process.
     *
     * @param ready told the address for clients, on a thread of the node's, when it serves
     * @param ended told the exit status, on such a thread, when the process has ended
     */
    static ClusterNode start(
            int id, ProcessBuilder program, PrintStream lines, Consumer<String> ready, Consumer<Integer> ended)
            throws IOException {
        ClusterNode node = new ClusterNode(id, program.start(), lines);
        node.say("process " + node.process.pid());
        Thread out = node.passOn("out", node.process.inputReader(StandardCharsets.UTF_8), line -> {
            Matcher matcher = READY.matcher(line);
            if (matcher.matches()) ready.accept(matcher.group(1));
        });
        Thread err = node.passOn("err", node.process.errorReader(StandardCharsets.UTF_8), line -> {});
        node.thread("end", () -> {
            int status = node.process.waitFor();
            out.join();
            err.join();
            ended.accept(status);
        });
        return node;
    }

    private Thread passOn(String which, BufferedReader from, Consumer<String> look) {
        return thread(which, () -> {
            try (from) {
                for (String line = from.readLine(); line != null; line = from.readLine()) {
                    say(line);
                    look.accept(line);
                }
            } catch (IOException | UncheckedIOException failed) {
                if (process.isAlive()) say("its lines cannot be read any more: " + failed.getMessage());
            }
        });
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private Thread thread(String which, Work work) {
        return Thread.ofPlatform().daemon().name("node-" + id + "-" + which).start(() -> {
            try {
                work.run();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void say(String line) {
        lines.println("node " + id + " | " + line);
    }

    /** Whether it has not ended. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGTERM; does not wait. By the handle, as the process itself would close its lines with it. */
    void beginStop() {
        process.toHandle().destroy();
    }

    /**
     * Waits for the end after {@link #beginStop}, and makes one if it does not come.
     *
     * @return whether the node has stopped by itself and in order
     */
    boolean awaitStop() throws InterruptedException {
        if (process.waitFor(MAX_STOP_SECONDS, TimeUnit.SECONDS)) return process.exitValue() == 0;
        say("it has not stopped after " + MAX_STOP_SECONDS + " s and is killed");
        process.destroyForcibly();
        return false;
    }
}
