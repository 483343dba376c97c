package io.millrace.client.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.placement.ReassignmentPlan.Change;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Plans for drawn clusters: what always holds of them, and against the obvious ways to say what is best. */
class ReassignmentPlannerTest {
    private static PlacedPartition partition(String topic, int number, long bytes, Integer... replicas) {
        return new PlacedPartition(new TopicPartition(topic, number), List.of(replicas), Set.of(replicas), bytes);
    }

    private static List<TargetBroker> brokers(int... ids) {
        return IntStream.of(ids).mapToObj(id -> new TargetBroker(id, "", true)).toList();
    }

    private static PlacementGoal goal(List<TargetBroker> brokers, boolean isSpread) {
        return new PlacementGoal(brokers, OptionalInt.empty(), isSpread);
    }

    /** A cluster as it may be found: racks of any sizes, some replicas out of sync, sizes of all kinds. */
    private record Drawn(List<TargetBroker> brokers, List<PlacedPartition> partitions) {
        static Drawn from(SeededRandom random, int mostBrokers, int mostPartitions) {
            int brokerCount = 1 + random.nextInt(mostBrokers);
            int rackCount = 1 + random.nextInt(4);
            List<TargetBroker> brokers = new ArrayList<>();
            for (int id = 0; id < brokerCount; id++)
                brokers.add(new TargetBroker(id * 2 + 1, "rack" + random.nextInt(rackCount), true));
            List<PlacedPartition> partitions = new ArrayList<>();
            int partitionCount = random.nextInt(mostPartitions + 1);
            for (int number = 0; number < partitionCount; number++) {
                List<Integer> replicas = drawn(brokers, 1 + random.nextInt(Math.min(4, brokerCount)), random);
                Set<Integer> inSync = new HashSet<>(replicas);
                inSync.removeIf(broker -> random.nextInt(8) == 0);
                partitions.add(new PlacedPartition(
                        new TopicPartition("topic" + random.nextInt(3), number),
                        replicas,
                        inSync,
                        random.nextInt(4) == 0 ? 0 : random.nextInt(1_000)));
            }
            return new Drawn(brokers, partitions);
        }

        private static List<Integer> drawn(List<TargetBroker> brokers, int count, SeededRandom random) {
            List<Integer> left =
                    new ArrayList<>(brokers.stream().map(TargetBroker::id).toList());
            List<Integer> chosen = new ArrayList<>();
            while (chosen.size() < count) {
                Integer broker = left.get(random.nextInt(left.size()));
                left.removeIf(broker::equals);
                chosen.add(broker);
            }
            return chosen;
        }

        Map<Integer, String> racks() {
            return brokers.stream().collect(Collectors.toMap(TargetBroker::id, TargetBroker::rack));
        }
    }

    /** Pairs of replicas that share a rack; the fewer the better. */
    private static int pairs(List<Integer> replicas, Map<Integer, String> racks) {
        int pairs = 0;
        for (int i = 0; i < replicas.size(); i++)
            for (int j = 0; j < i; j++)
                if (Objects.equals(racks.get(replicas.get(i)), racks.get(replicas.get(j)))) pairs++;
        return pairs;
    }

    /** The fewest pairs of any choice of so many brokers that contains the ones that stay, by trying them all. */
    private static int fewestPairs(
            Set<Integer> stay, int count, List<TargetBroker> brokers, Map<Integer, String> racks) {
        int fewest = Integer.MAX_VALUE;
        for (int mask = 0; mask < 1 << brokers.size(); mask++) {
            if (Integer.bitCount(mask) != count) continue;
            List<Integer> chosen = new ArrayList<>();
            for (int i = 0; i < brokers.size(); i++)
                if ((mask >> i & 1) == 1) chosen.add(brokers.get(i).id());
            boolean isOpen = brokers.stream()
                    .allMatch(it -> it.takesReplicas() || stay.contains(it.id()) || !chosen.contains(it.id()));
            if (isOpen && chosen.containsAll(stay)) fewest = Math.min(fewest, pairs(chosen, racks));
        }
        return fewest;
    }

    private static int[] counts(List<PlacedPartition> partitions, List<TargetBroker> brokers) {
        return brokers.stream()
                .mapToInt(broker -> (int) partitions.stream()
                        .filter(it -> it.replicas().contains(broker.id()))
                        .count())
                .toArray();
    }

    private static int spread(int[] counts) {
        return IntStream.of(counts).max().orElse(0) - IntStream.of(counts).min().orElse(0);
    }

    @Test
    void aDrainedBrokerKeepsNothingAndNothingElseMoves() {
        Property.check(300, random -> {
            Drawn drawn = Drawn.from(random, 7, 20);
            int leaving =
                    drawn.brokers().get(random.nextInt(drawn.brokers().size())).id();
            List<TargetBroker> left = drawn.brokers().stream()
                    .filter(it -> it.id() != leaving)
                    .map(it -> new TargetBroker(it.id(), it.rack(), random.nextInt(5) > 0))
                    .toList();
            if (left.isEmpty() || drawn.partitions().stream().anyMatch(it -> !canLeave(it, leaving, left))) return;
            ReassignmentPlan plan = ReassignmentPlanner.plan(drawn.partitions(), goal(left, false));
            Map<Integer, String> racks = drawn.racks();
            int hadReplica = 0;
            for (PlacedPartition each : drawn.partitions()) if (each.replicas().contains(leaving)) hadReplica++;
            assertEquals(hadReplica, plan.changes().size(), "just those partitions change");
            for (Change change : plan.changes()) {
                assertEquals(Set.of(leaving), change.removing());
                assertEquals(1, change.adding().size());
                assertTrue(left.stream()
                        .anyMatch(it -> it.takesReplicas() && change.adding().contains(it.id())));
                assertEquals(change.before().replicas().size(), change.after().size(), "its factor is kept");
                Set<Integer> stay = new TreeSet<>(change.before().replicas());
                stay.remove(leaving);
                assertEquals(
                        fewestPairs(stay, change.after().size(), left, racks),
                        pairs(change.after(), racks),
                        "racks as spread as those that stay allow");
                if (change.before().replicas().getFirst() != leaving)
                    assertEquals(
                            change.before().replicas().getFirst(),
                            change.after().getFirst(),
                            "its leader stays");
            }
            noMoveOfANewReplicaIsBetter(plan, drawn, left, racks);
        });
    }

    private static boolean canLeave(PlacedPartition partition, int leaving, List<TargetBroker> left) {
        return !partition.replicas().contains(leaving)
                || left.stream()
                        .anyMatch(it ->
                                it.takesReplicas() && !partition.replicas().contains(it.id()));
    }

    private static void noMoveOfANewReplicaIsBetter(
            ReassignmentPlan plan, Drawn drawn, List<TargetBroker> allowed, Map<Integer, String> racks) {
        List<PlacedPartition> after = plan.after(drawn.partitions());
        Map<Integer, Integer> count = new HashMap<>();
        for (TargetBroker broker : allowed)
            count.put(broker.id(), (int) after.stream()
                    .filter(it -> it.replicas().contains(broker.id()))
                    .count());
        for (Change change : plan.changes())
            for (int from : change.adding())
                for (TargetBroker to : allowed) {
                    if (!to.takesReplicas() || change.after().contains(to.id())) continue;
                    List<Integer> moved = new ArrayList<>(change.after());
                    moved.set(moved.indexOf(from), to.id());
                    assertTrue(
                            pairs(moved, racks) > pairs(change.after(), racks)
                                    || count.getOrDefault(to.id(), 0) + 1 >= count.getOrDefault(from, 0),
                            () -> change + ": " + to + " would have been better than " + from);
                }
    }

    @Test
    void withoutRacksASpreadIsEvenAndMovesWhatIsAboveTheAverageOnly() {
        Property.check(300, random -> {
            Drawn drawn = Drawn.from(random, 7, 30);
            List<TargetBroker> brokers = drawn.brokers().stream()
                    .map(it -> new TargetBroker(it.id(), "", true))
                    .toList();
            ReassignmentPlan plan = ReassignmentPlanner.plan(drawn.partitions(), goal(brokers, true));
            int[] before = counts(drawn.partitions(), brokers);
            int[] after = counts(plan.after(drawn.partitions()), brokers);
            assertTrue(spread(after) <= 1, () -> "replicas " + Arrays.toString(after));
            assertEquals(fewestMoves(before), plan.replicasToMove(), "no replica more than needed");
        });
    }

    /** To be even, brokers with most give until all have the average, rounded up for as many as the remainder says. */
    private static int fewestMoves(int[] counts) {
        int total = IntStream.of(counts).sum();
        int[] descending =
                IntStream.of(counts).map(it -> -it).sorted().map(it -> -it).toArray();
        int moves = 0;
        for (int i = 0; i < descending.length; i++) {
            int share = total / descending.length + (i < total % descending.length ? 1 : 0);
            moves += Math.max(0, descending[i] - share);
        }
        return moves;
    }

    @Test
    void everyPartitionOfASpreadIsOnAsManyRacksAsItCanBeAndNoMoveEvensOutMore() {
        Property.check(200, random -> {
            Drawn drawn = Drawn.from(random, 7, 20);
            Map<Integer, String> racks = drawn.racks();
            ReassignmentPlan plan = ReassignmentPlanner.plan(drawn.partitions(), goal(drawn.brokers(), true));
            List<PlacedPartition> after = plan.after(drawn.partitions());
            for (PlacedPartition each : after)
                assertEquals(
                        fewestPairs(Set.of(), each.replicas().size(), drawn.brokers(), racks),
                        pairs(each.replicas(), racks));
            int[] counts = counts(after, drawn.brokers());
            for (int i = 0; i < counts.length; i++)
                for (int j = 0; j < counts.length; j++) {
                    if (counts[j] + 1 >= counts[i]) continue;
                    int from = drawn.brokers().get(i).id();
                    int to = drawn.brokers().get(j).id();
                    for (PlacedPartition each : after) {
                        if (!each.replicas().contains(from) || each.replicas().contains(to)) continue;
                        List<Integer> moved = new ArrayList<>(each.replicas());
                        moved.set(moved.indexOf(from), to);
                        assertTrue(pairs(moved, racks) > pairs(each.replicas(), racks), () -> each + " to " + to);
                    }
                }
            assertEquals(
                    List.of(),
                    ReassignmentPlanner.plan(after, goal(drawn.brokers(), true)).changes().stream()
                            .filter(change -> !change.adding().isEmpty())
                            .toList(),
                    "what is spread stays");
        });
    }

    @Test
    void leadersAreAsEvenAsAnyChoiceOfThemCanBe() {
        Property.check(200, random -> {
            Drawn drawn = Drawn.from(random, 4, 6);
            ReassignmentPlan plan = ReassignmentPlanner.plan(drawn.partitions(), goal(drawn.brokers(), true));
            List<PlacedPartition> after = plan.after(drawn.partitions());
            int[] led = new int[drawn.brokers().size() * 2];
            for (PlacedPartition each : after) led[each.replicas().getFirst()]++;
            assertEquals(fewestSquares(after, 0, new int[led.length]), squares(led));
        });
    }

    private static int squares(int[] led) {
        return IntStream.of(led).map(it -> it * it).sum();
    }

    private static int fewestSquares(List<PlacedPartition> partitions, int next, int[] led) {
        if (next == partitions.size()) return squares(led);
        int fewest = Integer.MAX_VALUE;
        for (int broker : partitions.get(next).replicas()) {
            led[broker]++;
            fewest = Math.min(fewest, fewestSquares(partitions, next + 1, led));
            led[broker]--;
        }
        return fewest;
    }

    @Test
    void anotherFactorIsReachedByEveryPartitionAndReplicasThatMayStayStay() {
        Property.check(300, random -> {
            Drawn drawn = Drawn.from(random, 7, 20);
            int factor = 1 + random.nextInt(drawn.brokers().size());
            ReassignmentPlan plan = ReassignmentPlanner.plan(
                    drawn.partitions(), new PlacementGoal(drawn.brokers(), OptionalInt.of(factor), false));
            for (PlacedPartition each : plan.after(drawn.partitions()))
                assertEquals(factor, each.replicas().size());
            for (Change change : plan.changes()) {
                int had = change.before().replicas().size();
                assertEquals(Math.max(0, factor - had), change.adding().size());
                assertEquals(Math.max(0, had - factor), change.removing().size());
                if (change.removing().stream().anyMatch(change.before().inSync()::contains))
                    assertTrue(
                            change.before().inSync().containsAll(change.after()),
                            () -> "a replica in sync goes before one that is not: " + change);
            }
        });
    }

    @Test
    void whatIsNewStandsInThePlaceOfWhatGoes() {
        var plan = ReassignmentPlanner.plan(
                List.of(partition("a", 0, 10, 1, 3, 2), partition("a", 1, 10, 3, 2, 1)), goal(brokers(1, 2, 4), false));
        assertEquals(
                List.of(List.of(1, 4, 2), List.of(2, 4, 1)),
                plan.changes().stream().map(Change::after).toList());
        assertEquals(20, plan.bytesToMove());
        assertEquals(Map.of(4, 20L), plan.bytesInto());
    }

    @Test
    void theLeadersOfADrainedBrokerAreDealtOut() {
        List<PlacedPartition> partitions = new ArrayList<>();
        for (int number = 0; number < 6; number++) partitions.add(partition("a", number, 10, 3, 1, 2));
        var plan = ReassignmentPlanner.plan(partitions, goal(brokers(1, 2, 4), false));
        Map<Integer, ReassignmentPlan.Load> loads = ReassignmentPlan.loads(plan.after(partitions));
        for (int broker : List.of(1, 2, 4))
            assertEquals(
                    2, loads.getOrDefault(broker, ReassignmentPlan.Load.NONE).leaders(), loads::toString);
    }

    @Test
    void largePartitionsAreNotPutOnOneBroker() {
        var plan = ReassignmentPlanner.plan(
                List.of(
                        partition("a", 0, 1_000, 3),
                        partition("a", 1, 1, 3),
                        partition("a", 2, 1_000, 3),
                        partition("a", 3, 1, 3)),
                goal(brokers(1, 2), false));
        assertEquals(Map.of(1, 1_001L, 2, 1_001L), plan.bytesInto());
    }

    @Test
    void moreReplicasThanBrokersAreRefused() {
        var refused = assertThrows(
                IllegalArgumentException.class,
                () -> ReassignmentPlanner.plan(List.of(partition("a", 0, 1, 1, 2, 3)), goal(brokers(1, 2), false)));
        assertEquals("a-0 is to have 3 replicas, and there are 2 brokers for them", refused.getMessage());
    }

    @Test
    void thousandsOfPartitionsArePlannedInSeconds() {
        SeededRandom random = new SeededRandom(7);
        List<TargetBroker> brokers = new ArrayList<>();
        for (int id = 0; id < 30; id++) brokers.add(new TargetBroker(id, "rack" + id % 3, true));
        List<PlacedPartition> partitions = new ArrayList<>();
        for (int number = 0; number < 5_000; number++)
            partitions.add(new PlacedPartition(
                    new TopicPartition("a", number),
                    Drawn.drawn(brokers.subList(0, 24), 3, random),
                    Set.of(),
                    random.nextInt(1_000_000)));
        var plan = ReassignmentPlanner.plan(partitions, goal(brokers, true));
        assertTrue(spread(counts(plan.after(partitions), brokers)) <= 1);
    }
}
