package io.millrace.coordinators.group;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of a shard, the earliest on top: a binary heap whose elements know their places, so that a heartbeat moves
 * its member's deadline in logarithmic time and nothing is ever left behind.
 */
final class Deadlines {
    private @Nullable Deadline[] heap = new @Nullable Deadline[64];
    private int size;
    private long nextSequence;

    /** Sets a deadline, or moves it. */
    void set(Deadline deadline, long atMs) {
        deadline.atMs = atMs;
        deadline.sequence = nextSequence++;
        if (!deadline.isSet()) {
            if (size == heap.length) heap = Arrays.copyOf(heap, size * 2);
            put(deadline, size++);
        }
        siftUp(deadline);
        siftDown(deadline);
    }

    /** Takes a deadline out, if it is set. */
    void clear(Deadline deadline) {
        if (!deadline.isSet()) return;
        int hole = deadline.heapIndex;
        deadline.heapIndex = Deadline.NOT_SET;
        Deadline last = at(--size);
        heap[size] = null;
        if (last == deadline) return;
        put(last, hole);
        siftUp(last);
        siftDown(last);
    }

    /** When the earliest is due; {@link Long#MAX_VALUE} if none is set. */
    long nextAtMs() {
        return size == 0 ? Long.MAX_VALUE : at(0).atMs;
    }

    /** Takes out the earliest, if its time has come. */
    @Nullable
    Deadline pollDue(long nowMs) {
        if (size == 0) return null;
        Deadline first = at(0);
        if (first.atMs > nowMs) return null;
        clear(first);
        return first;
    }

    private void siftUp(Deadline deadline) {
        while (deadline.heapIndex > 0) {
            Deadline parent = at((deadline.heapIndex - 1) / 2);
            if (!deadline.isBefore(parent)) return;
            swap(deadline, parent);
        }
    }

    private void siftDown(Deadline deadline) {
        while (true) {
            int left = 2 * deadline.heapIndex + 1;
            if (left >= size) return;
            Deadline child = at(left);
            if (left + 1 < size && at(left + 1).isBefore(child)) child = at(left + 1);
            if (!child.isBefore(deadline)) return;
            swap(deadline, child);
        }
    }

    private void swap(Deadline one, Deadline other) {
        int index = one.heapIndex;
        put(one, other.heapIndex);
        put(other, index);
    }

    private void put(Deadline deadline, int index) {
        heap[index] = deadline;
        deadline.heapIndex = index;
    }

    private Deadline at(int index) {
        Deadline deadline = heap[index];
        if (deadline == null) throw new IllegalStateException("no deadline at " + index + " of " + size);
        return deadline;
    }
}
