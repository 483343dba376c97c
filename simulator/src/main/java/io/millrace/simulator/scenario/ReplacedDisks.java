package io.millrace.simulator.scenario;

import io.millrace.simulator.Simulation;
import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.SimulatedDisk;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Disks that are replaced by empty ones, at once or in the end, as a bit of them flipped. */
final class ReplacedDisks {
    private static final long AGAIN_MS = 50;

    private final Simulation simulation;
    private final ClusterNodes nodes;
    private final Consumer<String> decisions;
    /** By node, what they draw from. */
    private final Map<Integer, SeededRandom> rotWhenDown = new TreeMap<>();

    private final Set<Integer> rotten = new TreeSet<>();

    /** @param decisions is told what was decided */
    ReplacedDisks(Simulation simulation, ClusterNodes nodes, Consumer<String> decisions) {
        this.simulation = simulation;
        this.nodes = nodes;
        this.decisions = decisions;
    }

    /** Replaces the disk of a node, which is killed for that, unless that could undo an election or lose metadata. */
    boolean replace(int id) {
        if (!nodes.quorumDisks().canSpare(id)) return false;
        nodes.replaceDisk(id);
        rotten.remove(id);
        return true;
    }

    /** A bit of a log is to flip when the node is down. */
    void rotsWhenDown(int id, SeededRandom draws) {
        rotWhenDown.put(id, draws);
    }

    /** Looks who is down. */
    void look() {
        rotWhenDown
                .entrySet()
                .removeIf(each ->
                        nodes.node(each.getKey()).machine().isDown() && hasRotted(each.getKey(), each.getValue()));
    }

    /** Turns over a bit of a partition's log, of which there are enough others; not of the metadata log, of which there may not be. */
    private boolean hasRotted(int id, SeededRandom draws) {
        SimulatedDisk disk = nodes.node(id).disk();
        List<Path> logs = disk.files().stream()
                .filter(file -> file.toString().endsWith(".log")
                        && !file.toString().contains(QuorumDisks.METADATA)
                        && disk.content(file).length > 0)
                .toList();
        if (logs.isEmpty()) return false;
        rotten.add(id);
        Path file = draws.pick(logs);
        int position = draws.nextInt(disk.content(file).length);
        int bit = draws.nextInt(Byte.SIZE);
        disk.rot(file, position, bit);
        decisions.accept("    bit " + bit + " of byte " + position + " of " + file + " of node " + id + " flips");
        return true;
    }

    /** Nothing rots from now on, and what did is replaced as soon as it can be. */
    void heal() {
        rotWhenDown.clear();
        for (int id : List.copyOf(rotten)) if (replace(id)) decisions.accept("the disk of node " + id + " is replaced");
        if (!areWell()) simulation.afterMs(AGAIN_MS, this::heal);
    }

    /** Whether nothing rots any more. */
    boolean areWell() {
        return rotten.isEmpty();
    }
}
