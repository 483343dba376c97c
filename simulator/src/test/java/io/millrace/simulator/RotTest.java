package io.millrace.simulator;

import io.millrace.simulator.scenario.RotStory;
import org.junit.jupiter.api.Test;

/** A flipped bit at rest on a whole node. */
class RotTest {
    @Test
    void rotIsNamedOrKeepsToTheLogItIsIn() {
        Campaign.run(getClass(), "rotIsNamedOrKeepsToTheLogItIsIn", 60, seed -> new RotStory(seed).run());
    }
}
