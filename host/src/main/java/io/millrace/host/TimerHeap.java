package io.millrace.host;

import io.millrace.environment.Lane;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one lane, the earliest on top: a binary heap in which each timer knows its place, so that cancelling
 * costs O(log n) and leaves nothing behind. Timers due at the same moment run in the order they were set.
 */
final class TimerHeap {
    private static final int INITIAL_CAPACITY = 16;
    private static final int NOT_IN_HEAP = -1;

    /** One timer; it leaves the heap when it runs or is cancelled. */
    final class Entry implements Lane.Timer {
        private final long dueNanos;
        private final long sequence;
        private final Runnable task;
        private int place = NOT_IN_HEAP;

        private Entry(long dueNanos, long sequence, Runnable task) {
            this.dueNanos = dueNanos;
            this.sequence = sequence;
            this.task = task;
        }

        @Override
        public void cancel() {
            if (place != NOT_IN_HEAP) removeAt(place);
        }
    }

    private @Nullable Entry[] heap = new @Nullable Entry[INITIAL_CAPACITY];
    private int timerCount;
    private long nextSequence;

    /** Adds a timer that is due once the clock shows {@code dueNanos}. */
    Entry add(long dueNanos, Runnable task) {
        Entry entry = new Entry(dueNanos, nextSequence++, task);
        if (timerCount == heap.length) heap = Arrays.copyOf(heap, timerCount * 2);
        timerCount++;
        siftUp(timerCount - 1, entry);
        return entry;
    }

    /** How many timers wait. */
    int size() {
        return timerCount;
    }

    /** Nanoseconds until the earliest timer is due, 0 if it is already; {@link Long#MAX_VALUE} if there is none. */
    long nanosUntilNext(long nowNanos) {
        if (timerCount == 0) return Long.MAX_VALUE;
        return Math.max(0, at(0).dueNanos - nowNanos);
    }

    /** Takes the earliest timer's task out if it is due. */
    @Nullable
    Runnable pollDue(long nowNanos) {
        if (timerCount == 0) return null;
        Entry earliest = at(0);
        if (earliest.dueNanos - nowNanos > 0) return null;
        removeAt(0);
        return earliest.task;
    }

    private void removeAt(int place) {
        Entry removed = at(place);
        removed.place = NOT_IN_HEAP;
        timerCount--;
        Entry last = at(timerCount);
        heap[timerCount] = null;
        if (last == removed) return;
        siftDown(place, last);
        if (last.place == place) siftUp(place, last);
    }

    private void siftUp(int from, Entry entry) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) >>> 1;
            Entry above = at(parent);
            if (!isEarlier(entry, above)) break;
            put(place, above);
            place = parent;
        }
        put(place, entry);
    }

    private void siftDown(int from, Entry entry) {
        int place = from;
        while (true) {
            int child = 2 * place + 1;
            if (child >= timerCount) break;
            if (child + 1 < timerCount && isEarlier(at(child + 1), at(child))) child++;
            if (!isEarlier(at(child), entry)) break;
            put(place, at(child));
            place = child;
        }
        put(place, entry);
    }

    private void put(int place, Entry entry) {
        heap[place] = entry;
        entry.place = place;
    }

    private Entry at(int place) {
        Entry entry = heap[place];
        if (entry == null) throw new IllegalStateException("no timer at " + place + " of " + timerCount);
        return entry;
    }

    private static boolean isEarlier(Entry a, Entry b) {
        long difference = a.dueNanos - b.dueNanos;
        return difference != 0 ? difference < 0 : a.sequence < b.sequence;
    }
}
