package io.millrace.cli;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The program in a process of its own, from this test's class path. */
final class ChildProgram implements Closeable {
    private static final int MAX_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;
    private final Path err;

    private ChildProgram(Process process, Path err) {
        this.process = process;
        this.out = process.inputReader(StandardCharsets.UTF_8);
        this.err = err;
    }

    /** Runs it; standard error goes to a file beside {@code directory}. */
    static ChildProgram run(Path directory, String... arguments) throws IOException {
        Path err = Files.createTempFile(directory, "stderr", ".txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.millrace.cli.Main"));
        command.addAll(Arrays.asList(arguments));
        return new ChildProgram(
                new ProcessBuilder(command).redirectError(err.toFile()).start(), err);
    }

    /** The next line it prints; fails if it ends first. */
    String line() throws IOException {
        String line = out.readLine();
        if (line == null) throw new AssertionError("it ended and said: " + complaints());
        return line;
    }

    /** All it has said on standard error. */
    String complaints() throws IOException {
        return Files.readString(err);
    }

    /** SIGTERM, then the exit status. */
    int terminate() throws InterruptedException {
        process.destroy();
        return status();
    }

    /** Waits for its end. */
    int status() throws InterruptedException {
        if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS))
            throw new AssertionError("it has not ended after " + MAX_SECONDS + " s");
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
