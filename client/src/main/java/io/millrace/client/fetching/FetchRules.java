package io.millrace.client.fetching;

import io.millrace.client.cluster.RetryBackoff;

/**
 * How a consumer fetches. Durations are in milliseconds, sizes in bytes.
 *
 * @param minBytes a fetch waits for, {@code fetch.min.bytes}, from 0
 * @param maxWaitMs how long it waits for them, {@code fetch.max.wait.ms}, from 0
 * @param maxBytes of one answer, {@code fetch.max.bytes}, from 1; one batch comes even if it is larger
 * @param maxPartitionBytes of a partition in one answer, {@code max.partition.fetch.bytes}, from 1; one batch likewise
 * @param bufferBytes fetched and not yet read by the application, {@code fetch.buffer.bytes}, from 1: beyond it nothing more is
 *     asked for
 * @param isReadCommitted whether records of undecided and aborted transactions are kept back
 * @param rackId where the consumer is, for reading from the nearest replica (KIP-392); empty if it does not say
 * @param reset where to begin when there is no position
 * @param preferredMaxAgeMs how long a nearer replica is read from until the leader is asked again, from 0
 * @param backoff between two tries
 */
public record FetchRules(
        int minBytes,
        int maxWaitMs,
        int maxBytes,
        int maxPartitionBytes,
        long bufferBytes,
        boolean isReadCommitted,
        String rackId,
        OffsetReset reset,
        long preferredMaxAgeMs,
        RetryBackoff backoff) {
    /** Of what may be buffered, the part that one answer is: one is read while another comes. */
    private static final int ANSWER_PART = 4;
    /** Of an answer, the part that is left to what stands around records: buffers are as large as powers of two. */
    private static final int FRAME_PART = 64;

    /** Checks the ranges. */
    public FetchRules {
        if (minBytes < 0) throw new IllegalArgumentException("fetch.min.bytes is " + minBytes + ", below 0");
        if (maxWaitMs < 0) throw new IllegalArgumentException("fetch.max.wait.ms is " + maxWaitMs + ", below 0");
        if (maxBytes < 1) throw new IllegalArgumentException("fetch.max.bytes is " + maxBytes + ", below 1");
        if (maxPartitionBytes < 1)
            throw new IllegalArgumentException("max.partition.fetch.bytes is " + maxPartitionBytes + ", below 1");
        if (bufferBytes < 1) throw new IllegalArgumentException("fetch.buffer.bytes is " + bufferBytes + ", below 1");
    }

    /** What is asked for in one request at most: {@code fetch.max.bytes}, or what may be buffered allows for less. */
    public int answerBytes() {
        long wholeBytes = answerBufferBytes();
        return (int) Math.min(maxBytes, wholeBytes - wholeBytes / FRAME_PART);
    }

    /**
     * What is asked for of a partition in one request at most, a little less than {@code max.partition.fetch.bytes}, so that an answer
     * of one partition fits into a buffer of that size.
     */
    public int answerPartitionBytes() {
        return maxPartitionBytes - maxPartitionBytes / FRAME_PART;
    }

    /** The size of the buffers that answers of {@link #answerBytes} come in, a power of two. */
    public long answerBufferBytes() {
        return Long.highestOneBit(Math.max(1, Math.min(bufferBytes / ANSWER_PART, 1 << 30)));
    }
}
