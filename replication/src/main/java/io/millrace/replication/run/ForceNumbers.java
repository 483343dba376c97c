package io.millrace.replication.run;

import java.util.List;

/**
 * What the forces of logs have cost, as copied at one moment.
 *
 * @param forces forces that have ended
 * @param totalNanos how long they took together, on their helpers
 * @param appends appends that they made safe
 * @param byAppends forces by how many appends each made safe: at most as many as {@link #BOUNDS} says at the same index, and
 *     more than at the one before; the last entry is of those with more
 * @param waiting logs that wait for their turn
 */
public record ForceNumbers(long forces, long totalNanos, long appends, List<Long> byAppends, int waiting) {
    /** Upper bounds of {@link #byAppends}, included. */
    public static final List<Integer> BOUNDS = List.of(0, 1, 3, 10, 30, 100, 300);

    public ForceNumbers {
        byAppends = List.copyOf(byAppends);
    }
}
