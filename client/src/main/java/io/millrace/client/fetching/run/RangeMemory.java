package io.millrace.client.fetching.run;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Memory of fetched ranges, used again once they have been read: the large ones, which the collector of the JVM has to treat one by
 * one, and which would be most of what a consumer allocates. On the lane only.
 */
final class RangeMemory {
    /** Smaller arrays cost less than looking for one. */
    static final int SMALLEST_BYTES = 64 << 10;

    /** Sizes are rounded up to these, so that ranges of about one size fit one another. */
    private static final int STEP_BYTES = 16 << 10;
    /** An array is used for what fills so much of it: one part less of that many. */
    private static final int PARTS = 4;

    private final long mostBytes;
    private final Deque<byte[]> idle = new ArrayDeque<>();
    private long idleBytes;

    /**
     * Nothing yet.
     *
     * @param mostBytes how much may lie idle
     */
    RangeMemory(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** A buffer from 0 to so many bytes, with anything in them. */
    ByteBuffer take(int bytes) {
        if (bytes < SMALLEST_BYTES || bytes > Integer.MAX_VALUE - STEP_BYTES) return ByteBuffer.allocate(bytes);
        for (Iterator<byte[]> each = idle.iterator(); each.hasNext(); ) {
            byte[] array = each.next();
            if (array.length < bytes || array.length - bytes > array.length / PARTS) continue;
            each.remove();
            idleBytes -= array.length;
            return ByteBuffer.wrap(array, 0, bytes);
        }
        return ByteBuffer.wrap(new byte[(bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES], 0, bytes);
    }

    /** Takes one back that {@link #take} gave, and that nobody reads any more. The oldest makes room. */
    void giveBack(ByteBuffer range) {
        byte[] array = range.array();
        if (range.arrayOffset() != 0) throw new IllegalArgumentException("a part of an array is given back");
        if (array.length < SMALLEST_BYTES || array.length > mostBytes) return;
        idle.addFirst(array);
        idleBytes += array.length;
        while (idleBytes > mostBytes) idleBytes -= idle.removeLast().length;
    }

    long idleBytes() {
        return idleBytes;
    }
}
