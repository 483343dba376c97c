package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import java.nio.ByteBuffer;

/**
 * How much may still be fetched: of what the rules let a consumer buffer, what the application has not read yet and what brokers
 * have been asked for is taken. On the lane only.
 */
final class FetchRoom {
    /** Of what may be buffered, the part that may lie idle to be used again. */
    private static final int IDLE_PART = 8;
    /** Of what may be buffered, the part that is left to fetches that overtake others, which a fetch that is held has none of. */
    private static final int OVERTAKING_PART = 8;

    private final FetchRules rules;
    private final RangeMemory memory;
    private long bufferedBytes;
    private long expectedBytes;

    FetchRoom(FetchRules rules) {
        this.rules = rules;
        this.memory = new RangeMemory(rules.bufferBytes() / IDLE_PART);
    }

    /** Fetched, and not released yet. */
    long bufferedBytes() {
        return bufferedBytes;
    }

    /** What fetches that overtake no others may have of the whole. */
    long usableBytes() {
        return rules.bufferBytes() - rules.bufferBytes() / OVERTAKING_PART;
    }

    /** What is left of {@link #usableBytes}; nothing, or less than that, if it is used up. */
    long leftBytes() {
        return usableBytes() - bufferedBytes - expectedBytes;
    }

    /** {@link #leftBytes} for a fetch that overtakes others. */
    long leftToOvertakeBytes() {
        return rules.bufferBytes() - bufferedBytes - expectedBytes;
    }

    /** Whether so much of one partition waits for the application that no more of it is fetched. */
    boolean isFull(FetchLine line) {
        return line.bufferedBytes >= rules.maxPartitionBytes();
    }

    /** A broker has been asked for so much at most. */
    void expect(int bytes) {
        expectedBytes += bytes;
    }

    /** That request is over. */
    void expectNoMore(int bytes) {
        expectedBytes -= bytes;
    }

    /** Copies the first bytes of what came out of the connection's buffer; they take room of the partition until they are released. */
    ByteBuffer copy(FetchLine line, ByteBuffer bytes, int count) {
        ByteBuffer own = memory.take(count);
        own.put(0, bytes, bytes.position(), count);
        line.bufferedBytes += count;
        bufferedBytes += count;
        return own;
    }

    /** So much of a partition waits for the application no more. */
    void release(FetchLine line, long bytes) {
        line.bufferedBytes -= bytes;
        bufferedBytes -= bytes;
    }

    /** Nobody reads a range any more: its memory is used again. */
    void giveBack(FetchedRange range) {
        memory.giveBack(range.bytes());
    }

    /** All that was fetched of a partition is wanted no more. */
    void forget(FetchLine line) {
        release(line, line.bufferedBytes);
    }
}
