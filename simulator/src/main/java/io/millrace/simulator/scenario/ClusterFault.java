package io.millrace.simulator.scenario;

/** What can befall a cluster. A story turns some of them on. */
public enum ClusterFault {
    /** {@code kill -9} of a node. */
    KILL(Needs.NOTHING),
    /** {@code kill -9} before one of a node's next changes to its disk: in the midst of an append, a roll, a checkpoint, a snapshot. */
    KILL_BETWEEN_CHANGES(Needs.NOTHING),
    /** {@code kill -9} of the active controller. */
    KILL_CONTROLLER(Needs.NOTHING),
    /** {@code kill -9} of all nodes at once. */
    KILL_ALL(Needs.NOTHING),
    /** A node is killed whenever it has been started again, some times. */
    RESTART_STORM(Needs.NOTHING),
    /** The power of a node goes; of what was not forced any part may be lost, sectors and names torn. */
    POWER_CUT(Needs.FORCED_ACKS),
    /** The power of a node goes before one of its next changes to its disk. */
    POWER_CUT_BETWEEN_CHANGES(Needs.FORCED_ACKS),
    /** The power of all nodes goes at once. */
    POWER_CUT_ALL(Needs.FORCED_ACKS),
    /** An orderly stop of a node. */
    STOP(Needs.NOTHING),
    /** Orderly stops of all nodes, one after another, each when the one before serves again. */
    ROLLING_RESTART(Needs.NOTHING),
    /** A node stands still for longer than its session, perhaps, and goes on. */
    FREEZE(Needs.NOTHING),
    /** The active controller stands still. */
    FREEZE_CONTROLLER(Needs.NOTHING),
    /** A node and all others, clients perhaps too, do not reach each other. */
    CUT_OFF(Needs.NOTHING),
    /** The active controller and all other nodes do not reach each other. */
    CUT_OFF_CONTROLLER(Needs.NOTHING),
    /** A node does not reach the others, which reach it, or the other way round. */
    CUT_ONE_WAY(Needs.NOTHING),
    /** Two nodes do not reach each other, but all others. */
    CUT_PAIR(Needs.NOTHING),
    /** The nodes fall into two halves that reach each other by one node only. */
    BRIDGE(Needs.NOTHING),
    /** One node after another is cut off, and they come back in another order. */
    SWIZZLE(Needs.NOTHING),
    /** Clients do not reach a node, which is well. */
    CUT_FROM_CLIENTS(Needs.NOTHING),
    /** All that a node sends or is sent takes longer, on each connection differently: what went by two overtakes each other. */
    DELAY(Needs.NOTHING),
    /** The links of a node carry a few bytes a millisecond. */
    NARROW(Needs.NOTHING),
    /** All connections of a node are reset, in the midst of whatever they carry. */
    RESET(Needs.NOTHING),
    /** Nothing comes through the connections of a node any more, and nobody is told: they are half open. */
    SILENCE(Needs.NOTHING),
    /** A broker has another address from its next start on. */
    NEW_ADDRESS(Needs.NOTHING),
    /** Somebody wants a partition's replicas on other brokers, or takes that back. */
    REASSIGN(Needs.NOTHING),
    /** Somebody wants every partition led by its preferred leader. */
    ELECT_PREFERRED(Needs.NOTHING),
    /** Somebody sets the wall clock of a node, back or forth. */
    WALL_CLOCK(Needs.NOTHING),
    /** The clocks of a node run up to 5 % too fast or too slow from its next start on. */
    DRIFT(Needs.NOTHING),
    /** Operations of a node's disk take up to 8 s. */
    SLOW_DISK(Needs.NOTHING),
    /** Forces fail, and their pages count as clean. */
    FORCE_FAILS(Needs.FORCED_ACKS),
    /** Writes fail and change nothing. */
    WRITE_FAILS(Needs.NOTHING),
    /** Writes fail and leave a part of their bytes. */
    WRITE_IS_CUT(Needs.NOTHING),
    /** Reads fail. */
    READ_FAILS(Needs.NOTHING),
    /** Names cannot be made, changed or forced. */
    NAMES_FAIL(Needs.NOTHING),
    /** There is no space for some writes. */
    NO_SPACE(Needs.NOTHING),
    /** The disk of a node is replaced by an empty one, which is formatted for the cluster. */
    WIPED_DISK(Needs.ONE_MAY_LOSE),
    /** A bit of a partition's log flips while its node is down; in the end that node's disk is replaced. */
    ROT(Needs.ONE_MAY_LOSE),
    /** A controller is taken in among the voters of the metadata quorum, where the log says who they are (KIP-853). */
    ADD_VOTER(Needs.NOTHING),
    /** A controller is to vote no more. */
    REMOVE_VOTER(Needs.NOTHING),
    /** Somebody asks for a change of the metadata that is larger than a batch of its log may be. */
    TOO_LARGE_A_CHANGE(Needs.NOTHING);

    private enum Needs {
        NOTHING,
        FORCED_ACKS,
        ONE_MAY_LOSE
    }

    private final Needs needs;

    ClusterFault(Needs needs) {
        this.needs = needs;
    }

    /**
     * Whether it may happen: what was acknowledged without having been forced may be lost with the power. One broker may lose what it has where
     * all that is acknowledged is on two in-sync replicas; but whoever stops otherwise than in order counts as if it had lost
     * something, too (KIP-966), so that no other may then.
     *
     * @param oneMayLose whether there is such a broker
     */
    boolean isLegal(boolean acksWaitForDisk, boolean oneMayLose) {
        if (hitsWhoMayLose()) return oneMayLose || (needs == Needs.FORCED_ACKS && acksWaitForDisk);
        if (oneMayLose && stopsUncleanly()) return false;
        return needs == Needs.NOTHING || acksWaitForDisk;
    }

    /** Whether what the node has may be lost. */
    boolean hitsWhoMayLose() {
        return this == POWER_CUT || this == POWER_CUT_BETWEEN_CHANGES || needs == Needs.ONE_MAY_LOSE;
    }

    private boolean stopsUncleanly() {
        return switch (this) {
            case KILL,
                    KILL_BETWEEN_CHANGES,
                    KILL_CONTROLLER,
                    KILL_ALL,
                    RESTART_STORM,
                    POWER_CUT,
                    POWER_CUT_BETWEEN_CHANGES,
                    POWER_CUT_ALL,
                    NEW_ADDRESS,
                    FORCE_FAILS,
                    WRITE_FAILS,
                    WRITE_IS_CUT,
                    READ_FAILS,
                    NAMES_FAIL,
                    NO_SPACE -> true;
            default -> false;
        };
    }
}
