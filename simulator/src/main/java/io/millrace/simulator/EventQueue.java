package io.millrace.simulator;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is to happen, by its time; of one moment what was added first. A heap in which each entry has four below it, its keys in arrays
 * of their own: it is asked several times for every event of a run.
 */
final class EventQueue {
    /** A time later than that of any event. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int CHILDREN = 4;
    private static final int FIRST_CAPACITY = 256;

    private long[] times = new long[FIRST_CAPACITY];
    private long[] numbers = new long[FIRST_CAPACITY];
    private @Nullable Runnable[] actions = new @Nullable Runnable[FIRST_CAPACITY];
    private int size;

    /** When the next event happens, or {@link #NEVER}. */
    long nextNanos() {
        return size == 0 ? NEVER : times[0];
    }

    /** The number that the next event was added with; there must be one. */
    long nextNumber() {
        if (size == 0) throw new IllegalStateException("nothing is left to happen");
        return numbers[0];
    }

    /** @param number larger than all before */
    void add(long atNanos, long number, Runnable action) {
        if (size == times.length) grow();
        int at = size++;
        while (at > 0) {
            int above = (at - 1) / CHILDREN;
            // Of two of the same time the one above is older.
            if (times[above] <= atNanos) break;
            move(above, at);
            at = above;
        }
        put(at, atNanos, number, action);
    }

    /** Takes the next event out; there must be one. */
    Runnable remove() {
        Runnable first = actions[0];
        if (size == 0 || first == null) throw new IllegalStateException("nothing is left to happen");
        int last = --size;
        long atNanos = times[last];
        long number = numbers[last];
        Runnable action = actions[last];
        actions[last] = null;
        if (last > 0) put(sink(atNanos, number), atNanos, number, action);
        return first;
    }

    /** Makes the hole at the top sink to where an entry belongs, and gives its place. */
    private int sink(long atNanos, long number) {
        int at = 0;
        while (true) {
            int child = CHILDREN * at + 1;
            if (child >= size) return at;
            int least = child;
            int end = Math.min(child + CHILDREN, size);
            for (int each = child + 1; each < end; each++)
                if (isBefore(times[each], numbers[each], times[least], numbers[least])) least = each;
            if (!isBefore(times[least], numbers[least], atNanos, number)) return at;
            move(least, at);
            at = least;
        }
    }

    private static boolean isBefore(long atNanos, long number, long otherNanos, long otherNumber) {
        return atNanos < otherNanos || (atNanos == otherNanos && number < otherNumber);
    }

    private void move(int from, int to) {
        put(to, times[from], numbers[from], actions[from]);
    }

    private void put(int at, long atNanos, long number, @Nullable Runnable action) {
        times[at] = atNanos;
        numbers[at] = number;
        actions[at] = action;
    }

    private void grow() {
        int capacity = 2 * size;
        times = Arrays.copyOf(times, capacity);
        numbers = Arrays.copyOf(numbers, capacity);
        actions = Arrays.copyOf(actions, capacity);
    }
}
