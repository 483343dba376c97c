package io.millrace.server.following;

import io.millrace.metadata.config.EffectiveConfigs;

/**
 * How leaders are followed.
 *
 * @param brokerId         who follows
 * @param listener         at which leaders are reached, {@code inter.broker.listener.name}
 * @param waitMaxMs        how long a leader may wait for records, {@code replica.fetch.wait.max.ms}
 * @param minBytes         how many it waits for, {@code replica.fetch.min.bytes}
 * @param partitionBytes   most wanted of a partition, {@code replica.fetch.max.bytes}; a batch may be larger
 * @param responseBytes    most wanted at once, {@code replica.fetch.response.max.bytes}; a batch may be larger
 * @param backoffMs        how long errors are waited out, {@code replica.fetch.backoff.ms}
 * @param socketTimeoutMs  how long an answer may take, {@code replica.socket.timeout.ms}
 * @param largestBatchBytes no batch in the cluster is larger, {@code socket.request.max.bytes}
 */
public record FollowingSettings(
        int brokerId,
        String listener,
        int waitMaxMs,
        int minBytes,
        int partitionBytes,
        int responseBytes,
        long backoffMs,
        long socketTimeoutMs,
        int largestBatchBytes) {
    /** What an answer holds besides records: some hundred thousand partitions without any. */
    private static final int OVERHEAD_BYTES = 16 << 20;

    /** As the properties of the node say. */
    public static FollowingSettings of(int brokerId, String listener, EffectiveConfigs configs) {
        return new FollowingSettings(
                brokerId,
                listener,
                Math.max(0, configs.brokerInt("replica.fetch.wait.max.ms")),
                Math.max(0, configs.brokerInt("replica.fetch.min.bytes")),
                configs.brokerInt("replica.fetch.max.bytes"),
                configs.brokerInt("replica.fetch.response.max.bytes"),
                configs.brokerInt("replica.fetch.backoff.ms"),
                Math.max(1, configs.brokerInt("replica.socket.timeout.ms")),
                configs.brokerInt("socket.request.max.bytes"));
    }

    /** The longest answer that is taken: what was asked for, and one batch more. */
    int longestAnswerBytes() {
        return (int) Math.min(Integer.MAX_VALUE, (long) responseBytes + largestBatchBytes + OVERHEAD_BYTES);
    }
}
