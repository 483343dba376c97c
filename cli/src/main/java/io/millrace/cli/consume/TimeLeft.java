package io.millrace.cli.consume;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;

/**
 * How long a read will take yet, by how fast it went in the last seconds: what a start costs, and what happened minutes ago, says
 * nothing of what is to come.
 */
final class TimeLeft {
    /** Over so many looks the speed is taken. */
    private static final int MOST_LOOKS = 10;

    private static final double NANOS_PER_SECOND = 1e9;

    /** When it was looked, and what was done by then. */
    private record Look(long nanos, long done) {}

    private final Deque<Look> looks = new ArrayDeque<>();

    /**
     * Takes in how far it is.
     *
     * @param nanos of a clock that only goes on
     * @param done of {@code all}, from 0; once it is more than 0 it has begun
     * @return seconds to go; empty if nothing can be said: nothing was done yet, or not in the last looks
     */
    OptionalDouble look(long nanos, long done, long all) {
        if (done <= 0) return OptionalDouble.empty();
        Look now = new Look(nanos, done);
        looks.addLast(now);
        if (looks.size() > MOST_LOOKS) looks.removeFirst();
        Look first = looks.getFirst();
        double seconds = (nanos - first.nanos()) / NANOS_PER_SECOND;
        long doneMeanwhile = done - first.done();
        if (done >= all) return OptionalDouble.of(0);
        if (seconds <= 0 || doneMeanwhile <= 0) return OptionalDouble.empty();
        return OptionalDouble.of((all - done) * seconds / doneMeanwhile);
    }
}
