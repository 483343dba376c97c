package io.millrace.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The harness is Python and tests itself; without a {@code python3} on the path this is left out. */
class HarnessTest {
    @Test
    void verdictsTablesAndTargetsHold() throws IOException, InterruptedException {
        String searched = System.getenv().getOrDefault("PATH", "");
        assumeTrue(
                Arrays.stream(searched.split(File.pathSeparator, -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3"))),
                "no python3");
        Process tests = new ProcessBuilder("python3", "-B", "-m", "unittest", "test_report")
                .directory(new File("harness"))
                .redirectErrorStream(true)
                .start();
        String said = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, tests.waitFor(), said);
    }
}
