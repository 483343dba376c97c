package io.millrace.client.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who is the first replica of each partition, so that brokers lead as many as each other. A partition whose leader stays keeps it unless
 * all may change, and a broker that gets no new replicas is not named anew unless there is no other. Where no leader can be handed from one broker to the next, and on, so that a broker leads one less and another that
 * led at least two fewer leads one more, no choice of leaders is more even.
 */
final class LeaderSpread {
    private final Map<Integer, List<Draft>> ledBy = new TreeMap<>();
    private final Collection<Draft> drafts;
    private final Set<Integer> mayBeNamed = new TreeSet<>();
    private final boolean mayAllChange;

    LeaderSpread(Collection<Draft> drafts, PlacementGoal goal) {
        this.drafts = drafts;
        this.mayAllChange = goal.isSpread();
        for (TargetBroker broker : goal.brokers()) {
            ledBy.put(broker.id(), new ArrayList<>());
            if (broker.takesReplicas()) mayBeNamed.add(broker.id());
        }
    }

    void even() {
        List<Draft> without = new ArrayList<>();
        for (Draft draft : drafts) {
            if (draft.isOn(draft.first())) led(draft.first()).add(draft);
            else without.add(draft);
        }
        for (Draft draft : without) {
            int leader = draft.brokers().stream()
                    .min(Comparator.comparing((Integer it) -> !mayBeNamed.contains(it))
                            .thenComparingInt(it -> led(it).size())
                            .thenComparing(draft::isNewOn)
                            .thenComparing(Comparator.naturalOrder()))
                    .orElseThrow();
            draft.lead(leader);
            led(leader).add(draft);
        }
        while (handOne()) {}
    }

    private List<Draft> led(int broker) {
        List<Draft> led = ledBy.get(broker);
        if (led == null) throw new IllegalStateException("broker " + broker + " may have no replicas");
        return led;
    }

    private boolean handOne() {
        List<Integer> mostFirst = new ArrayList<>(ledBy.keySet());
        mostFirst.sort(Comparator.comparingInt((Integer it) -> led(it).size())
                .reversed()
                .thenComparing(Comparator.naturalOrder()));
        int fewest = led(mostFirst.getLast()).size();
        for (int broker : mostFirst) {
            if (led(broker).size() < fewest + 2) return false;
            if (handFrom(broker)) return true;
        }
        return false;
    }

    /** One step of the way that a leadership takes. */
    private record Step(Draft draft, int from) {}

    /** Breadth first, so that as few leaders as possible change. */
    private boolean handFrom(int broker) {
        Map<Integer, Step> reachedBy = new TreeMap<>();
        Deque<Integer> open = new ArrayDeque<>(List.of(broker));
        while (!open.isEmpty()) {
            int from = open.removeFirst();
            for (Draft draft : led(from)) {
                if (!mayChange(draft)) continue;
                for (int to : draft.brokers()) {
                    if (to == broker || !mayBeNamed.contains(to)) continue;
                    if (reachedBy.putIfAbsent(to, new Step(draft, from)) != null) continue;
                    if (led(to).size() + 2 <= led(broker).size()) {
                        hand(broker, to, reachedBy);
                        return true;
                    }
                    open.addLast(to);
                }
            }
        }
        return false;
    }

    private boolean mayChange(Draft draft) {
        return mayAllChange || !draft.isOn(draft.before.replicas().getFirst());
    }

    private void hand(int broker, int last, Map<Integer, Step> reachedBy) {
        int to = last;
        while (to != broker) {
            Step step = reachedBy.get(to);
            if (step == null) throw new IllegalStateException("nothing leads to broker " + to);
            led(step.from()).remove(step.draft());
            led(to).add(step.draft());
            step.draft().lead(to);
            to = step.from();
        }
    }
}
