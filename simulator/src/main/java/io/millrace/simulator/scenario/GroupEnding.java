package io.millrace.simulator.scenario;

import io.millrace.environment.Lane;
import io.millrace.simulator.Simulation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * When all is well: producers come to an end, each partition is read whole and held against what is known of it, a reader without a
 * group and the group get to the end of everything, which is committed then, the group comes to rest, and its members leave.
 */
final class GroupEnding {
    private static final long MOST_HEALING_MS = 300_000;
    private static final long REST_SESSIONS = 3;

    private final Simulation simulation;
    private final GroupPlan plan;
    private final GroupHistory history;
    private final Map<Integer, PartitionHistory> histories;
    private final Map<Integer, PartitionReader> readers;
    private final Lane lane;

    /** @param lane on which the readers run, which have not begun */
    GroupEnding(
            Simulation simulation,
            GroupPlan plan,
            GroupHistory history,
            Map<Integer, PartitionHistory> histories,
            Map<Integer, PartitionReader> readers,
            Lane lane) {
        this.simulation = simulation;
        this.plan = plan;
        this.history = history;
        this.histories = histories;
        this.readers = readers;
        this.lane = lane;
    }

    /**
     * Tells it.
     *
     * @throws AssertionError if a promise is broken, or somebody does not get there in {@value #MOST_HEALING_MS} ms
     */
    void tell(Collection<? extends Actor> writers, Turnover members, AssignedReader assigned) {
        until("the producers come to no end", () -> writers.stream().allMatch(Actor::isDone));
        for (PartitionReader each : readers.values()) lane.execute(each::begin);
        readers.values().forEach(PartitionReader::readTheWhole);
        until("the topic cannot be read whole", () -> readers.values().stream().allMatch(Actor::isDone));
        histories.forEach((partition, its) -> its.check(whole(partition)));
        Map<Integer, Long> ends = new TreeMap<>();
        histories.keySet().forEach(each -> ends.put(each, (long) whole(each).size()));
        assigned.readTo(ends);
        until("the reader without a group gets to no end", assigned::isDone);
        until(
                "the group does not get to the end",
                () -> ends.entrySet().stream().allMatch(this::isReadAndCommitted));
        rest(members);
        List<GroupConsumer> last = members.end();
        until("members cannot leave", () -> last.stream().allMatch(GroupConsumer::isClosed));
    }

    private boolean isReadAndCommitted(Map.Entry<Integer, Long> end) {
        return history.isReadBelow(end.getKey(), end.getValue())
                && history.isLastCommitted(end.getKey(), end.getValue());
    }

    /** The group comes to rest, all partitions being read, and stays so (G5). */
    private void rest(Turnover members) {
        until("the group comes not to rest", () -> isWhole(members.members()));
        simulation.runFor(REST_SESSIONS * Math.max(plan.sessionMs(), plan.maxPollMs()));
        until("the group comes not to rest again", () -> isWhole(members.members()));
        List<Integer> before = generations(members);
        simulation.runFor(REST_SESSIONS * plan.sessionMs());
        if (!generations(members).equals(before) || !isWhole(members.members()))
            throw history.broken("it rebalances though all is well: " + before + ", " + members.members());
    }

    private static List<Integer> generations(Turnover members) {
        return members.members().stream().map(GroupConsumer::generation).toList();
    }

    private boolean isWhole(List<GroupConsumer> members) {
        List<Integer> all = new ArrayList<>();
        for (GroupConsumer each : members) all.addAll(each.held());
        return all.stream().sorted().toList().equals(List.copyOf(histories.keySet()))
                && members.stream()
                                .mapToInt(GroupConsumer::generation)
                                .distinct()
                                .count()
                        == 1;
    }

    private void until(String otherwise, BooleanSupplier condition) {
        try {
            simulation.runUntil(condition, MOST_HEALING_MS);
        } catch (Simulation.Stuck stuck) {
            throw new Simulation.Stuck(otherwise + ": " + stuck.getMessage());
        }
    }

    private List<String> whole(int partition) {
        PartitionReader reader = readers.get(partition);
        if (reader == null) throw new IllegalStateException("nobody reads partition " + partition);
        return reader.whole();
    }
}
