package io.millrace.records;

/**
 * Where a log stands: the next offset to write, and the leader epoch of the last record before it.
 *
 * @param offset      at least 0
 * @param leaderEpoch at least 0
 */
public record OffsetAndEpoch(long offset, int leaderEpoch) implements Comparable<OffsetAndEpoch> {
    /**
     * Checks both.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public OffsetAndEpoch {
        if (offset < 0) throw new IllegalArgumentException("offset " + offset + " is negative");
        if (leaderEpoch < 0) throw new IllegalArgumentException("leader epoch " + leaderEpoch + " is negative");
    }

    /** By epoch first: of two logs, the one with the later epoch is ahead, however long the other is. */
    @Override
    public int compareTo(OffsetAndEpoch other) {
        int byEpoch = Integer.compare(leaderEpoch, other.leaderEpoch);
        return byEpoch != 0 ? byEpoch : Long.compare(offset, other.offset);
    }
}
