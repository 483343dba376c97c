package io.millrace.connection;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers of one lane, in classes of powers of two. Making a direct buffer costs a system call, zeroing and a visit
 * by the garbage collector, so idle ones are kept, the last used first, up to a bound.
 *
 * <p>Large buffers, those above {@link #SMALL_BYTES}, count against a budget: whoever wants one asks {@link #mayLend}
 * first and otherwise waits. Small ones are always lent; their number is bounded by the number of connections.
 */
public final class BufferPool {
    /** Buffers up to this size are lent without regard to the budget: what one connection may hold at any time. */
    public static final int SMALL_BYTES = 128 * 1024;

    /** The smallest buffer made. */
    private static final int MIN_CLASS = 12;

    /** The largest: 1 GiB. */
    private static final int MAX_CLASS = 30;

    private static final byte POISON = (byte) 0xdb;

    private final long maxIdleBytes;
    private final long largeBudgetBytes;
    private final boolean poisons;
    private final List<ArrayDeque<PooledBuffer>> idle = new ArrayList<>();
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private long idleBytes;
    private long lentBytes;
    private long lentLargeBytes;

    /**
     * Makes a pool; no buffer is made yet.
     *
     * @param maxIdleBytes buffers kept for later use, in bytes
     * @param largeBudgetBytes large buffers lent at a time, in bytes
     */
    public BufferPool(long maxIdleBytes, long largeBudgetBytes) {
        this(maxIdleBytes, largeBudgetBytes, false);
    }

    private BufferPool(long maxIdleBytes, long largeBudgetBytes, boolean poisons) {
        this.maxIdleBytes = maxIdleBytes;
        this.largeBudgetBytes = largeBudgetBytes;
        this.poisons = poisons;
        for (int sizeClass = 0; sizeClass <= MAX_CLASS; sizeClass++) idle.add(new ArrayDeque<>(0));
    }

    /** A pool that overwrites what is given back, so that a test notices who still looks at it. */
    public static BufferPool poisoning(long maxIdleBytes, long largeBudgetBytes) {
        return new BufferPool(maxIdleBytes, largeBudgetBytes, true);
    }

    /**
     * Lends a buffer of at least this many bytes, cleared, its content undefined.
     *
     * @param minBytes from 0 to 1 GiB
     */
    public PooledBuffer lend(int minBytes) {
        int sizeClass = sizeClass(minBytes);
        int sizeBytes = 1 << sizeClass;
        @Nullable PooledBuffer buffer = idle.get(sizeClass).pollLast();
        if (buffer == null) {
            buffer = new PooledBuffer(this, ByteBuffer.allocateDirect(sizeBytes));
        } else {
            idleBytes -= sizeBytes;
        }
        lentBytes += sizeBytes;
        if (sizeBytes > SMALL_BYTES) lentLargeBytes += sizeBytes;
        buffer.lend();
        return buffer;
    }

    /**
     * Whether a buffer of this size is within the budget. One large buffer always is, so that a frame that is larger than
     * the whole budget, but allowed, gets through alone.
     */
    public boolean mayLend(int minBytes) {
        int sizeBytes = 1 << sizeClass(minBytes);
        return sizeBytes <= SMALL_BYTES || lentLargeBytes == 0 || lentLargeBytes + sizeBytes <= largeBudgetBytes;
    }

    /** Runs {@code retry} once, when a large buffer has come back; those who wait are served in order, all of them. */
    public void whenLargeReturns(Runnable retry) {
        waiting.add(retry);
    }

    /** Bytes of all buffers on loan. */
    public long lentBytes() {
        return lentBytes;
    }

    /** Bytes of all buffers kept for later. */
    public long idleBytes() {
        return idleBytes;
    }

    void takeBack(PooledBuffer buffer) {
        int sizeBytes = buffer.capacityBytes();
        if (poisons) poison(buffer.idleBytes());
        lentBytes -= sizeBytes;
        if (idleBytes + sizeBytes <= maxIdleBytes) {
            idle.get(sizeClass(sizeBytes)).addLast(buffer);
            idleBytes += sizeBytes;
        }
        if (sizeBytes > SMALL_BYTES) {
            lentLargeBytes -= sizeBytes;
            // A retry may wait again at once; only those who wait now have their turn.
            for (int i = waiting.size(); i > 0; i--) waiting.remove().run();
        }
    }

    private static void poison(ByteBuffer bytes) {
        for (int i = 0; i < bytes.capacity(); i++) bytes.put(i, POISON);
    }

    private static int sizeClass(int minBytes) {
        if (minBytes < 0 || minBytes > 1 << MAX_CLASS) {
            throw new IllegalArgumentException("no buffer of " + minBytes + " bytes; from 0 to " + (1 << MAX_CLASS));
        }
        return minBytes <= 1 << MIN_CLASS ? MIN_CLASS : 32 - Integer.numberOfLeadingZeros(minBytes - 1);
    }
}
