package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Lane;
import io.millrace.server.fixture.TestBroker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LaneAffinityTest {
    private final TestBroker broker = new TestBroker(3);
    private final Lane home = broker.lanes.get(0).lane();
    private final Lane other = broker.lanes.get(1).lane();
    private final Lane third = broker.lanes.get(2).lane();
    private final LaneAffinity affinity = new LaneAffinity();

    /** How many requests it takes to want a move; -1 if so many do not. */
    private int streakUntilMove(@Nullable Lane owner, int most) {
        for (int i = 1; i <= most; i++) if (affinity.request(home, owner)) return i;
        return -1;
    }

    @Test
    void aStreakForOneOtherLaneMovesIt() {
        assertEquals(LaneAffinity.FIRST_STREAK, streakUntilMove(other, 1_000));
    }

    @Test
    void requestsForItsOwnLaneOrForSeveralKeepItWhereItIs() {
        assertEquals(-1, streakUntilMove(home, 1_000));
        assertEquals(-1, streakUntilMove(null, 1_000));
        for (int i = 0; i < 100; i++) {
            assertEquals(-1, streakUntilMove(other, LaneAffinity.FIRST_STREAK - 1));
            assertFalse(affinity.request(home, i % 2 == 0 ? home : null));
        }
    }

    @Test
    void aStreakIsForOneLane() {
        assertEquals(-1, streakUntilMove(other, LaneAffinity.FIRST_STREAK - 1));
        assertFalse(affinity.request(home, third));
        assertEquals(LaneAffinity.FIRST_STREAK, streakUntilMove(other, 1_000));
    }

    @Test
    void everyMoveMakesTheNextOneHarder() {
        int before = 0;
        for (int i = 0; i < 8; i++) {
            int streak = streakUntilMove(other, Integer.MAX_VALUE);
            assertTrue(streak > before || streak == LaneAffinity.MOST_STREAK);
            before = streak;
            affinity.moves();
        }
        assertEquals(LaneAffinity.MOST_STREAK, before);
    }
}
