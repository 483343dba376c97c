package io.millrace.connection;

import java.nio.ByteBuffer;

/**
 * A buffer on loan from a {@link BufferPool}. Whoever holds it gives it back once, on the pool's lane, and touches neither
 * it nor any slice of it afterwards.
 */
public final class PooledBuffer {
    private final BufferPool pool;
    private final ByteBuffer bytes;
    private boolean onLoan;
    private boolean isExempt;

    PooledBuffer(BufferPool pool, ByteBuffer bytes) {
        this.pool = pool;
        this.bytes = bytes;
    }

    /**
     * The bytes; position and limit are the holder's to use.
     *
     * @throws IllegalStateException if it has been given back
     */
    public ByteBuffer bytes() {
        if (!onLoan)
            throw new IllegalStateException("a buffer of " + bytes.capacity() + " bytes is used after release");
        return bytes;
    }

    /** How much it holds, at least what was asked for. */
    public int capacityBytes() {
        return bytes.capacity();
    }

    /**
     * Gives it back.
     *
     * @throws IllegalStateException if it has been given back already
     */
    public void release() {
        if (!onLoan) throw new IllegalStateException("a buffer of " + bytes.capacity() + " bytes is released twice");
        onLoan = false;
        pool.takeBack(this);
    }

    void lend(boolean beyondBudget) {
        onLoan = true;
        isExempt = beyondBudget;
        bytes.clear();
    }

    /** Whether it was lent beyond the budget. */
    boolean isExempt() {
        return isExempt;
    }

    /** The bytes, for the pool, which looks at them when nobody has them. */
    ByteBuffer idleBytes() {
        return bytes;
    }
}
