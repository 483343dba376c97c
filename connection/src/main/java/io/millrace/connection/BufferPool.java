package io.millrace.connection;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers of one lane, in classes of powers of two. Making a direct buffer costs a system call, zeroing and a visit
 * by the garbage collector, so idle ones are kept, the last used first, up to a bound.
 *
 * <p>Large buffers, those above {@link #SMALL_BYTES}, count against a budget: whoever is told no by {@link #tryLend} waits.
 * One borrower at a time may go beyond the budget, so that there is always one that gets on, even when several hold part
 * of what they need, or a frame is larger than the whole budget. Small buffers are always lent; their number is bounded by
 * the number of connections.
 */
public final class BufferPool {
    /** Buffers up to this size are lent without regard to the budget: what one connection may hold at any time. */
    public static final int SMALL_BYTES = 128 * 1024;

    /** The smallest buffer made. */
    private static final int MIN_CLASS = 12;

    private static final int MAX_CLASS = 30;

    /** The largest buffer there is. */
    public static final int MAX_BYTES = 1 << MAX_CLASS;

    private static final byte[] POISON = new byte[8 * 1024];

    static {
        Arrays.fill(POISON, (byte) 0xdb);
    }

    private final long maxIdleBytes;
    private final long largeBudgetBytes;
    private final boolean poisons;
    private final List<ArrayDeque<PooledBuffer>> idle = new ArrayList<>();
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private long idleBytes;
    private long lentBytes;
    private long lentLargeBytes;
    private @Nullable Object exempted;
    private int exemptBuffers;

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
     * Lends a buffer of at least this many bytes, cleared, its content undefined, whatever the budget.
     *
     * @param minBytes from 0 to 1 GiB
     */
    public PooledBuffer lend(int minBytes) {
        return lend(sizeClass(minBytes), false);
    }

    /**
     * Lends a buffer as {@link #lend} does, if the budget allows it or the borrower is the one that may exceed it.
     *
     * @param borrower who asks; it may have one buffer already that it will give back for this one
     * @return empty if the borrower has to wait, see {@link #whenLargeReturns}
     */
    public Optional<PooledBuffer> tryLend(int minBytes, Object borrower) {
        int sizeClass = sizeClass(minBytes);
        int sizeBytes = 1 << sizeClass;
        if (sizeBytes <= SMALL_BYTES || lentLargeBytes + sizeBytes <= largeBudgetBytes) {
            return Optional.of(lend(sizeClass, false));
        }
        if (exempted != null && !exempted.equals(borrower)) return Optional.empty();
        exempted = borrower;
        exemptBuffers++;
        return Optional.of(lend(sizeClass, true));
    }

    private PooledBuffer lend(int sizeClass, boolean isExempt) {
        int sizeBytes = 1 << sizeClass;
        PooledBuffer buffer = idle.get(sizeClass).pollLast();
        if (buffer == null) {
            buffer = new PooledBuffer(this, ByteBuffer.allocateDirect(sizeBytes));
        } else {
            idleBytes -= sizeBytes;
        }
        lentBytes += sizeBytes;
        if (sizeBytes > SMALL_BYTES) lentLargeBytes += sizeBytes;
        buffer.lend(isExempt);
        return buffer;
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
        if (buffer.isExempt() && --exemptBuffers == 0) exempted = null;
        if (sizeBytes > SMALL_BYTES) {
            lentLargeBytes -= sizeBytes;
            // A retry may wait again at once; only those who wait now have their turn.
            for (int i = waiting.size(); i > 0; i--) waiting.remove().run();
        }
    }

    private static void poison(ByteBuffer bytes) {
        bytes.clear();
        while (bytes.hasRemaining()) bytes.put(POISON, 0, Math.min(POISON.length, bytes.remaining()));
    }

    private static int sizeClass(int minBytes) {
        if (minBytes < 0 || minBytes > 1 << MAX_CLASS) {
            throw new IllegalArgumentException("no buffer of " + minBytes + " bytes; from 0 to " + (1 << MAX_CLASS));
        }
        return minBytes <= 1 << MIN_CLASS ? MIN_CLASS : 32 - Integer.numberOfLeadingZeros(minBytes - 1);
    }
}
