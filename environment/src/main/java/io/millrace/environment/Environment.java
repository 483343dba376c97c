package io.millrace.environment;

import java.util.List;

/**
 * All that one node gets from outside.
 *
 * @param lanes the lanes that own connections and partitions, at least one; their number is fixed for the node's life
 * @param metadataLane the lane of raft, controller and image; in small environments it may be one of {@code lanes}
 */
public record Environment(
        Clock clock, Randomness randomness, Disk disk, Transport transport, List<Lane> lanes, Lane metadataLane) {
    /** Checks that there is a lane and fixes the list. */
    public Environment {
        lanes = List.copyOf(lanes);
        if (lanes.isEmpty()) throw new IllegalArgumentException("a node needs at least one lane");
    }
}
