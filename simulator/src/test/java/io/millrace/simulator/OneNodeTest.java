package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.OneNodeStory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The real server and real conversations on virtual time: R1, R3, R10, R17, T1, G2 under crashes, cuts, pauses, failing disks. */
class OneNodeTest {
    @Test
    void whatWasAcknowledgedIsThereExactlyOnceAndInOrder() {
        Campaign.run(
                getClass(),
                "whatWasAcknowledgedIsThereExactlyOnceAndInOrder",
                60,
                seed -> new OneNodeStory(seed).run());
    }

    @Test
    void whatWasAcknowledgedOutlivesFailingDisks() {
        Campaign.run(
                getClass(),
                "whatWasAcknowledgedOutlivesFailingDisks",
                40,
                seed -> OneNodeStory.onFailingDisks(seed).run());
    }

    @Test
    void theSameFailingDisksGiveTheSameTraceAndDecisions() {
        Campaign.run(
                getClass(),
                "theSameFailingDisksGiveTheSameTraceAndDecisions",
                5,
                seed -> assertEquals(toldOnFailingDisks(seed), toldOnFailingDisks(seed)));
    }

    private static String toldOnFailingDisks(long seed) {
        OneNodeStory story = OneNodeStory.onFailingDisks(seed);
        try {
            return story.run().toString();
        } catch (AssertionError broken) {
            return broken.getMessage() + " " + story.simulation().traceHash();
        }
    }

    @Test
    void theSameSeedGivesTheSameTraceAndAnotherAnother() {
        Campaign.run(getClass(), "theSameSeedGivesTheSameTraceAndAnotherAnother", 3, seed -> {
            List<Long> trace = new ArrayList<>();
            OneNodeStory first = new OneNodeStory(seed);
            first.simulation().onTrace(trace::add);
            OneNodeStory.Outcome once = first.run();

            OneNodeStory second = new OneNodeStory(seed);
            int[] next = {0};
            // The stack of this failure shows the first event in which the runs differ.
            second.simulation().onTrace(hash -> assertEquals(trace.get(next[0]++), hash, "step " + next[0]));
            assertEquals(once, second.run());
            assertNotEquals(once.traceHash(), new OneNodeStory(seed + 1).run().traceHash());
        });
    }

    @Test
    void lostAcknowledgedRecordsAreSeen() {
        int seen = 0;
        for (int seed = 0; seed < 40; seed++) {
            try {
                OneNodeStory.thatCannotEndWell(seed).run();
            } catch (AssertionError promiseBroken) {
                seen++;
            }
        }
        int stories = seen;
        assertTrue(seen >= 10, () -> "only in " + stories + " of 40 stories with power cuts was a loss seen");
    }
}
