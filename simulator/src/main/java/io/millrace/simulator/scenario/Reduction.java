package io.millrace.simulator.scenario;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is left out of a {@link ClusterStory}, so that one that fails becomes small. Every fault has draws of its own, by its number, so that
 * those that stay befall the same nodes in the same way after the same pauses.
 *
 * @param withoutFaults numbers of faults that do not happen, from 1
 * @param nodes         label of a {@link ClusterShape} in place of the drawn one; null for that
 * @param partitions    as many at most
 * @param producers     as many at most
 * @param sends         as often at most does a producer send
 * @param turnovers     as many members at most come, go, crash
 * @param others        as many other clients at most: who commits, who makes topics
 */
public record Reduction(
        Set<Integer> withoutFaults,
        @Nullable String nodes,
        int partitions,
        int producers,
        int sends,
        int turnovers,
        int others) {
    /** In place of a number: as many as are drawn. */
    public static final int ALL = Integer.MAX_VALUE;

    /** The whole story. */
    public static final Reduction NOTHING = new Reduction(Set.of(), null, ALL, ALL, ALL, ALL, ALL);

    public Reduction {
        if (nodes != null && ClusterShape.of(nodes).isEmpty())
            throw new IllegalArgumentException("nodes " + nodes + " are none of " + ClusterShape.labels());
        if (partitions < 1 || producers < 1 || sends < 1)
            throw new IllegalArgumentException("a story has a partition, a producer and something to send at least");
        withoutFaults = Collections.unmodifiableSet(new TreeSet<>(withoutFaults));
    }

    /** Without these faults. */
    public Reduction without(Set<Integer> faults) {
        return new Reduction(faults, nodes, partitions, producers, sends, turnovers, others);
    }

    /** On these nodes. */
    public Reduction onNodes(String label) {
        return new Reduction(withoutFaults, label, partitions, producers, sends, turnovers, others);
    }

    /** With so many partitions at most. */
    public Reduction withPartitions(int most) {
        return new Reduction(withoutFaults, nodes, most, producers, sends, turnovers, others);
    }

    /** With so many producers at most. */
    public Reduction withProducers(int most) {
        return new Reduction(withoutFaults, nodes, partitions, most, sends, turnovers, others);
    }

    /** With so many sends at most. */
    public Reduction withSends(int most) {
        return new Reduction(withoutFaults, nodes, partitions, producers, most, turnovers, others);
    }

    /** With so many turnovers at most. */
    public Reduction withTurnovers(int most) {
        return new Reduction(withoutFaults, nodes, partitions, producers, sends, most, others);
    }

    /** With so many other clients at most. */
    public Reduction withOthers(int most) {
        return new Reduction(withoutFaults, nodes, partitions, producers, sends, turnovers, most);
    }

    /** Labels of clusters with fewer nodes than the one of that label, the smallest first. */
    public static List<String> smallerThan(String label) {
        int count = ClusterShape.of(label).orElseThrow().nodeCount();
        return ClusterShape.labels().stream()
                .filter(each -> ClusterShape.of(each).orElseThrow().nodeCount() < count)
                .sorted((one, other) -> Integer.compare(
                        ClusterShape.of(one).orElseThrow().nodeCount(),
                        ClusterShape.of(other).orElseThrow().nodeCount()))
                .toList();
    }

    /** As options of {@code millrace simulate}; empty for the whole story. */
    @Override
    public String toString() {
        List<String> options = new ArrayList<>();
        if (!withoutFaults.isEmpty())
            options.add(
                    "--without " + withoutFaults.stream().map(String::valueOf).collect(Collectors.joining(",")));
        if (nodes != null) options.add("--nodes " + nodes);
        add(options, "--partitions", partitions);
        add(options, "--producers", producers);
        add(options, "--sends", sends);
        add(options, "--turnovers", turnovers);
        add(options, "--others", others);
        return String.join(" ", options);
    }

    private static void add(List<String> options, String name, int most) {
        if (most != ALL) options.add(name + " " + most);
    }
}
