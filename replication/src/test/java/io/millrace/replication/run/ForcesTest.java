package io.millrace.replication.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForcesTest {
    private static final Path ONE = Path.of("/one");
    private static final Path OTHER = Path.of("/other");

    private final StoryLane lane = new StoryLane();
    private final Forces forces = new Forces(lane);
    private final List<String> begun = new ArrayList<>();

    private void request(Path directory, String name) {
        forces.request(directory, () -> begun.add(name));
    }

    @Test
    void aForceBeginsNoSoonerThanTheNextTurnOfTheLane() {
        request(ONE, "a");
        assertEquals(List.of(), begun);
        lane.run();
        assertEquals(List.of("a"), begun);
    }

    @Test
    void aFewOfEachDirectoryAreUnderWayAndTheOthersFollowInOrder() {
        for (String name : List.of("a", "b", "c", "d")) request(ONE, name);
        request(OTHER, "x");
        lane.run();
        assertEquals(List.of("a", "b", "x"), begun);
        assertEquals(2, forces.numbers().waiting());
        forces.ended(ONE);
        lane.run();
        assertEquals(List.of("a", "b", "x", "c"), begun);
        forces.ended(OTHER);
        lane.run();
        assertEquals(1, forces.numbers().waiting());
    }

    @Test
    void whoeverDoesNotWantItsTurnAnyMoreCostsNobodyHis() {
        for (int i = 0; i < 5; i++) forces.request(ONE, () -> false);
        request(ONE, "a");
        lane.run();
        assertEquals(List.of("a"), begun);
    }

    @Test
    void whatHasNotBegunCannotEnd() {
        assertThrows(IllegalStateException.class, () -> forces.ended(ONE));
    }

    @Test
    void eachForceIsCountedInOneBucketAndNoneIsForgotten() {
        Property.check(random -> {
            Forces counted = new Forces(lane);
            long appends = 0;
            int count = random.nextInt(50);
            for (int i = 0; i < count; i++) {
                int each = random.nextInt(400);
                appends += each;
                counted.count(2, each);
            }
            ForceNumbers numbers = counted.numbers();
            assertEquals(count, numbers.forces());
            assertEquals(2L * count, numbers.totalNanos());
            assertEquals(appends, numbers.appends());
            assertEquals(
                    count,
                    numbers.byAppends().stream().mapToLong(Long::longValue).sum());
        });
        forces.count(1, 300);
        forces.count(1, 301);
        assertEquals(List.of(0L, 0L, 0L, 0L, 0L, 0L, 1L, 1L), forces.numbers().byAppends());
        assertTrue(forces.numbers().waiting() == 0);
    }
}
