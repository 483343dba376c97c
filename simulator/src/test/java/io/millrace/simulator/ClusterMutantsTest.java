package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.campaign.Simulate;
import io.millrace.simulator.scenario.ClusterStory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the stories of clusters are worth: mistakes put into the nodes on purpose are found. The table is in docs/simulation.md. Every build
 * tries some of those that are found soon, {@code -Dmillrace.sim.mutants=all} all of them, and writes down which promise was seen broken.
 */
class ClusterMutantsTest {
    private static final int MOST_SEEDS = 100;
    private static final int MOST_FAULTS_LEFT = 2;
    private static final Path FOUND = Path.of("target", "cluster-mutants.tsv");

    @ParameterizedTest
    @EnumSource(names = {"WINS_BY_ONE_VOTE", "FENCED_GO_ON_LEADING", "ELECTS_ANYBODY", "COORDINATOR_LOADS_NOTHING"})
    void aMistakeIsFoundSoon(ClusterMutant mutant) {
        tell(mutant);
    }

    @ParameterizedTest
    @EnumSource
    @EnabledIfSystemProperty(named = "millrace.sim.mutants", matches = "all")
    void aMistakeIsFound(ClusterMutant mutant) throws IOException {
        Stories.Found found = tell(mutant);
        String line = mutant + "\t" + found.stories() + "\t" + found.how().replaceAll("\\s+", " ") + "\n";
        Files.writeString(FOUND, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Test
    @EnabledIfSystemProperty(named = "millrace.sim.mutants", matches = "all")
    void aStoryThatFailsBecomesSmall() throws ReflectiveOperationException {
        ClusterMutant mutant = ClusterMutant.FENCED_GO_ON_LEADING;
        int seed = tell(mutant).stories() - 1;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(told, true, StandardCharsets.UTF_8);
        Object exitCode = new Stories(ClusterStory.class, mutant.changes())
                .loadClass(Simulate.class.getName())
                .getMethod("run", List.class, PrintStream.class, PrintStream.class)
                .invoke(null, List.of("--seed", String.valueOf(seed), "--shrink", "--ledger", ""), out, out);
        String text = told.toString(StandardCharsets.UTF_8);
        assertEquals(1, exitCode, text);
        Matcher smallest = Pattern.compile("the smallest that fails so has (\\d+) faults: (.*)")
                .matcher(text);
        assertTrue(smallest.find(), text);
        assertTrue(Integer.parseInt(smallest.group(1)) <= MOST_FAULTS_LEFT, text);
        assertTrue(smallest.group(2).contains("M11"), text);
        assertTrue(text.contains("--sends 1"), text);
    }

    private static Stories.Found tell(ClusterMutant mutant) {
        Stories.Found found = new Stories(ClusterStory.class, mutant.changes()).find(MOST_SEEDS);
        assertTrue(found.stories() <= MOST_SEEDS, () -> mutant + " is not found in " + MOST_SEEDS + " stories");
        return found;
    }
}
