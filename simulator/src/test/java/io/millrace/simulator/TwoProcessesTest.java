package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What differs from one process to the next (identity hashes, the salt of {@code Set.of}, the moments of garbage collection,
 * start-up order, language, time zone, encoding) is no part of a run, of one node or of a whole cluster.
 */
class TwoProcessesTest {
    private static final List<String> SEEDS = List.of("3", "4", "7", "21");

    @Test
    void processesOfDifferentMakeTellTheSameStories() throws IOException, InterruptedException {
        String first = tell("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
        String second = tell(
                "-Xmx192m",
                "-XX:+UseParallelGC",
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:hashCode=2",
                "-Duser.language=tr",
                "-Duser.timezone=Asia/Kathmandu",
                "-Dfile.encoding=ISO-8859-1");
        assertNotEquals("", first);
        assertEquals(first, second);
    }

    private static String tell(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.add("-Djava.util.logging.config.file=" + System.getProperty("java.util.logging.config.file"));
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(TraceDigests.class.getName());
        command.addAll(SEEDS);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), told);
        return told;
    }
}
