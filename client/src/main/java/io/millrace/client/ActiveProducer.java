package io.millrace.client;

import java.util.OptionalLong;

/**
 * A producer that a partition's leader remembers (KIP-664).
 *
 * @param lastSequence of its last batch, -1 if only a marker is known
 * @param lastTimestamp ms since 1970, of its last batch
 * @param coordinatorEpoch of the last marker, -1 if there was none
 * @param transactionStartOffset where its transaction began that is still open; empty if none is
 */
public record ActiveProducer(
        long producerId,
        int producerEpoch,
        int lastSequence,
        long lastTimestamp,
        int coordinatorEpoch,
        OptionalLong transactionStartOffset) {}
