package io.millrace.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.testkit.Property;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SimulatedLaneTest {
    private final Simulation simulation = new Simulation(7);
    private final SimulatedNode node = new SimulatedNetwork(simulation).addNode(2);
    private final Lane lane = node.environment().lanes().getFirst();
    private final Lane other = node.environment().lanes().getLast();
    private final List<Object> seen = new ArrayList<>();

    @Test
    void tasksRunInTheOrderTheyWereHandedIn() {
        Property.check(20, random -> {
            Simulation simulation = new Simulation(random.nextLong());
            Lane lane = new SimulatedNetwork(simulation)
                    .addNode(1)
                    .environment()
                    .lanes()
                    .getFirst();
            List<Integer> ran = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int number = i;
                lane.execute(() -> {
                    ran.add(number);
                    if (number < 50) lane.execute(() -> ran.add(number + 50));
                });
            }
            simulation.runFor(100);
            assertEquals(IntStream.range(0, 100).boxed().toList(), ran);
        });
    }

    @Test
    void aLaneIsCurrentWithinItsTasksOnly() {
        lane.execute(() -> seen.addAll(List.of(lane.isCurrent(), other.isCurrent())));
        other.execute(() -> seen.addAll(List.of(lane.isCurrent(), other.isCurrent())));
        lane.execute(() -> lane.offload(lane::isCurrent, outcome -> seen.add(outcome)));
        simulation.runFor(100);
        assertEquals(new Lane.Outcome.Done<>(false), seen.removeLast());
        assertTrue(seen.equals(List.of(true, false, false, true)) || seen.equals(List.of(false, true, true, false)));
        assertFalse(lane.isCurrent());
    }

    @Test
    void timersFireNotBeforeTheirTimeUnlessTheyAreCancelled() {
        Clock clock = node.environment().clock();
        lane.execute(() -> {
            long start = clock.monotonicNanos();
            for (long delay : new long[] {30, 0, 10})
                lane.schedule(delay, () -> seen.add((clock.monotonicNanos() - start) / 1_000_000 == delay));
            lane.schedule(20, () -> seen.add("cancelled")).cancel();
        });
        simulation.runFor(1000);
        assertEquals(List.of(true, true, true), seen);
    }

    @Test
    void offloadedWorkIsToldOfLaterAndOnTheLane() {
        lane.execute(() -> {
            lane.offload(() -> "done", outcome -> seen.add(lane.isCurrent() + " " + outcome));
            lane.offload(
                    () -> {
                        throw new IOException("no");
                    },
                    outcome -> seen.add(outcome instanceof Lane.Outcome.Failed<Object>));
            seen.add("first");
        });
        simulation.runFor(100);
        assertEquals("first", seen.removeFirst());
        assertTrue(seen.contains("true " + new Lane.Outcome.Done<>("done")) && seen.contains(true), seen::toString);
    }

    @Test
    void whatBelongsOnTheLaneIsRefusedElsewhere() {
        assertThrows(IllegalStateException.class, () -> lane.schedule(1, () -> {}));
        assertThrows(IllegalStateException.class, () -> lane.offload(() -> 1, outcome -> {}));
        other.execute(() -> assertThrows(IllegalStateException.class, () -> lane.schedule(1, () -> {})));
        simulation.runFor(1);
    }

    @Test
    void nothingRunsOnAMachineThatIsDown() {
        lane.execute(() -> {
            lane.schedule(5, () -> seen.add("timer"));
            lane.offload(() -> "work", outcome -> seen.add("outcome"));
            lane.execute(() -> seen.add("task"));
            node.kill();
            seen.add("the rest of the turn, which touches nothing outside");
        });
        simulation.runFor(100);
        assertEquals(1, seen.size());
    }

    @Test
    void aCrashInTheMidstOfATaskEndsIt() {
        lane.execute(() -> {
            node.cutPower();
            node.disk().exists(java.nio.file.Path.of("/"));
            seen.add("went on");
        });
        simulation.runFor(1);
        assertEquals(List.of(), seen);
    }

    @Test
    void aTaskThatThrowsFailsTheRun() {
        lane.execute(() -> {
            throw new IllegalStateException("an invariant broke");
        });
        assertThrows(IllegalStateException.class, () -> simulation.runFor(1));
    }

    @Test
    void aFrozenMachineCatchesUpLater() {
        Clock clock = node.environment().clock();
        long start = clock.monotonicMs();
        node.freeze(500);
        lane.execute(() -> seen.add(clock.monotonicMs() - start >= 500));
        simulation.runFor(499);
        assertEquals(List.of(), seen);
        simulation.runFor(2);
        assertEquals(List.of(true), seen);
    }

    @Test
    void theWallClockCanBeSetAndTheMonotonicOneCannot() {
        Clock clock = node.environment().clock();
        long wall = clock.wallMs();
        long monotonic = clock.monotonicNanos();
        node.moveWallClock(-3_600_000);
        simulation.runFor(10);
        assertEquals(wall - 3_600_000 + 10, clock.wallMs());
        assertEquals(monotonic + 10_000_000, clock.monotonicNanos());
    }

    @Test
    void waitingForWhatDoesNotComeFailsWithTheTime() {
        AssertionError never = assertThrows(AssertionError.class, () -> simulation.runUntil(() -> false, 10));
        assertTrue(never.toString().contains("nothing is left"), never::toString);
        simulation.afterMs(11, () -> {});
        never = assertThrows(AssertionError.class, () -> simulation.runUntil(() -> false, 10));
        assertTrue(never.toString().contains("10 ms"), never::toString);
    }
}
