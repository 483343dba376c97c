package io.millrace.client.consumer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of which each is usually a step more than the one before, and then takes no memory; four bytes each if some are
 * near that, eight if they are anywhere.
 */
final class NumberColumn {
    private final int step;
    private final int expectedCount;
    private long first;
    private boolean isSpread;
    /** How far each is beyond the steps from the first; null while all are 0, or if some are not near. */
    private int @Nullable [] near;
    /** The same, if some are not near. Wraps around, as the sums do. */
    private long @Nullable [] far;

    /**
     * No numbers.
     *
     * @param step from one to the next
     * @param expectedCount room is made for so many, once it is needed, and for more when they come; from 1
     */
    NumberColumn(int step, int expectedCount) {
        this.step = step;
        this.expectedCount = expectedCount;
    }

    /** Takes the next number in, whose place is behind those that were added. */
    void add(int at, long number) {
        if (at == 0) first = number;
        long beyond = number - stepsTo(at);
        if (beyond != 0 || isSpread) spread(at, beyond);
    }

    private void spread(int at, long beyond) {
        isSpread = true;
        if (far == null && beyond == (int) beyond) {
            int[] known = near == null ? new int[Math.max(expectedCount, at + 1)] : near;
            if (at == known.length) known = Arrays.copyOf(known, more(at));
            known[at] = (int) beyond;
            near = known;
            return;
        }
        long[] known = far == null ? widened(at) : far;
        if (at == known.length) known = Arrays.copyOf(known, more(at));
        known[at] = beyond;
        far = known;
        near = null;
    }

    private long[] widened(int count) {
        long[] wide = new long[Math.max(expectedCount, count + 1)];
        int[] narrow = near;
        if (narrow != null) for (int i = 0; i < count; i++) wide[i] = narrow[i];
        return wide;
    }

    private static int more(int count) {
        return count + (count >> 1) + 1;
    }

    /** The number at that place, from 0 to the one added last. */
    long get(int at) {
        return isSpread ? stepsTo(at) + spreadAt(at) : stepsTo(at);
    }

    private long spreadAt(int at) {
        int[] narrow = near;
        if (narrow != null) return narrow[at];
        long[] wide = far;
        return wide == null ? 0 : wide[at];
    }

    private long stepsTo(int at) {
        return first + (long) step * at;
    }
}
