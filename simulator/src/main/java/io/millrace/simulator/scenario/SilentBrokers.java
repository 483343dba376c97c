package io.millrace.simulator.scenario;

import io.millrace.metadata.BrokerImage;
import io.millrace.simulator.Simulation;
import java.util.Map;
import java.util.TreeMap;

/** Sees to it that a broker whose process has ended is fenced within its session, while nothing keeps the controllers from doing so (M11). */
final class SilentBrokers {
    /** For the record to be written and read. */
    private static final long PATIENCE_MS = 2_000;
    /** Clocks run up to 5 % too slow. */
    private static final double DRIFT = 1.06;

    private final Simulation simulation;
    private final ClusterNodes nodes;
    private final MetadataHistory metadata;
    private final LinkFaults links;
    private final long mostMs;
    private final Map<Integer, Long> downSinceMs = new TreeMap<>();
    private long calmSinceMs;
    private int leadersKnown;

    SilentBrokers(
            Simulation simulation, ClusterNodes nodes, MetadataHistory metadata, LinkFaults links, long sessionMs) {
        this.simulation = simulation;
        this.nodes = nodes;
        this.metadata = metadata;
        this.links = links;
        this.mostMs = (long) (DRIFT * sessionMs) + PATIENCE_MS;
    }

    /** @param isQuiet whether nothing is being done to any node but that some are down */
    void look(boolean isQuiet) {
        long nowMs = simulation.nowMs();
        if (!isQuiet || !metadata.isLed() || !links.areWell() || !controllersServe() || isLedAnew())
            calmSinceMs = nowMs;
        for (int id = 1; id <= nodes.shape().nodeCount(); id++) {
            if (!nodes.node(id).machine().isDown()) downSinceMs.remove(id);
            else look(id, Math.max(calmSinceMs, downSinceMs.computeIfAbsent(id, _ -> nowMs)), nowMs);
        }
    }

    /** Whoever comes to lead the quorum gives every broker a session of its own. */
    private boolean isLedAnew() {
        int before = leadersKnown;
        leadersKnown = metadata.leaderCount();
        return leadersKnown != before;
    }

    private boolean controllersServe() {
        for (int id = 1; id <= nodes.shape().voterCount(); id++)
            if (!nodes.node(id).isServing() || nodes.node(id).machine().isFrozen()) return false;
        return true;
    }

    /** Word that a link held back may come after the end of whoever sent it, and have the broker counted as awake for one more session. */
    private void look(int id, long sinceMs, long nowMs) {
        BrokerImage broker = metadata.newest().cluster().broker(id);
        if (broker == null || broker.isFenced()) downSinceMs.put(id, nowMs);
        else if (nowMs - sinceMs > mostMs)
            throw MetadataHistory.broken("M11: the process of broker " + id + " has ended " + (nowMs - sinceMs)
                    + " ms ago, and the broker is not fenced");
    }
}
