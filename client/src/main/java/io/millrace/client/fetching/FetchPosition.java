package io.millrace.client.fetching;

/**
 * Where a consumer stands in a partition.
 *
 * @param offset the next one to be read, from 0
 * @param leaderEpoch of the record before it; {@link #NO_EPOCH} if it is not known
 */
public record FetchPosition(long offset, int leaderEpoch) {
    /** The epoch of a position that came without one. */
    public static final int NO_EPOCH = -1;

    /** Checks the offset. */
    public FetchPosition {
        if (offset < 0) throw new IllegalArgumentException("offset " + offset + " is negative");
        if (leaderEpoch < NO_EPOCH) leaderEpoch = NO_EPOCH;
    }

    /** A position that is only an offset. */
    public static FetchPosition at(long offset) {
        return new FetchPosition(offset, NO_EPOCH);
    }

    @Override
    public String toString() {
        return "offset " + offset + (leaderEpoch == NO_EPOCH ? "" : " of epoch " + leaderEpoch);
    }
}
