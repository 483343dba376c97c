package io.millrace.server.partitions;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Batches of format 2 made of older ones for one answer, which take memory until {@link #release}.
 *
 * @param batches from position to limit
 * @param budget  the bytes that all such answers of a lane hold
 */
record ConvertedRecords(ByteBuffer batches, AtomicLong budget) {
    /** Counts the bytes. */
    ConvertedRecords {
        budget.addAndGet(batches.remaining());
    }

    /** Gives the memory back; once, from any thread. */
    void release() {
        budget.addAndGet(-batches.remaining());
    }
}
