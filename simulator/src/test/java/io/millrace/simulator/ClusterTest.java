package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.simulator.scenario.ClusterStory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whole clusters on virtual time, under faults of every kind: what clients were told holds, and when all is well they go on. */
class ClusterTest {
    @Test
    void whatClientsWereToldHoldsWhateverBefallsTheNodes() {
        Campaign.run(
                getClass(),
                "whatClientsWereToldHoldsWhateverBefallsTheNodes",
                24,
                seed -> new ClusterStory(seed).run());
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        Campaign.run(getClass(), "theSameSeedGivesTheSameTrace", 1, seed -> {
            List<Long> trace = new ArrayList<>();
            ClusterStory first = new ClusterStory(seed);
            first.simulation().onTrace(trace::add);
            ClusterStory.Outcome once = first.run();

            ClusterStory second = new ClusterStory(seed);
            int[] next = {0};
            // The stack of this failure shows the first event in which the runs differ.
            second.simulation().onTrace(hash -> assertEquals(trace.get(next[0]++), hash, "step " + next[0]));
            assertEquals(once, second.run());
        });
    }
}
