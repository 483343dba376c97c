package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.ClusterStory;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the stories of clusters are worth: mistakes put into the nodes on purpose are found. The table is in docs/simulation.md. Every build
 * tries those that are found soon, {@code -Dmillrace.sim.mutants=all} all of them.
 */
class ClusterMutantsTest {
    private static final int MOST_SEEDS = 40;

    @ParameterizedTest
    @EnumSource(names = {"WINS_BY_ONE_VOTE", "FENCED_GO_ON_LEADING", "ELECTS_ANYBODY", "COORDINATOR_LOADS_NOTHING"})
    void aMistakeIsFoundSoon(ClusterMutant mutant) {
        tell(mutant);
    }

    @ParameterizedTest
    @EnumSource
    @EnabledIfSystemProperty(named = "millrace.sim.mutants", matches = "all")
    void aMistakeIsFound(ClusterMutant mutant) {
        tell(mutant);
    }

    private static void tell(ClusterMutant mutant) {
        int found = new Stories(ClusterStory.class, List.of(mutant.change())).seedsToFind(MOST_SEEDS);
        assertTrue(found <= MOST_SEEDS, () -> mutant + " is not found in " + MOST_SEEDS + " stories");
    }
}
