package io.millrace.simulator.campaign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.simulator.scenario.Reduction;
import io.millrace.testkit.Property;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Made small, on stories that are not told: whether one fails is said by a rule. */
class ShrinkingTest {
    private static final Failure LOST = new Failure("offset # is lost", "offset 7 is lost");
    private static final Failure OTHER = new Failure("nobody goes on", "nobody goes on");

    @Test
    void whatIsNeededStaysAndAllElseGoes() {
        Property.check(random -> {
            int count = 1 + random.nextInt(12);
            Set<Integer> all = IntStream.rangeClosed(1, count).boxed().collect(Collectors.toCollection(TreeSet::new));
            Set<Integer> needed =
                    all.stream().filter(each -> random.nextInt(4) == 0).collect(Collectors.toCollection(TreeSet::new));
            int producers = 1 + random.nextInt(3);
            Shrinking shrinking = shrinking(all, needed, producers, 1_000);

            Reduction smallest = shrinking.smallest();

            assertEquals(needed, shrinking.faults());
            assertEquals(producers, Math.min(3, smallest.producers()));
            assertEquals(1, smallest.partitions());
            assertEquals("3", smallest.nodes());
        });
    }

    @Test
    void whatFailsOtherwiseIsNotTaken() {
        Shrinking shrinking = new Shrinking(
                reduction -> new Shrinking.Told(OTHER, Set.of(), "3"),
                Reduction.NOTHING,
                new Shrinking.Told(LOST, Set.of(1, 2), "5"),
                LOST,
                100,
                smaller -> {});
        assertEquals(Reduction.NOTHING, shrinking.smallest());
    }

    @Test
    void soManyStoriesAreToldAtMost() {
        int[] told = {0};
        Shrinking shrinking = new Shrinking(
                reduction -> {
                    told[0]++;
                    return new Shrinking.Told(null, Set.of(), "5");
                },
                Reduction.NOTHING,
                new Shrinking.Told(LOST, new TreeSet<>(List.of(1, 2, 3, 4, 5, 6, 7, 8)), "5"),
                LOST,
                5,
                smaller -> {});
        shrinking.smallest();
        assertEquals(5, told[0]);
    }

    @Test
    void failuresThatDifferInNumbersOnlyAreOfOneKind() {
        Failure one =
                Failure.of(new AssertionError("partition orders-3: offset 17 with client-2/8 is lost; it ends at 3"));
        Failure other =
                Failure.of(new AssertionError("partition orders-0: offset 4 with client-1/9 is lost; it ends at 1"));
        assertEquals(one.kind(), other.kind());
        assertTrue(one.kind().endsWith("is lost"), one.kind());
    }

    @Test
    void whatIsLeftOutIsSaidByOptionsThatAreUnderstood() throws SimulateOptions.Refused {
        Reduction reduction = Reduction.NOTHING
                .without(Set.of(3, 1))
                .onNodes("3+3")
                .withPartitions(1)
                .withProducers(2)
                .withSends(9)
                .withTurnovers(0)
                .withOthers(0);
        SimulateOptions read = SimulateOptions.parse(List.of(("--seed 17 " + reduction).split(" ", -1)));
        assertEquals(reduction, read == null ? null : read.reduction());
    }

    /** A story fails if all of the needed faults are in it, on three nodes that are both at least, with so many producers. */
    private static Shrinking shrinking(Set<Integer> all, Set<Integer> needed, int producers, int most) {
        Shrinking.Teller teller = reduction -> {
            Set<Integer> left = new TreeSet<>(all);
            left.removeAll(reduction.withoutFaults());
            String nodes = reduction.nodes() == null ? "5" : reduction.nodes();
            boolean fails = left.containsAll(needed) && !nodes.equals("1+2") && reduction.producers() >= producers;
            return new Shrinking.Told(fails ? LOST : null, left, nodes);
        };
        return new Shrinking(teller, Reduction.NOTHING, teller.tell(Reduction.NOTHING), LOST, most, smaller -> {});
    }
}
