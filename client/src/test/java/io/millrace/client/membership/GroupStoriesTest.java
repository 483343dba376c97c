package io.millrace.client.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.CooperativeStickyAssignor;
import io.millrace.client.assignor.RangeAssignor;
import io.millrace.client.assignor.RoundRobinAssignor;
import io.millrace.client.assignor.StickyAssignor;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GroupStoriesTest {
    private static final Assignor RANGE = new RangeAssignor();
    private static final Assignor ROUND_ROBIN = new RoundRobinAssignor();
    private static final Assignor STICKY = new StickyAssignor();
    private static final Assignor COOPERATIVE = new CooperativeStickyAssignor();
    private static final List<List<Assignor>> CHOICES = List.of(
            List.of(RANGE),
            List.of(ROUND_ROBIN),
            List.of(STICKY),
            List.of(COOPERATIVE),
            List.of(COOPERATIVE),
            List.of(RANGE, COOPERATIVE));

    /** Consumers come and go, with and without a word, connections break, the coordinator moves, applications stand still. */
    private static void story(SeededRandom random, ModelGroup group, List<Assignor> assignors, int steps) {
        int names = 0;
        for (int step = 0; step < steps; step++) {
            List<ModelGroup.Consumer> alive =
                    group.consumers.stream().filter(each -> !each.isGone).toList();
            int what = random.nextInt(4000);
            if (alive.isEmpty() || (what < 12 && alive.size() < 5)) {
                boolean isStatic = random.nextInt(3) == 0;
                group.add("c" + ++names, isStatic ? "i" + names : null, someTopics(random), assignors);
            } else if (what < 15) {
                ModelGroup.Consumer one = random.pick(alive);
                one.crash();
                if (one.instanceId != null && random.nextBoolean())
                    group.add("c" + ++names, one.instanceId, one.topics, assignors);
            } else if (what < 18) {
                random.pick(alive).close();
            } else if (what < 24) {
                random.pick(alive).cut();
            } else if (what < 27) {
                group.moveCoordinator();
            } else if (what < 31) {
                random.pick(alive).isStuck = true;
            } else if (what < 38) {
                alive.forEach(each -> each.isStuck = false);
            } else if (what < 40) {
                group.partitionCounts.merge(random.nextBoolean() ? "a" : "b", 1, Integer::sum);
                alive.forEach(each -> each.hasToLearn = true);
            } else if (what < 42) {
                random.pick(alive).subscribe(new TreeSet<>(someTopics(random)));
            } else {
                group.step();
            }
        }
        for (ModelGroup.Consumer each : group.consumers) {
            each.isStuck = false;
            each.hasToLearn = true;
        }
    }

    private static Set<String> someTopics(SeededRandom random) {
        return random.pick(
                List.of(Set.of("a"), Set.of("b"), Set.of("a", "b"), Set.of("a", "b"), Set.of("a", "no-such")));
    }

    @Test
    void noPartitionHasTwoReadersInOneGenerationAndAllAreReadInTheEnd() {
        Map<String, Integer> told = new HashMap<>();
        Property.check(120, random -> {
            ModelGroup group = new ModelGroup(random);
            group.partitionCounts.putAll(Map.of("a", 1 + random.nextInt(6), "b", 1 + random.nextInt(4)));
            story(random, group, random.pick(CHOICES), 4_000);
            group.settle();
            group.checkAllIsRead();
            for (ModelGroup.Consumer each : group.consumers)
                for (String what : each.told) told.merge(what.substring(0, what.indexOf(' ')), 1, Integer::sum);
        });
        // That the stories are about something.
        assertTrue(told.keySet().containsAll(Set.of("Revoke", "Lose", "Assign")), told::toString);
    }

    @Test
    void aGroupMovesFromRangeToCooperativeOneMemberAtATime() {
        Property.check(random -> {
            ModelGroup group = new ModelGroup(random);
            group.partitionCounts.put("a", 7);
            for (int i = 0; i < 3; i++) group.add("old" + i, null, Set.of("a"), List.of(RANGE));
            run(group, 2_000);
            for (List<Assignor> next : List.of(List.of(RANGE, COOPERATIVE), List.of(COOPERATIVE))) {
                for (int i = 0; i < 3; i++) {
                    group.consumers.stream()
                            .filter(each -> !each.isGone)
                            .findFirst()
                            .orElseThrow()
                            .close();
                    group.add("new" + next.size() + i, null, Set.of("a"), next);
                    run(group, random.nextInt(3_000));
                }
            }
            group.settle();
            group.checkAllIsRead();
        });
    }

    private static void run(ModelGroup group, int steps) {
        for (int i = 0; i < steps; i++) group.step();
    }

    @Test
    void aCooperativeMemberReadsOnWhileAnotherJoins() {
        Property.check(random -> {
            ModelGroup group = new ModelGroup(random);
            group.partitionCounts.put("a", 6);
            ModelGroup.Consumer first = group.add("first", null, Set.of("a"), List.of(COOPERATIVE));
            ModelGroup.Consumer second = group.add("second", null, Set.of("a"), List.of(COOPERATIVE));
            group.settle();
            List<String> before = new ArrayList<>(first.told);
            before.addAll(second.told);
            int revocationsBefore = first.revocations + second.revocations;
            ModelGroup.Consumer third = group.add("third", null, Set.of("a"), List.of(COOPERATIVE));
            group.settle();
            group.checkAllIsRead();
            assertEquals(2, third.held.size(), group.trace());
            assertEquals(2, first.revocations + second.revocations - revocationsBefore, group.trace());
            List<String> after = new ArrayList<>(first.told);
            after.addAll(second.told);
            long given = after.stream()
                            .filter(each -> each.startsWith("Revoke"))
                            .count()
                    - before.stream().filter(each -> each.startsWith("Revoke")).count();
            assertEquals(2, given, group.trace());
        });
    }

    @Test
    void aStaticMemberIsBackWithoutARebalance() {
        Property.check(random -> {
            ModelGroup group = new ModelGroup(random);
            group.partitionCounts.put("a", 6);
            List<Assignor> assignors = random.pick(CHOICES);
            ModelGroup.Consumer one = group.add("one", "i1", Set.of("a"), assignors);
            ModelGroup.Consumer two = group.add("two", "i2", Set.of("a"), assignors);
            group.settle();
            Set<TopicPartition> held = Set.copyOf(one.held);
            int generation = group.coordinator.generation();
            int othersTold = two.told.size();
            if (random.nextBoolean()) one.crash();
            else one.close();
            ModelGroup.Consumer back = group.add("back", "i1", Set.of("a"), assignors);
            while (back.held.isEmpty()) group.step();
            assertEquals(held, back.held, group.trace());
            assertEquals(generation, group.coordinator.generation(), group.trace());
            assertEquals(othersTold, two.told.size(), group.trace());
        });
    }

    @Test
    void oneThatClosesMakesRoomAtOnceAndOneThatCrashesWhenItsSessionIsOver() {
        Property.check(random -> {
            ModelGroup group = new ModelGroup(random);
            group.partitionCounts.put("a", 4);
            ModelGroup.Consumer one = group.add("one", null, Set.of("a"), List.of(RANGE));
            ModelGroup.Consumer two = group.add("two", null, Set.of("a"), List.of(RANGE));
            group.settle();
            boolean closes = random.nextBoolean();
            long sinceMs = group.nowMs;
            if (closes) one.close();
            else one.crash();
            while (two.held.size() < 4) group.step();
            long tookMs = group.nowMs - sinceMs;
            if (closes) assertTrue(tookMs <= 2 * ModelGroup.HEARTBEAT_MS + 1_000, tookMs + " ms\n" + group.trace());
            else
                assertTrue(tookMs >= ModelGroup.SESSION_MS - ModelGroup.HEARTBEAT_MS, tookMs + " ms\n" + group.trace());
        });
    }
}
