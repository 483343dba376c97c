package io.millrace.coordinators.group;

/** Where a classic group stands. */
enum ClassicGroupState {
    /** No members; perhaps offsets. */
    EMPTY("Empty"),
    /** Waits for members to join the next generation. */
    PREPARING_REBALANCE("PreparingRebalance"),
    /** All have joined; waits for the leader's assignment. */
    COMPLETING_REBALANCE("CompletingRebalance"),
    /** The generation has its assignment. */
    STABLE("Stable"),
    /** Not there; only ever told, never held. */
    DEAD("Dead");

    private final String label;

    ClassicGroupState(String label) {
        this.label = label;
    }

    /** As DescribeGroups and ListGroups say it. */
    String label() {
        return label;
    }
}
