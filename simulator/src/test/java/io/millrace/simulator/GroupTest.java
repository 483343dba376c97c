package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.simulator.scenario.GroupStory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Our own consumers as a group, before the real server, under crashes, cuts, stalls: G1-G5, R3, R19, T1. */
class GroupTest {
    @Test
    void aGroupReadsAllThereIsAndCommitsWhatItHasRead() {
        Campaign.run(
                getClass(), "aGroupReadsAllThereIsAndCommitsWhatItHasRead", 40, seed -> new GroupStory(seed).run());
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        Campaign.run(getClass(), "theSameSeedGivesTheSameTrace", 2, seed -> {
            List<Long> trace = new ArrayList<>();
            GroupStory first = new GroupStory(seed);
            first.simulation().onTrace(trace::add);
            GroupStory.Outcome once = first.run();

            GroupStory second = new GroupStory(seed);
            int[] next = {0};
            // The stack of this failure shows the first event in which the runs differ.
            second.simulation().onTrace(hash -> assertEquals(trace.get(next[0]++), hash, "step " + next[0]));
            assertEquals(once, second.run());
        });
    }
}
