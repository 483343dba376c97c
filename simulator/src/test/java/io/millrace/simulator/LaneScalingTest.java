package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.LaneLoadStory;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * The real server, with more and more lanes, under one and the same load: what one lane has to do falls as the number of
 * lanes grows, and the work of a request stays within what one to another lane's partition costs. {@code docs/benchmarks.md} has the figures that are printed.
 */
class LaneScalingTest {
    private static final long SEED = 0x5ca1eL;

    /** The busiest lane may have this much more than its equal share: chance sends more requests to some partitions. */
    private static final double MOST_UNEVENNESS = 1.3;

    /** Of a request to another lane's partition: what it costs besides the lane it came to. Measured 3.1 with two lanes. */
    private static final double MOST_MESSAGES_PER_REMOTE_REQUEST = 3.3;

    /** The turns in which those messages are taken, and one more to send the answer; measured 4.0. */
    private static final double MOST_TURNS_PER_REMOTE_REQUEST = 4.3;

    /** Chance in how bytes arrive changes the number of turns a little. */
    private static final double MOST_CHANCE = 1.05;

    @Test
    void theBusiestLaneHasAboutItsEqualShareAndARequestCostsTheSameWithAnyNumberOfLanes() {
        double turnsOnOneLane = 0;
        System.out.println("lanes  busiest lane's share  turns per request  messages per request");
        for (int lanes : new int[] {1, 2, 4, 8, 16}) {
            LaneLoadStory.Outcome outcome = new LaneLoadStory(SEED, lanes).run();
            System.out.printf(
                    Locale.ROOT,
                    "%5d  %20.3f  %17.2f  %20.2f%n",
                    lanes,
                    outcome.busiestShare(),
                    outcome.turnsPerRequest(),
                    outcome.messagesPerRequest());
            assertEquals(lanes, outcome.lanes().size());
            if (lanes == 1) turnsOnOneLane = outcome.turnsPerRequest();
            String seen = lanes + " lanes: " + outcome;
            assertTrue(outcome.busiestShare() >= 1.0 / lanes, seen);
            assertTrue(outcome.busiestShare() <= MOST_UNEVENNESS / lanes, seen);
            double remote = 1 - 1.0 / lanes;
            assertTrue(outcome.messagesPerRequest() <= MOST_MESSAGES_PER_REMOTE_REQUEST * remote * MOST_CHANCE, seen);
            assertTrue(
                    outcome.turnsPerRequest()
                            <= (turnsOnOneLane + MOST_TURNS_PER_REMOTE_REQUEST * remote) * MOST_CHANCE,
                    seen);
        }
    }
}
