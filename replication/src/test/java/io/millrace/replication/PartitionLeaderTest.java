package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import org.junit.jupiter.api.Test;

class PartitionLeaderTest {
    @Test
    void aLeaderAloneCommitsWhatItAppends() {
        PartitionLeader leader = new PartitionLeader(3, 10, 10, 10);
        leader.appended(12);
        assertTrue(leader.advance(false));
        assertEquals(12, leader.highWatermark());
        assertFalse(leader.advance(false), "nothing new");
    }

    @Test
    void whereAcknowledgementsWaitForTheDiskOnlyWhatIsForcedCounts() {
        PartitionLeader leader = new PartitionLeader(0, 0, 0, 0);
        leader.appended(8);
        assertFalse(leader.advance(true));
        leader.forced(5);
        assertTrue(leader.advance(true));
        assertEquals(5, leader.highWatermark());
    }

    @Test
    void theHighWatermarkNeverGoesDownAndNeverPassesTheLogEnd() {
        Property.check(random -> {
            PartitionLeader leader = new PartitionLeader(0, 0, 0, 0);
            long end = 0;
            long before = 0;
            for (int step = 0; step < 60; step++) {
                switch (random.nextInt(3)) {
                    case 0 -> leader.appended(end += random.nextInt(5));
                    case 1 -> leader.forced(random.nextInt((int) end + 3));
                    default -> leader.advance(random.nextInt(2) == 0);
                }
                assertTrue(leader.highWatermark() >= before, "R3");
                assertTrue(leader.highWatermark() <= end);
                before = leader.highWatermark();
            }
        });
    }

    @Test
    void aLogThatShrinksUnderItsLeaderIsOurMistake() {
        PartitionLeader leader = new PartitionLeader(0, 10, 0, 0);
        assertThrows(IllegalStateException.class, () -> leader.appended(9));
    }
}
