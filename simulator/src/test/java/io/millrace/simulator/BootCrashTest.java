package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.BootStory;
import org.junit.jupiter.api.Test;

/** R17 of a whole node: meta.properties, checkpoints, markers, quorum, metadata, logs, what is being deleted. */
class BootCrashTest {
    @Test
    void aBootOrAStopCutAnywhereEndsAsIfItHadNotBeen() {
        Campaign.run(getClass(), "aBootOrAStopCutAnywhereEndsAsIfItHadNotBeen", 4, seed -> {
            int cuts = new BootStory(seed).run(1 + (int) Long.remainderUnsigned(seed, 3));
            assertTrue(cuts > 10, () -> "only " + cuts + " cuts were tried");
        });
    }
}
