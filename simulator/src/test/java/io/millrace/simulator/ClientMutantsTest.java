package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the stories of groups and of transactions are worth: mistakes put into the client on purpose are found. The table is in docs/simulation.md. */
class ClientMutantsTest {
    private static final int MOST_SEEDS = 60;

    @ParameterizedTest
    @EnumSource
    void aMistakeIsFound(ClientMutant mutant) {
        int found = mutant.stories().seedsToFind(MOST_SEEDS);
        assertTrue(found <= MOST_SEEDS, () -> mutant + " is not found in " + MOST_SEEDS + " stories");
    }
}
