package io.millrace.coordinators.shard.run;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads a shard's log from its start, in slices, without blocking the lane it is called on. */
public interface ShardLoader {
    /** The first offset that is there. */
    long startOffset();

    /**
     * Reads whole batches.
     *
     * @param fromOffset the first offset wanted, up to the log end; a batch that holds it may begin before
     * @param maxBytes soft cap: one batch comes even if it is larger
     * @param then told the outcome, later or at once, on the lane
     */
    void read(long fromOffset, int maxBytes, Consumer<Slice> then);

    /** A piece of the log. */
    sealed interface Slice {
        /**
         * Whole batches.
         *
         * @param bytes from position to limit; the receiver's own until it asks for the next slice
         * @param nextOffset where to read on
         */
        record Batches(ByteBuffer bytes, long nextOffset) implements Slice {}

        /**
         * The log ends where was to be read. Told in the lane's same turn in which that was seen, so that nothing is appended that
         * the shard would neither load nor replay.
         */
        record End() implements Slice {}

        /** The log could not be read. */
        record Failed(String why) implements Slice {}
    }
}
