package io.millrace.coordinators.group;

/**
 * What the group properties of a broker say.
 *
 * @param minSessionTimeoutMs {@code group.min.session.timeout.ms}
 * @param maxSessionTimeoutMs {@code group.max.session.timeout.ms}
 * @param initialRebalanceDelayMs {@code group.initial.rebalance.delay.ms}
 * @param maxSize {@code group.max.size}: most members of a classic group
 * @param offsetMetadataMaxBytes {@code offset.metadata.max.bytes}; like Kafka, it counts characters
 * @param offsetsRetentionMs {@code offsets.retention.minutes}, in milliseconds
 * @param offsetsRetentionCheckIntervalMs {@code offsets.retention.check.interval.ms}
 * @param newMemberJoinTimeoutMs how long a member that never was in a generation may wait for its first one, though it
 *     cannot send heartbeats meanwhile: Kafka's fixed five minutes
 */
public record GroupLimits(
        int minSessionTimeoutMs,
        int maxSessionTimeoutMs,
        int initialRebalanceDelayMs,
        int maxSize,
        int offsetMetadataMaxBytes,
        long offsetsRetentionMs,
        long offsetsRetentionCheckIntervalMs,
        int newMemberJoinTimeoutMs) {
    /** Kafka's defaults. */
    public static final GroupLimits DEFAULT =
            new GroupLimits(6_000, 1_800_000, 3_000, Integer.MAX_VALUE, 4_096, 10_080L * 60_000, 600_000, 300_000);

    /** Refuses what cannot be meant. */
    public GroupLimits {
        if (minSessionTimeoutMs < 0 || maxSessionTimeoutMs < minSessionTimeoutMs) {
            throw new IllegalArgumentException(
                    "session timeouts from " + minSessionTimeoutMs + " to " + maxSessionTimeoutMs + " ms are no range");
        }
        if (initialRebalanceDelayMs < 0 || maxSize < 1 || offsetMetadataMaxBytes < 0) {
            throw new IllegalArgumentException("rebalance delay " + initialRebalanceDelayMs + " ms, size " + maxSize
                    + ", metadata " + offsetMetadataMaxBytes + ": one is too small");
        }
        if (offsetsRetentionMs < 1 || offsetsRetentionCheckIntervalMs < 1 || newMemberJoinTimeoutMs < 1) {
            throw new IllegalArgumentException("retention " + offsetsRetentionMs + " ms, check interval "
                    + offsetsRetentionCheckIntervalMs + " ms, join timeout " + newMemberJoinTimeoutMs
                    + " ms: one is too small");
        }
    }
}
