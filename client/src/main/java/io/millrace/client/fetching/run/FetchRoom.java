package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.connection.BufferPool;
import io.millrace.connection.PooledBuffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How much may still be fetched: of what the rules let a consumer buffer, what the application has not read yet and what brokers
 * have been asked for is taken. On the lane only.
 */
final class FetchRoom {
    /** Of what may be buffered, the part that is held when no more answers stay where they came. */
    private static final int HELD_PART = 2;
    /** Of what may be buffered, the part that is left to fetches that overtake others, which a fetch that is held has none of. */
    private static final int OVERTAKING_PART = 8;

    private final FetchRules rules;
    private final HeldAnswers answers;
    private long bufferedBytes;
    private long expectedBytes;

    FetchRoom(FetchRules rules, BufferPool pool) {
        this.rules = rules;
        this.answers = new HeldAnswers(pool, rules.bufferBytes() / HELD_PART);
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
        return usableBytes() - answers.heldBytes() - expectedBytes;
    }

    /** {@link #leftBytes} for a fetch that overtakes others. */
    long leftToOvertakeBytes() {
        return rules.bufferBytes() - answers.heldBytes() - expectedBytes;
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

    /**
     * An answer came, and what is kept of it follows.
     *
     * @param buffer what it lies in; null if that is not to be had
     * @param recordBytes how much of it are records
     */
    void answerCame(@Nullable PooledBuffer buffer, long recordBytes) {
        answers.begin(buffer, recordBytes);
    }

    /** Nothing more of it is kept. */
    void answerIsTakenIn() {
        answers.end();
    }

    /** Keeps the first bytes of what came, where they are or copied; they take room of the partition until they are released. */
    ByteBuffer keep(FetchLine line, ByteBuffer bytes, int count) {
        line.bufferedBytes += count;
        bufferedBytes += count;
        return answers.keep(bytes, count);
    }

    /** Nobody reads a range any more: its memory is used again. */
    void release(FetchLine line, FetchedRange range) {
        int bytes = range.sizeBytes();
        if (!line.isRemoved) {
            line.bufferedBytes -= bytes;
            bufferedBytes -= bytes;
        }
        answers.giveBack(range.bytes());
    }

    /** All that was fetched of a partition is wanted no more. */
    void forget(FetchLine line) {
        bufferedBytes -= line.bufferedBytes;
        line.bufferedBytes = 0;
    }
}
