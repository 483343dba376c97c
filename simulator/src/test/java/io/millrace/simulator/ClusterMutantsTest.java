package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.ClusterStory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the stories of clusters are worth: mistakes put into the nodes on purpose are found. The table is in docs/simulation.md. Every build
 * tries some of those that are found soon, {@code -Dmillrace.sim.mutants=all} all of them, and writes down which promise was seen broken.
 */
class ClusterMutantsTest {
    private static final int MOST_SEEDS = 40;
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

    private static Stories.Found tell(ClusterMutant mutant) {
        Stories.Found found = new Stories(ClusterStory.class, mutant.changes()).find(MOST_SEEDS);
        assertTrue(found.stories() <= MOST_SEEDS, () -> mutant + " is not found in " + MOST_SEEDS + " stories");
        return found;
    }
}
