package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the campaigns of logs are worth: mistakes put in on purpose are found. The table is in docs/simulation.md. */
class MutantsTest {
    private static final int MOST_SEEDS = 500;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aMistakeIsFound(Mutant mutant) {
        int found = seedsToFind(mutant);
        assertTrue(found <= MOST_SEEDS, () -> mutant + " is not found in " + MOST_SEEDS + " stories");
    }

    /** How many stories are told until one fails. */
    static int seedsToFind(Mutant mutant) {
        for (int seed = 0; seed < MOST_SEEDS; seed++) {
            try {
                LogStory.with(mutant, seed).run(8);
            } catch (VirtualMachineError broken) {
                throw broken;
            } catch (Throwable seen) {
                return seed + 1;
            }
        }
        return MOST_SEEDS + 1;
    }
}
