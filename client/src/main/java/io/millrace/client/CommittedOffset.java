package io.millrace.client;

/**
 * How far a group has come in a partition: what it has committed, or is to commit.
 *
 * @param offset the next one to be read, at least 0
 * @param leaderEpoch of the last record read, -1 if the member did not say
 * @param metadata whatever the member added
 */
public record CommittedOffset(long offset, int leaderEpoch, String metadata) {
    /** Checks the offset. */
    public CommittedOffset {
        if (offset < 0) throw new IllegalArgumentException("offset " + offset + " is below 0");
    }

    /** An offset alone. */
    public CommittedOffset(long offset) {
        this(offset, -1, "");
    }
}
