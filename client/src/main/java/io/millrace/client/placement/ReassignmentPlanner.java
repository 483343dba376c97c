package io.millrace.client.placement;

import io.millrace.client.placement.ReassignmentPlan.Change;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Plans with as few bytes moved as its goal allows. In this order: replicas where they may be stay; a partition gets its number of
 * replicas; they spread over racks as evenly as those that stay allow; brokers come to have as many replicas as each other, of a topic
 * too where that is open, then as many bytes; and as many first replicas, so that leaders are even as well.
 *
 * <p>With {@link PlacementGoal#isSpread} replicas that could stay move as well, one after the other, the smallest first: to a rack with
 * fewer of their partition's replicas, then from brokers with more replicas to those with at least two fewer.
 */
public final class ReassignmentPlanner {
    private final PlacementGoal goal;
    private final Map<Integer, Stand> stands = new TreeMap<>();

    /** A broker that may have replicas, and what it has so far. */
    private static final class Stand {
        private final TargetBroker broker;
        private final List<Draft> drafts = new ArrayList<>();
        private final Map<String, Integer> ofTopic = new TreeMap<>();
        private long bytes;

        Stand(TargetBroker broker) {
            this.broker = broker;
        }

        int id() {
            return broker.id();
        }

        int count() {
            return drafts.size();
        }

        int countOf(String topic) {
            return ofTopic.getOrDefault(topic, 0);
        }

        void add(Draft draft) {
            drafts.add(draft);
            ofTopic.merge(draft.topic(), 1, Integer::sum);
            bytes += draft.before.sizeBytes();
        }

        void remove(Draft draft) {
            drafts.remove(draft);
            ofTopic.merge(draft.topic(), -1, Integer::sum);
            bytes -= draft.before.sizeBytes();
        }
    }

    private ReassignmentPlanner(PlacementGoal goal) {
        this.goal = goal;
        for (TargetBroker broker : goal.brokers()) stands.put(broker.id(), new Stand(broker));
    }

    /**
     * The plan for these partitions; loads of others are not known to it.
     *
     * @throws IllegalArgumentException saying which partition has to have more replicas than there are brokers, or is named twice
     */
    public static ReassignmentPlan plan(List<PlacedPartition> partitions, PlacementGoal goal) {
        return new ReassignmentPlanner(goal).plan(partitions);
    }

    private ReassignmentPlan plan(List<PlacedPartition> partitions) {
        Map<TopicPartition, Draft> drafts = new TreeMap<>();
        for (PlacedPartition each : partitions) {
            int wanted = goal.replicationFactor().orElse(each.replicas().size());
            Draft draft = new Draft(each, wanted, stands.keySet());
            int able = (int) stands.values().stream()
                    .filter(it -> draft.isOn(it.id()) || it.broker.takesReplicas())
                    .count();
            if (wanted > able)
                throw new IllegalArgumentException(each.partition() + " is to have " + wanted
                        + " replicas, and there are " + able + " brokers for them");
            if (drafts.put(each.partition(), draft) != null)
                throw new IllegalArgumentException(each.partition() + " is named twice");
            for (int broker : draft.brokers()) stand(broker).add(draft);
        }
        // Large ones first, so that the small ones even out what those leave uneven.
        List<Draft> largestFirst = new ArrayList<>(drafts.values());
        largestFirst.sort(Comparator.comparingLong((Draft draft) -> draft.before.sizeBytes())
                .reversed()
                .thenComparing(draft -> draft.before.partition()));
        for (Draft draft : largestFirst) takeAway(draft);
        for (Draft draft : largestFirst) while (draft.isShort()) add(draft, bestFor(draft));
        if (goal.isSpread()) for (Draft draft : drafts.values()) mendRacks(draft);
        even();
        new LeaderSpread(drafts.values(), goal).even();
        List<Change> changes = new ArrayList<>();
        for (Draft draft : drafts.values())
            if (!draft.order().equals(draft.before.replicas())) changes.add(new Change(draft.before, draft.order()));
        return new ReassignmentPlan(changes);
    }

    private Stand stand(int broker) {
        Stand stand = stands.get(broker);
        if (stand == null) throw new IllegalStateException("broker " + broker + " may have no replicas");
        return stand;
    }

    private void add(Draft draft, Stand to) {
        draft.add(to.id());
        to.add(draft);
    }

    private void remove(Draft draft, Stand from) {
        draft.remove(from.id());
        from.remove(draft);
    }

    private void move(Draft draft, Stand from, Stand to) {
        remove(draft, from);
        add(draft, to);
    }

    /** Replicas that are too many: first those out of sync, then of the rack and the broker with most; the first replica if there is no other. */
    private void takeAway(Draft draft) {
        while (draft.hasTooMany()) {
            Stand goes = draft.brokers().stream()
                    .map(this::stand)
                    .max(Comparator.comparing(
                                    (Stand it) -> !draft.before.inSync().contains(it.id()))
                            .thenComparingInt(it -> inRack(draft, it))
                            .thenComparing(it -> !draft.isFirst(it.id()))
                            .thenComparingInt(Stand::count)
                            .thenComparingInt(Stand::id))
                    .orElseThrow();
            remove(draft, goes);
        }
    }

    /** The broker without a replica of the partition that it does most good to. */
    private Stand bestFor(Draft draft) {
        return stands.values().stream()
                .filter(it -> it.broker.takesReplicas() && !draft.isOn(it.id()))
                .min(Comparator.comparingInt((Stand it) -> inRack(draft, it))
                        .thenComparingInt(Stand::count)
                        .thenComparingInt(it -> it.countOf(draft.topic()))
                        .thenComparingLong(it -> it.bytes)
                        .thenComparingInt(Stand::id))
                .orElseThrow();
    }

    /** How many replicas of the partition are in that broker's rack. */
    private int inRack(Draft draft, Stand stand) {
        int count = 0;
        for (int broker : draft.brokers()) if (stand(broker).broker.rack().equals(stand.broker.rack())) count++;
        return count;
    }

    /** Whether a move keeps the partition at least as spread over racks as it is. */
    private boolean keepsRacks(Draft draft, Stand from, Stand to) {
        return from.broker.rack().equals(to.broker.rack()) || inRack(draft, to) < inRack(draft, from);
    }

    private void mendRacks(Draft draft) {
        while (true) {
            Stand from = draft.brokers().stream()
                    .map(this::stand)
                    .max(Comparator.comparingInt((Stand it) -> inRack(draft, it))
                            .thenComparing(it -> draft.isNewOn(it.id()))
                            .thenComparing(it -> !draft.isFirst(it.id()))
                            .thenComparingInt(Stand::count)
                            .thenComparingInt(Stand::id))
                    .orElseThrow();
            // Every broker of another rack may have one already: then there is none to go to.
            if (stands.values().stream().allMatch(it -> draft.isOn(it.id()) || !it.broker.takesReplicas())) return;
            Stand to = bestFor(draft);
            if (inRack(draft, to) + 1 >= inRack(draft, from)) return;
            move(draft, from, to);
        }
    }

    /** Moves replicas from brokers with many to brokers with fewer, until no move does any good. */
    private void even() {
        while (moveOne()) {}
    }

    private boolean moveOne() {
        List<Stand> fewestFirst = new ArrayList<>(stands.values());
        fewestFirst.sort(Comparator.comparingInt(Stand::count).thenComparingInt(Stand::id));
        for (int i = fewestFirst.size() - 1; i > 0; i--) {
            Stand from = fewestFirst.get(i);
            for (int j = 0; j < i && fewestFirst.get(j).count() + 1 < from.count(); j++) {
                Stand to = fewestFirst.get(j);
                if (!to.broker.takesReplicas()) continue;
                Draft draft = cheapest(from, to);
                if (draft == null) continue;
                move(draft, from, to);
                return true;
            }
        }
        return false;
    }

    /** The replica whose move costs least: one that is new costs nothing more, one that comes back to where it is saves bytes. */
    private @Nullable Draft cheapest(Stand from, Stand to) {
        Draft best = null;
        long bestCost = Long.MAX_VALUE;
        for (Draft draft : from.drafts) {
            if (draft.isOn(to.id()) || !keepsRacks(draft, from, to)) continue;
            boolean isNew = draft.isNewOn(from.id());
            if (!isNew && !goal.isSpread()) continue;
            long cost = (draft.isNewOn(to.id()) ? 1 + draft.before.sizeBytes() : 0)
                    - (isNew ? 1 + draft.before.sizeBytes() : 0);
            boolean isBetter = best == null
                    || cost < bestCost
                    || (cost == bestCost && draft.before.partition().compareTo(best.before.partition()) < 0);
            if (!isBetter) continue;
            best = draft;
            bestCost = cost;
        }
        return best;
    }
}
