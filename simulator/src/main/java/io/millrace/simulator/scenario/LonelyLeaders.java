package io.millrace.simulator.scenario;

import io.millrace.simulator.Simulation;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Sees to it that a leader of the quorum that hears nothing of a majority notices (M5). */
final class LonelyLeaders {
    private final Simulation simulation;
    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final LinkFaults links;
    private final long noticesMs;
    private final Map<Integer, Alone> alone = new TreeMap<>();

    /** A life of a node that hears nothing of a majority, since when, and how many links were mended before. */
    private record Alone(int life, long sinceMs, long mends) {}

    /** @param noticesMs within so many milliseconds it has to notice */
    LonelyLeaders(
            Simulation simulation, ClusterNodes nodes, MetadataHistory metadata, LinkFaults links, long noticesMs) {
        this.simulation = simulation;
        this.nodes = nodes;
        this.metadata = metadata;
        this.links = links;
        this.noticesMs = noticesMs;
    }

    void look() {
        for (int id = 1; id <= nodes.shape().voterCount(); id++) {
            SimulatedServer node = nodes.node(id);
            if (node.machine().isFrozen() || node.machine().isDown() || hears(id)) {
                alone.remove(id);
                continue;
            }
            Alone since = alone.get(id);
            if (since == null || since.life() != node.starts() || since.mends() != links.mends())
                alone.put(id, new Alone(node.starts(), simulation.nowMs(), links.mends()));
            else if (simulation.nowMs() - since.sinceMs() > noticesMs) metadata.hasNoMajority(id);
        }
    }

    private boolean hears(int id) {
        Set<Integer> silent = new TreeSet<>();
        for (int other = 1; other <= nodes.shape().voterCount(); other++) if (links.isCut(other, id)) silent.add(other);
        return silent.isEmpty() || nodes.quorumDisks().isMajority(id, each -> !silent.contains(each));
    }
}
