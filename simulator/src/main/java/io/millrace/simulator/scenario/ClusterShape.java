package io.millrace.simulator.scenario;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Which roles the nodes of a cluster have: so many are both, then so many only controllers, then so many only brokers. */
enum ClusterShape {
    /** Three nodes that are both. */
    THREE_COMBINED("3", 3, 0, 0),
    /** Three controllers, and three brokers. */
    THREE_AND_THREE("3+3", 0, 3, 3),
    /** One controller, and two brokers. */
    ONE_AND_TWO("1+2", 0, 1, 2),
    /** Three nodes that are both, and a broker. */
    THREE_COMBINED_AND_ONE("3+0+1", 3, 0, 1),
    /** A node that is both, two controllers, and two brokers. */
    ONE_OF_ALL("1+2+2", 1, 2, 2),
    /** Five nodes that are both. */
    FIVE_COMBINED("5", 5, 0, 0);

    private final String label;
    private final int combined;
    private final int controllers;
    private final int brokers;

    ClusterShape(String label, int combined, int controllers, int brokers) {
        this.label = label;
        this.combined = combined;
        this.controllers = controllers;
        this.brokers = brokers;
    }

    /** So many that are both, or controllers and brokers, or all three of them: {@code 3}, {@code 3+3}, {@code 1+2+2}. */
    String label() {
        return label;
    }

    /** The one of that label. */
    static Optional<ClusterShape> of(String label) {
        return Arrays.stream(values()).filter(each -> each.label.equals(label)).findFirst();
    }

    /** All labels. */
    static List<String> labels() {
        return Arrays.stream(values()).map(ClusterShape::label).toList();
    }

    /** How many nodes; they are numbered from 1. */
    int nodeCount() {
        return combined + controllers + brokers;
    }

    /** How many of them vote. */
    int voterCount() {
        return combined + controllers;
    }

    /** How many of them have partitions. */
    int brokerCount() {
        return combined + brokers;
    }

    boolean isController(int node) {
        return node <= combined + controllers;
    }

    boolean isBroker(int node) {
        return node <= combined || node > combined + controllers;
    }

    String roles(int node) {
        if (!isBroker(node)) return "controller";
        return isController(node) ? "broker,controller" : "broker";
    }
}
