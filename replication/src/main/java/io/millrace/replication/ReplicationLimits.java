package io.millrace.replication;

/**
 * What a leader is told by its topic and broker.
 *
 * @param minIsr       {@code min.insync.replicas} of the topic, at least 1; of fewer replicas, all are wanted
 * @param lagTimeMaxMs {@code replica.lag.time.max.ms}: whoever was not caught up for longer is not in sync; at least 0
 */
public record ReplicationLimits(int minIsr, long lagTimeMaxMs) {
    /** Kafka's defaults. */
    public static final ReplicationLimits DEFAULT = new ReplicationLimits(1, 30_000);

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException if one is too small
     */
    public ReplicationLimits {
        if (minIsr < 1) throw new IllegalArgumentException("min.insync.replicas " + minIsr + " is below 1");
        if (lagTimeMaxMs < 0)
            throw new IllegalArgumentException("replica.lag.time.max.ms " + lagTimeMaxMs + " is negative");
    }
}
