package io.millrace.coordinators.group;

/** Which partition of {@code __consumer_offsets} a group lives on. */
public final class GroupPartitioner {
    private GroupPartitioner() {}

    /**
     * The partition of a group, as every Kafka broker computes it.
     *
     * @param partitionCount of the topic, at least 1; fixed once groups are stored
     */
    public static int partitionOf(String groupId, int partitionCount) {
        if (partitionCount < 1) throw new IllegalArgumentException("partition count " + partitionCount + " is below 1");
        int hash = groupId.hashCode();
        // The magnitude, with the one value that has none sent to 0, is what the partitions of existing logs follow.
        int positive = hash == Integer.MIN_VALUE ? 0 : Math.abs(hash);
        return positive % partitionCount;
    }
}
