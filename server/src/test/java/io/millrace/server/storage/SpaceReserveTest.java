package io.millrace.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.storage.SpaceReserve.State;
import io.millrace.storage.AppendOrigin;
import io.millrace.testkit.Property;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpaceReserveTest {
    private static final long GB = 1L << 30;

    @Test
    void theLesserOfBytesAndPercentIsKept() {
        assertEquals(GB, SpaceReserve.DEFAULT.bytesOf(1000 * GB));
        assertEquals(2 * (10 * GB / 100), SpaceReserve.DEFAULT.bytesOf(10 * GB));
        assertEquals(0, new SpaceReserve(0, 2).bytesOf(GB));
        assertEquals(0, new SpaceReserve(GB, 0).bytesOf(GB));
        assertEquals(0, SpaceReserve.DEFAULT.bytesOf(0), "a file system that does not tell its size");
        assertEquals(GB, SpaceReserve.DEFAULT.bytesOf(Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> new SpaceReserve(-1, 2));
        assertThrows(IllegalArgumentException.class, () -> new SpaceReserve(1, 51));
    }

    @Test
    void aDirectoryLeavesAStateAtItsBoundAndComesBackAQuarterAboveIt() {
        assertEquals(State.OPEN, SpaceReserve.after(State.OPEN, 100, 100));
        assertEquals(State.RESERVED, SpaceReserve.after(State.OPEN, 99, 100));
        assertEquals(State.RESERVED, SpaceReserve.after(State.RESERVED, 124, 100));
        assertEquals(State.OPEN, SpaceReserve.after(State.RESERVED, 125, 100));
        assertEquals(State.RESERVED, SpaceReserve.after(State.RESERVED, 50, 100));
        assertEquals(State.EXHAUSTED, SpaceReserve.after(State.RESERVED, 49, 100));
        assertEquals(State.EXHAUSTED, SpaceReserve.after(State.OPEN, 49, 100));
        assertEquals(State.EXHAUSTED, SpaceReserve.after(State.EXHAUSTED, 61, 100));
        assertEquals(State.RESERVED, SpaceReserve.after(State.EXHAUSTED, 62, 100));
        assertEquals(State.OPEN, SpaceReserve.after(State.EXHAUSTED, 125, 100));
    }

    @Test
    void withoutAReserveOnlyTheDiskItselfRefuses() {
        assertEquals(State.OPEN, SpaceReserve.after(State.OPEN, 1, 0));
        assertEquals(State.EXHAUSTED, SpaceReserve.after(State.EXHAUSTED, 0, 0));
        assertEquals(State.OPEN, SpaceReserve.after(State.EXHAUSTED, 1, 0));
    }

    /** However fast and unevenly lanes write between two looks, three quarters of the reserve stay. */
    @Test
    void lanesThatDoNotCountTogetherLeaveMostOfTheReserve() {
        Property.check(random -> {
            long reserve = random.nextInt(1_000, 1_000_000);
            long[] usable = {random.nextInt(0, 3_000_000)};
            DirectorySpace space = new DirectorySpace();
            List<Boolean> asked = new ArrayList<>();
            space.watchedBy(() -> asked.add(true), () -> {}, roomBytes -> {});
            int laneCount = random.nextInt(1, 9);
            List<LaneSpace> lanes = new ArrayList<>();
            for (int i = 0; i < laneCount; i++) lanes.add(new LaneSpace(space, laneCount));
            State[] state = {State.OPEN};
            boolean isFirst = true;
            for (int step = 0; step < 400; step++) {
                if (isFirst || random.nextInt(50) == 0 || (!asked.isEmpty() && random.nextInt(10) == 0)) {
                    isFirst = false;
                    asked.clear();
                    state[0] = SpaceReserve.after(state[0], usable[0], reserve);
                    space.say(new DirectorySpace.Look(state[0], usable[0], 10_000_000, reserve));
                }
                LaneSpace lane = lanes.get(random.nextInt(random.nextInt(laneCount) + 1));
                int bytes = random.nextInt(1, 20_000);
                long before = usable[0];
                if (lane.refusal(AppendOrigin.CLIENT, bytes) != null) continue;
                usable[0] -= bytes;
                lane.appended(bytes);
                assertTrue(
                        usable[0] >= Math.min(before, reserve - reserve / 4),
                        () -> usable[0] + " bytes left of a reserve of " + reserve);
            }
        });
    }

    @Test
    void aLaneAsksForALookLongBeforeItsShareIsUsedUp() {
        DirectorySpace space = new DirectorySpace();
        List<String> asked = new ArrayList<>();
        space.watchedBy(() -> asked.add("look"), () -> asked.add("ran out"), roomBytes -> asked.add("nearly full"));
        LaneSpace lane = new LaneSpace(space, 2);
        space.say(new DirectorySpace.Look(State.OPEN, 100 * GB, 200 * GB, GB));
        assertNull(lane.refusal(AppendOrigin.CLIENT, 1 << 20));
        lane.appended(60 << 20);
        assertEquals(List.of(), asked);
        lane.appended(10 << 20);
        assertEquals(List.of("look"), asked);
        lane.appended(10 << 20);
        assertEquals(List.of("look"), asked, "once");
    }
}
