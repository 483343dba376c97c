package io.millrace.client.cluster;

/**
 * Who leads a partition.
 *
 * @param brokerId {@link #NOBODY} during an election
 * @param epoch the leader's epoch; {@link #NO_EPOCH} from brokers that do not tell it
 */
public record PartitionLeader(int brokerId, int epoch) {
    /** The id of no broker. */
    public static final int NOBODY = -1;

    /** The epoch of a leader whose epoch is not known. */
    public static final int NO_EPOCH = -1;

    /** Nobody, as far as is known. */
    public static final PartitionLeader UNKNOWN = new PartitionLeader(NOBODY, NO_EPOCH);

    /** Whether somebody leads. */
    public boolean isKnown() {
        return brokerId != NOBODY;
    }
}
