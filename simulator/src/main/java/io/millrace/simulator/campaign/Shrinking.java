package io.millrace.simulator.campaign;

import io.millrace.simulator.scenario.Reduction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes a story that fails small: leaves out faults, in ever smaller portions, then nodes, clients and what they do, over and over, and
 * keeps what still fails in the same way.
 */
final class Shrinking {
    private final Teller teller;
    private final String kind;
    private final Consumer<String> progress;
    private int triesLeft;
    private Reduction smallest;
    private Set<Integer> faults;
    private String nodes;

    /** Tells stories of one seed. */
    @FunctionalInterface
    interface Teller {
        Told tell(Reduction reduction);
    }

    /**
     * What came of one.
     *
     * @param failure null if it held
     * @param faults  numbers of those that happened
     * @param nodes   label of its nodes
     */
    record Told(@Nullable Failure failure, Set<Integer> faults, String nodes) {}

    /**
     * Begins with a story that fails.
     *
     * @param told      what came of it
     * @param mostTries how many stories may be told
     * @param progress  is told of each smaller one
     */
    Shrinking(Teller teller, Reduction from, Told told, Failure failure, int mostTries, Consumer<String> progress) {
        this.teller = teller;
        this.kind = failure.kind();
        this.smallest = from;
        this.faults = told.faults();
        this.nodes = told.nodes();
        this.triesLeft = mostTries;
        this.progress = progress;
    }

    /** The smallest that was found. */
    Reduction smallest() {
        Reduction before;
        do {
            before = smallest;
            shrinkFaults();
            for (String fewer : Reduction.smallerThan(nodes)) if (isKept(smallest.onNodes(fewer))) break;
            shrink(smallest.others(), 0, smallest::withOthers);
            shrink(smallest.turnovers(), 0, smallest::withTurnovers);
            shrink(smallest.producers(), 1, smallest::withProducers);
            shrink(smallest.partitions(), 1, smallest::withPartitions);
            shrink(smallest.sends(), 1, smallest::withSends);
        } while (!smallest.equals(before) && triesLeft > 0);
        return smallest;
    }

    /** Numbers of the faults that are left. */
    Set<Integer> faults() {
        return faults;
    }

    /** Halves, quarters and so on, down to single ones (Zeller's ddmin, without its complements: what is left out stays out). */
    private void shrinkFaults() {
        for (int portion = Math.max(1, faults.size() / 2); portion > 0 && !faults.isEmpty(); portion /= 2) {
            List<Integer> each = new ArrayList<>(faults).reversed(); // those at the end are least likely to be needed
            for (int from = 0; from < each.size(); from += portion) {
                Set<Integer> without = new TreeSet<>(smallest.withoutFaults());
                without.addAll(each.subList(from, Math.min(each.size(), from + portion)));
                isKept(smallest.without(without));
            }
        }
    }

    /** The least that does, or else smaller and smaller numbers. */
    private void shrink(int present, int least, IntFunction<Reduction> with) {
        if (present == least || isKept(with.apply(least))) return;
        for (int most = Math.min(present / 2, MOST_AT_FIRST); most > least; most /= 2)
            if (!isKept(with.apply(most))) return;
    }

    private static final int MOST_AT_FIRST = 64;

    private boolean isKept(Reduction candidate) {
        if (triesLeft == 0 || candidate.equals(smallest)) return false;
        triesLeft--;
        Told told = teller.tell(candidate);
        if (told.failure() == null || !told.failure().kind().equals(kind)) return false;
        smallest = candidate;
        faults = told.faults();
        nodes = told.nodes();
        progress.accept(faults.size() + " faults, nodes " + nodes + ": fails in the same way; " + candidate);
        return true;
    }
}
