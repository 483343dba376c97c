package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cluster whose nodes have a host and a disk each, to which something happens: one fault at a time, or a second one, of another node, while the first
 * stands. Takes root; skipped without.
 */
final class FaultedCluster implements AutoCloseable {
    /** What can happen. All but {@link #ALL_KILLED} happens to one node, the victim. */
    enum Fault {
        /** {@code kill -9}. */
        KILLED,
        /** An orderly stop. */
        STOPPED,
        /** SIGSTOP: its connections stay, and it is silent. */
        FROZEN,
        /** Nothing reaches it, and nothing that it sends reaches anybody. */
        CUT_OFF,
        /** So it is with the other nodes; clients still reach it. */
        CUT_OFF_FROM_NODES,
        /** What it sends reaches nobody. */
        MUTE,
        /** Nothing reaches it. */
        DEAF,
        /** It and one other node do not reach each other; both reach the rest. */
        LINK_CUT,
        /** What it sends to one other node does not get there. */
        LINK_CUT_ONE_WAY,
        /** It sends no more than 2 Mbit a second. */
        SLOW,
        /** Somebody else fills its disk. */
        DISK_FULL,
        /** Killed; its disk is replaced by an empty one, which is formatted. */
        DISK_LOST,
        /** All nodes are killed at once. */
        ALL_KILLED
    }

    /** A fault that is not over. */
    private record Standing(Fault fault, int victim) {
        /** Whether a node may not run because of it. One whose disk takes nothing ends if the metadata log is there. */
        boolean mayEnd(int id) {
            return switch (fault) {
                case ALL_KILLED -> true;
                case KILLED, STOPPED, DISK_LOST, DISK_FULL -> id == victim;
                case FROZEN, CUT_OFF, CUT_OFF_FROM_NODES, MUTE, DEAF, LINK_CUT, LINK_CUT_ONE_WAY, SLOW -> false;
            };
        }
    }

    private static final long DISK_BYTES = 400L << 20;
    private static final int SLOW_KILOBITS = 2_000;

    private final List<SmallFileSystem> disks = new ArrayList<>();
    private final NamespaceNetwork network;
    private final int size;
    private @Nullable ReplicatedCluster cluster;
    private final List<Standing> standing = new ArrayList<>();

    /**
     * Starts it.
     *
     * @param roles of node 1 and so on
     * @param replicas of each partition
     */
    FaultedCluster(List<String> roles, int replicas, String... settings) {
        size = roles.size();
        network = NamespaceNetwork.ofHosts(size);
        try {
            List<NodePlace> places = new ArrayList<>();
            for (int id = 1; id <= size; id++) {
                disks.add(SmallFileSystem.ofBytes(DISK_BYTES));
                places.add(NodePlace.in(network, id, disks.getLast().path().resolve("node-" + id)));
            }
            cluster = new ReplicatedCluster(roles, places, replicas, settings);
        } catch (AssertionError | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The nodes. */
    ReplicatedCluster nodes() {
        if (cluster == null) throw new AssertionError("it is closed");
        return cluster;
    }

    /**
     * It begins to happen, beside what happens already.
     *
     * @param victim to whom; not to two things at once, but that all are killed
     * @param other whom the victim does not reach, where it is between two
     */
    void begin(Fault fault, int victim, int other) {
        standing.add(new Standing(fault, victim));
        MillraceNode node = nodes().node(victim);
        switch (fault) {
            case KILLED -> node.kill();
            case STOPPED -> node.stop();
            case FROZEN -> node.freeze();
            case CUT_OFF -> {
                for (int id = 0; id <= size; id++) network.cutLink(victim, id);
            }
            case CUT_OFF_FROM_NODES -> {
                for (int id = 1; id <= size; id++) network.cutLink(victim, id);
            }
            case MUTE -> {
                for (int id = 0; id <= size; id++) network.cut(victim, id);
            }
            case DEAF -> {
                for (int id = 0; id <= size; id++) network.cut(id, victim);
            }
            case LINK_CUT -> network.cutLink(victim, other);
            case LINK_CUT_ONE_WAY -> network.cut(victim, other);
            case SLOW -> network.slow(victim, SLOW_KILOBITS);
            case DISK_FULL -> {
                try {
                    disk(victim).fillUp();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            case DISK_LOST -> {
                node.kill();
                node.loseDisk();
            }
            case ALL_KILLED ->
                nodes().nodes().stream().filter(MillraceNode::isRunning).forEach(MillraceNode::kill);
        }
    }

    /** All of it is over: nodes that did not run serve again. None may do so before all others are there, so they are begun first and waited for then. */
    void end() {
        if (standing.isEmpty()) throw new AssertionError("nothing happens");
        network.heal();
        for (Standing each : standing) {
            MillraceNode node = nodes().node(each.victim);
            switch (each.fault) {
                case FROZEN -> {
                    if (node.isRunning()) node.thaw();
                }
                case DISK_FULL -> {
                    try {
                        disk(each.victim).makeRoom();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
                case DISK_LOST -> node.formatAgain();
                case KILLED,
                        STOPPED,
                        CUT_OFF,
                        CUT_OFF_FROM_NODES,
                        MUTE,
                        DEAF,
                        LINK_CUT,
                        LINK_CUT_ONE_WAY,
                        SLOW,
                        ALL_KILLED -> {}
            }
        }
        List<MillraceNode> ended =
                nodes().nodes().stream().filter(node -> !node.isRunning()).toList();
        for (MillraceNode node : ended)
            if (standing.stream().noneMatch(each -> each.mayEnd(node.id())))
                throw new AssertionError("node " + node.id() + " has ended\n" + node.output());
        standing.clear();
        ended.forEach(MillraceNode::begin);
        ended.forEach(MillraceNode::awaitReady);
    }

    /** A node's disk. */
    SmallFileSystem disk(int id) {
        return disks.get(id - 1);
    }

    @Override
    public void close() {
        // A frozen process can be killed all the same.
        if (cluster != null) cluster.close();
        cluster = null;
        network.close();
        disks.forEach(SmallFileSystem::close);
        disks.clear();
    }
}
