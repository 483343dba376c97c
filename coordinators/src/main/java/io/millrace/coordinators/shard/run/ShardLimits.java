package io.millrace.coordinators.shard.run;

import io.millrace.records.Compression;

/**
 * Bounds of a shard.
 *
 * @param maxBatchBytes no batch gets larger, save one that holds a single larger record ({@code max.message.bytes} of the
 *     topic decides about that one)
 * @param loadSliceBytes how much of the log is replayed in one turn of the lane ({@code offsets.load.buffer.size} is how
 *     Kafka calls it)
 * @param commitTimeoutMs how long an answer waits for its records to be committed ({@code offsets.commit.timeout.ms})
 * @param maxWakesPerTurn deadlines handled before the lane's other tasks get their turn
 * @param compression of the batches written ({@code offsets.topic.compression.codec})
 */
public record ShardLimits(
        int maxBatchBytes, int loadSliceBytes, int commitTimeoutMs, int maxWakesPerTurn, Compression compression) {
    /** Kafka's defaults, where it has one. */
    public static final ShardLimits DEFAULT = new ShardLimits(1024 * 1024, 256 * 1024, 5_000, 64, Compression.NONE);

    /** Refuses what would never make progress. */
    public ShardLimits {
        if (maxBatchBytes < 1 || loadSliceBytes < 1 || commitTimeoutMs < 1 || maxWakesPerTurn < 1) {
            throw new IllegalArgumentException("a shard's limits are at least 1, found " + maxBatchBytes + ", "
                    + loadSliceBytes + ", " + commitTimeoutMs + ", " + maxWakesPerTurn);
        }
    }
}
