package io.millrace.client.dispatch;

/**
 * How much is taken on at a time. What a consumer polls at once comes on top of the bounds of records and bytes.
 *
 * @param concurrency records that are handled at once, from 1
 * @param partitionRecords records of one partition from its first unfinished one on, finished or not, from 1: so many can be
 *     handled a second time after a crash, besides those that were finished since the last commit
 * @param records records of all partitions that are not finished, from 1
 * @param bytes keys and values of those, from 1
 */
public record DispatchLimits(int concurrency, int partitionRecords, int records, long bytes) {
    /** Checks the ranges. */
    public DispatchLimits {
        if (concurrency < 1) throw new IllegalArgumentException("concurrency " + concurrency + " is below 1");
        if (partitionRecords < 1)
            throw new IllegalArgumentException(partitionRecords + " records of a partition; want 1 at least");
        if (records < 1) throw new IllegalArgumentException(records + " records; want 1 at least");
        if (bytes < 1) throw new IllegalArgumentException(bytes + " bytes of records; want 1 at least");
    }
}
