package io.millrace.client.placement;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** One partition while a plan is made: which brokers are to have its replicas, and in the end which of them leads. */
final class Draft {
    final PlacedPartition before;
    private final int wanted;
    private final TreeSet<Integer> brokers = new TreeSet<>();
    private final Set<Integer> view = Collections.unmodifiableSet(brokers);
    private int first;

    /** Begins with the replicas that are where they may be. */
    Draft(PlacedPartition before, int wanted, Set<Integer> allowed) {
        this.before = before;
        this.wanted = wanted;
        this.first = before.replicas().getFirst();
        for (int broker : before.replicas()) if (allowed.contains(broker)) brokers.add(broker);
    }

    String topic() {
        return before.partition().topic();
    }

    /** Ascending; as they are at any time. */
    Set<Integer> brokers() {
        return view;
    }

    boolean isOn(int broker) {
        return brokers.contains(broker);
    }

    boolean isNewOn(int broker) {
        return !before.replicas().contains(broker);
    }

    boolean isShort() {
        return brokers.size() < wanted;
    }

    boolean hasTooMany() {
        return brokers.size() > wanted;
    }

    void add(int broker) {
        brokers.add(broker);
    }

    void remove(int broker) {
        brokers.remove(broker);
    }

    /** The broker that is to lead; one without a replica has lost it, and another is to be named. */
    int first() {
        return first;
    }

    boolean isFirst(int broker) {
        return first == broker;
    }

    void lead(int broker) {
        first = broker;
    }

    /** All of them: the leader, then those that stay in their order with the new ones in the places of those that go. */
    List<Integer> order() {
        List<Integer> coming = new ArrayList<>();
        for (int broker : brokers) if (isNewOn(broker)) coming.add(broker);
        List<Integer> order = new ArrayList<>();
        for (int broker : before.replicas()) {
            if (brokers.contains(broker)) order.add(broker);
            else if (!coming.isEmpty()) order.add(coming.removeFirst());
        }
        order.addAll(coming);
        order.remove(Integer.valueOf(first));
        order.addFirst(first);
        return order;
    }
}
