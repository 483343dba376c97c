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
        assertTrue(leader.advance(Long.MAX_VALUE));
        assertEquals(12, leader.highWatermark());
        assertFalse(leader.advance(Long.MAX_VALUE), "nothing new");
    }

    @Test
    void whereAcknowledgementsWaitForTheDiskOnlyWhatIsForcedCounts() {
        PartitionLeader leader = new PartitionLeader(0, 0, 0, 0);
        leader.appended(8);
        assertFalse(leader.advance(0));
        leader.forced(5);
        assertTrue(leader.advance(0));
        assertEquals(5, leader.highWatermark());
    }

    @Test
    void soManyRecordsMayCountWithoutBeingForced() {
        PartitionLeader leader = new PartitionLeader(0, 0, 0, 0);
        leader.appended(4);
        assertTrue(leader.advance(4));
        assertEquals(4, leader.highWatermark());
        leader.appended(7);
        assertFalse(leader.advance(4), "7 records are not forced");
        leader.forced(4);
        assertTrue(leader.advance(4));
        assertEquals(7, leader.highWatermark());
    }

    @Test
    void theHighWatermarkNeverGoesDownAndNeverPassesTheLogEnd() {
        Property.check(random -> {
            PartitionLeader leader = new PartitionLeader(0, 0, 0, 0);
            long end = 0;
            long before = 0;
            long forced = 0;
            for (int step = 0; step < 60; step++) {
                switch (random.nextInt(3)) {
                    case 0 -> leader.appended(end += random.nextInt(5));
                    case 1 -> {
                        long until = random.nextInt((int) end + 1);
                        forced = Math.max(forced, until);
                        leader.forced(until);
                    }
                    default -> {
                        long allowed = random.nextInt(3) == 0 ? Long.MAX_VALUE - 1 : random.nextInt(6);
                        if (leader.advance(allowed))
                            assertTrue(leader.highWatermark() <= forced || end - forced <= allowed);
                    }
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
