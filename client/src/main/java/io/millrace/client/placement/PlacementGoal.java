package io.millrace.client.placement;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a plan is to come to.
 *
 * @param brokers where replicas may be, at least one, none twice; replicas elsewhere have to leave
 * @param replicationFactor how many replicas each partition is to have, at least 1; empty for as many as it has
 * @param isSpread whether replicas and leaders that could stay move too, to even out brokers and racks
 */
public record PlacementGoal(List<TargetBroker> brokers, OptionalInt replicationFactor, boolean isSpread) {
    /** Sorts the brokers by id and checks all. */
    public PlacementGoal {
        brokers = brokers.stream()
                .sorted(Comparator.comparingInt(TargetBroker::id))
                .toList();
        Set<Integer> ids = new HashSet<>();
        for (TargetBroker broker : brokers)
            if (!ids.add(broker.id())) throw new IllegalArgumentException("broker " + broker.id() + " is named twice");
        if (ids.isEmpty()) throw new IllegalArgumentException("there is no broker for replicas to be on");
        if (replicationFactor.isPresent() && replicationFactor.getAsInt() < 1)
            throw new IllegalArgumentException("a replication factor of " + replicationFactor.getAsInt());
    }
}
