package io.millrace.client.fetching.run;

import io.millrace.connection.BufferPool;
import io.millrace.connection.PooledBuffer;
import java.nio.ByteBuffer;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The memory of what was fetched and is not read yet. Ranges of a large answer stay where they came; its buffer goes back to the pool
 * with the last of them. As one range that is read slowly holds all of it up, only so much is held in that way, and ranges are copied
 * into buffers of their own beyond it. A small answer's ranges are copied into one. On the lane only.
 *
 * <p>All of it is direct memory: readers that see two kinds of buffers are compiled again and again, and slower.
 */
final class HeldAnswers {
    /** An answer stays where it came if its records are so much of its buffer: one part of that many. */
    private static final int PARTS = 4;

    /** A buffer, and how many ranges are in it. */
    private static final class Held {
        final PooledBuffer buffer;
        int ranges;

        Held(PooledBuffer buffer) {
            this.buffer = buffer;
        }
    }

    private final BufferPool pool;
    private final long mostBytes;
    /** By the ranges' views themselves: equal bytes may be different ranges. */
    private final IdentityHashMap<ByteBuffer, Held> byRange = new IdentityHashMap<>();

    private long heldBytes;

    /** What the answer lies in that is being taken in, if it does not stay. */
    private @Nullable PooledBuffer passing;
    /** What all ranges of that answer are in; null if each is in a buffer of its own. */
    private @Nullable Held shared;

    private boolean isInPlace;

    /**
     * None yet.
     *
     * @param mostBytes how large buffers may be together for another answer to stay where it came
     */
    HeldAnswers(BufferPool pool, long mostBytes) {
        this.pool = pool;
        this.mostBytes = mostBytes;
    }

    /** How large the buffers are together that are held. */
    long heldBytes() {
        return heldBytes;
    }

    /**
     * An answer came; until {@link #end} its bytes are there in any case.
     *
     * @param buffer what it lies in; null if that is not to be had, and its records are few
     * @param recordBytes how much of it are records
     */
    void begin(@Nullable PooledBuffer buffer, long recordBytes) {
        if (buffer == null) {
            if (recordBytes > 0) shared = hold(pool.lend((int) recordBytes));
            return;
        }
        int bytes = buffer.capacityBytes();
        isInPlace = bytes <= mostBytes - heldBytes && recordBytes >= bytes / PARTS;
        if (isInPlace) shared = hold(buffer);
        else passing = buffer;
    }

    private Held hold(PooledBuffer buffer) {
        heldBytes += buffer.capacityBytes();
        return new Held(buffer);
    }

    /**
     * Keeps the first bytes of records of that answer until they are given back.
     *
     * @return the range, from 0 to its limit
     */
    ByteBuffer keep(ByteBuffer records, int count) {
        Held together = shared;
        Held held = together == null ? hold(pool.lend(count)) : together;
        ByteBuffer range =
                isInPlace ? records.slice(records.position(), count) : copy(records, count, held.buffer.bytes());
        held.ranges++;
        byRange.put(range, held);
        return range;
    }

    private static ByteBuffer copy(ByteBuffer records, int count, ByteBuffer into) {
        int at = into.position();
        into.put(at, records, records.position(), count).position(at + count);
        return into.slice(at, count);
    }

    /** No range of that answer follows. */
    void end() {
        PooledBuffer left = passing;
        Held together = shared;
        passing = null;
        shared = null;
        isInPlace = false;
        if (left != null) left.release();
        if (together != null && together.ranges == 0) release(together);
    }

    /**
     * Takes a range back that nobody reads any more.
     *
     * @throws IllegalStateException if it is none, or was taken back before
     */
    void giveBack(ByteBuffer range) {
        Held held = byRange.remove(range);
        if (held == null) throw new IllegalStateException("a range is given back that is not held");
        // The ranges of the answer that is being taken in may all be given back before the last of them comes.
        if (--held.ranges == 0 && held != shared) release(held);
    }

    private void release(Held held) {
        heldBytes -= held.buffer.capacityBytes();
        held.buffer.release();
    }
}
