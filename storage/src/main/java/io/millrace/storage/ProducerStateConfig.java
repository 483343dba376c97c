package io.millrace.storage;

/**
 * How long producers are remembered.
 *
 * @param producerIdExpirationMs {@code producer.id.expiration.ms}: a producer without an open transaction whose last
 *                               batch is this old is forgotten
 */
public record ProducerStateConfig(long producerIdExpirationMs) {
    /** Kafka's default, one day. */
    public static final ProducerStateConfig DEFAULT = new ProducerStateConfig(86_400_000L);

    /** Refuses a period that is not positive. */
    public ProducerStateConfig {
        if (producerIdExpirationMs < 1)
            throw new IllegalArgumentException(
                    "producer.id.expiration.ms is " + producerIdExpirationMs + ", want at least 1");
    }
}
