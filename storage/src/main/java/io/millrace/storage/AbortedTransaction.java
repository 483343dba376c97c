package io.millrace.storage;

/**
 * A transaction that was aborted, as the transaction index keeps it.
 *
 * @param producerId       who wrote it
 * @param firstOffset      offset of its first record
 * @param lastOffset       offset of its abort marker
 * @param lastStableOffset the last stable offset once the marker was written
 */
public record AbortedTransaction(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {}
