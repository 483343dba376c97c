package io.millrace.client.cluster;

/**
 * When metadata is asked for. Durations are in milliseconds.
 *
 * @param maxAgeMs after which it is asked for anew though nothing seems wrong, {@code metadata.max.age.ms}, from 0
 * @param maxIdleMs after which a topic that nobody uses is forgotten, {@code metadata.max.idle.ms}, from 5000
 * @param backoff between two requests
 * @param rebootstraps whether the bootstrap addresses are used again when no known broker can be reached (KIP-899),
 *     {@code metadata.recovery.strategy}
 * @param rebootstrapAfterMs how long without any metadata until the bootstrap addresses are used again (KIP-1102),
 *     {@code metadata.recovery.rebootstrap.trigger.ms}, from 0
 * @param createsTopics whether the cluster may make a topic that is asked for, if it makes topics by itself
 */
public record MetadataRules(
        long maxAgeMs,
        long maxIdleMs,
        RetryBackoff backoff,
        boolean rebootstraps,
        long rebootstrapAfterMs,
        boolean createsTopics) {
    /** What Kafka's producer has. */
    public static final MetadataRules DEFAULT =
            new MetadataRules(300_000, 300_000, new RetryBackoff(100, 1_000), true, 300_000, true);

    private static final long LEAST_IDLE_MS = 5_000;

    /** Checks the ranges. */
    public MetadataRules {
        if (maxAgeMs < 0) throw new IllegalArgumentException("metadata.max.age.ms is " + maxAgeMs + ", below 0");
        if (maxIdleMs < LEAST_IDLE_MS)
            throw new IllegalArgumentException("metadata.max.idle.ms is " + maxIdleMs + ", below " + LEAST_IDLE_MS);
        if (rebootstrapAfterMs < 0)
            throw new IllegalArgumentException(
                    "metadata.recovery.rebootstrap.trigger.ms is " + rebootstrapAfterMs + ", below 0");
    }
}
