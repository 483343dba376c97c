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
    private int count;
    private long first;
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

    void add(long number) {
        if (count == 0) first = number;
        long beyond = number - stepsTo(count);
        if (beyond != 0 || near != null || far != null) spread(beyond);
        count++;
    }

    private void spread(long beyond) {
        if (far == null && beyond == (int) beyond) {
            int[] known = near == null ? new int[Math.max(expectedCount, count + 1)] : near;
            if (count == known.length) known = Arrays.copyOf(known, more());
            known[count] = (int) beyond;
            near = known;
            return;
        }
        long[] known = far == null ? widened() : far;
        if (count == known.length) known = Arrays.copyOf(known, more());
        known[count] = beyond;
        far = known;
        near = null;
    }

    private long[] widened() {
        long[] wide = new long[Math.max(expectedCount, count + 1)];
        int[] narrow = near;
        if (narrow != null) for (int i = 0; i < count; i++) wide[i] = narrow[i];
        return wide;
    }

    private int more() {
        return count + (count >> 1) + 1;
    }

    /** The number at that place, from 0 to the one added last. */
    long get(int at) {
        int[] narrow = near;
        if (narrow != null) return stepsTo(at) + narrow[at];
        long[] wide = far;
        return wide == null ? stepsTo(at) : stepsTo(at) + wide[at];
    }

    private long stepsTo(int at) {
        return first + (long) step * at;
    }
}
