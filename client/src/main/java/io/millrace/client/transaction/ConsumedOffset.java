package io.millrace.client.transaction;

/**
 * How far a partition has been consumed by a transaction.
 *
 * @param offset the next one to be read, from 0
 * @param leaderEpoch of the last record read; -1 if it is not known
 * @param metadata whatever the application adds
 */
public record ConsumedOffset(long offset, int leaderEpoch, String metadata) {
    /** Checks the offset. */
    public ConsumedOffset {
        if (offset < 0) throw new IllegalArgumentException("offset " + offset + " is below 0");
    }

    /** An offset alone. */
    public ConsumedOffset(long offset) {
        this(offset, -1, "");
    }
}
