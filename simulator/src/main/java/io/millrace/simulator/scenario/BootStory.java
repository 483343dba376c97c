package io.millrace.simulator.scenario;

import io.millrace.simulator.Simulation;
import io.millrace.testkit.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.List;

/**
 * A server's boot, and its orderly stop, with the power cut before every single change to the disk: the boot after that ends
 * as one that was not cut (R17). What is compared: the partitions there are, of which topics, and every byte of their batches.
 */
public final class BootStory {
    private final long seed;
    private final OneNodeStory story;
    private final SimulatedDisk past;

    /** A past that the seed decides, and that ends with the machine being down. */
    public BootStory(long seed) {
        this.seed = seed;
        story = OneNodeStory.onFailingDisks(seed);
        past = story.untilItIsDown();
    }

    private Reboot reboot(long number) {
        return new Reboot(new Simulation(seed + number), past, story);
    }

    /**
     * Tries every cut.
     *
     * @param everyNth of the changes only each of this number, from 1 for all
     * @return how many cuts were tried
     */
    public int run(int everyNth) {
        Reboot uncut = reboot(0);
        if (!uncut.boots()) throw new AssertionError("a boot that nobody cut has ended");
        long changes = uncut.disk().changeCount();
        List<String> expected = uncut.told();
        if (expected.stream().anyMatch(one -> one.contains("damaged: ")))
            throw new AssertionError("a crash has left damage: " + expected);
        int cuts = 0;
        long first = Long.remainderUnsigned(seed, everyNth);
        for (long change = first; change < changes; change += everyNth) {
            Reboot cut = reboot(1 + change);
            cut.cutBefore(change);
            if (!cut.boots()) {
                cuts++;
                cut.boots();
            }
            require(expected, cut.told(), "a boot cut before change " + change + " of " + changes);
        }
        for (long change = first; ; change += everyNth) {
            Reboot cut = reboot(1 + changes + change);
            cut.boots();
            long before = cut.disk().changeCount();
            cut.cutBefore(before + change);
            cut.stops();
            boolean wasCut = cut.disk().changeCount() == before + change;
            cut.boots();
            require(expected, cut.told(), "a stop cut before its change " + change);
            if (!wasCut) return cuts;
            cuts++;
        }
    }

    private static void require(List<String> expected, List<String> told, String what) {
        if (told.equals(expected)) return;
        List<String> missing = new ArrayList<>(expected);
        missing.removeAll(told);
        List<String> more = new ArrayList<>(told);
        more.removeAll(expected);
        throw new AssertionError("R17: " + what + " lacks " + missing + " and has " + more);
    }
}
