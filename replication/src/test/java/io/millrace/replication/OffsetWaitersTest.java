package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OffsetWaitersTest {
    @Test
    void whoeverIsReleasedIsAPrefixOfThoseWhoWait() {
        Property.check(random -> {
            OffsetWaiters<Integer> waiters = new OffsetWaiters<>();
            List<Long> wanted = new ArrayList<>();
            List<Integer> released = new ArrayList<>();
            long end = 0;
            long reached = 0;
            for (int step = 0; step < 50; step++) {
                if (random.nextInt(2) == 0) {
                    // One in four is a batch sent again, whose offset is below the end.
                    long until = random.nextInt(4) == 0 && end > 0 ? 1 + random.nextInt((int) end) : (end += 3);
                    waiters.add(until, wanted.size());
                    wanted.add(until);
                } else {
                    reached = Math.max(reached, random.nextInt((int) end + 2));
                    waiters.release(reached, released::add);
                }
                for (int i = 0; i < released.size(); i++) {
                    assertEquals(i, released.get(i));
                    assertTrue(wanted.get(i) <= reached, "released before its offset was reached");
                }
            }
            waiters.releaseAll(released::add);
            assertEquals(wanted.size(), released.size());
            assertTrue(waiters.isEmpty());
        });
    }

    @Test
    void anOffsetIsReachedWhenEverythingBelowItIs() {
        OffsetWaiters<String> waiters = new OffsetWaiters<>();
        List<String> released = new ArrayList<>();
        waiters.add(5, "five");
        waiters.release(4, released::add);
        assertEquals(List.of(), released);
        waiters.release(5, released::add);
        assertEquals(List.of("five"), released);
    }
}
