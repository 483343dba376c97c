package io.millrace.client.sending;

import io.millrace.client.cluster.RetryBackoff;

/**
 * How batches are sent. Durations are in milliseconds.
 *
 * @param isIdempotent whether batches have sequences, so that none is written twice or out of order
 * @param isTransactional whether all belong to transactions, which need idempotence
 * @param acks 0 for none, 1 for the leader's, -1 for those of all in-sync replicas
 * @param maxInFlight requests on a connection, and batches of a partition, that are not answered; from 1, and to
 *     {@link #MOST_IN_FLIGHT} with idempotence
 * @param retries how often a batch is sent again at most
 * @param deliveryTimeoutMs from the first record of a batch until it is given up
 * @param lingerMs how long a batch waits for more records
 */
public record SendRules(
        boolean isIdempotent,
        boolean isTransactional,
        short acks,
        int maxInFlight,
        int retries,
        long deliveryTimeoutMs,
        long lingerMs,
        RetryBackoff backoff) {
    /** Brokers remember so many batches of a producer and partition. */
    public static final int MOST_IN_FLIGHT = 5;

    /** Checks the ranges, and that they go together. */
    public SendRules {
        if (acks < -1 || acks > 1) throw new IllegalArgumentException("acks is " + acks + "; want 0, 1 or all");
        if (maxInFlight < 1) throw new IllegalArgumentException("max.in.flight.requests.per.connection is below 1");
        if (retries < 0) throw new IllegalArgumentException("retries is " + retries + ", below 0");
        if (lingerMs < 0) throw new IllegalArgumentException("linger.ms is " + lingerMs + ", below 0");
        if (isIdempotent && acks != -1) throw new IllegalArgumentException("idempotence needs acks=all");
        if (isIdempotent && maxInFlight > MOST_IN_FLIGHT)
            throw new IllegalArgumentException("idempotence needs max.in.flight.requests.per.connection of at most "
                    + MOST_IN_FLIGHT + ", not " + maxInFlight);
        if (isTransactional && !isIdempotent) throw new IllegalArgumentException("transactions need idempotence");
        if (isIdempotent && retries == 0) throw new IllegalArgumentException("idempotence needs retries above 0");
    }

    /** Rules without transactions. */
    public SendRules(
            boolean isIdempotent,
            short acks,
            int maxInFlight,
            int retries,
            long deliveryTimeoutMs,
            long lingerMs,
            RetryBackoff backoff) {
        this(isIdempotent, false, acks, maxInFlight, retries, deliveryTimeoutMs, lingerMs, backoff);
    }
}
