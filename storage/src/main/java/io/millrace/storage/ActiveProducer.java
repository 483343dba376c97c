package io.millrace.storage;

/**
 * A producer a log remembers, as DescribeProducers shows it (KIP-664).
 *
 * @param producerId                    its id
 * @param producerEpoch                 its epoch
 * @param lastSequence                  sequence of its last record, -1 if none is kept
 * @param lastTimestamp                 time stamp of its last batch or marker, in milliseconds since the epoch
 * @param coordinatorEpoch              epoch of the coordinator that wrote its last marker, -1 if none
 * @param currentTransactionFirstOffset first offset of its open transaction, -1 if none
 */
public record ActiveProducer(
        long producerId,
        short producerEpoch,
        int lastSequence,
        long lastTimestamp,
        int coordinatorEpoch,
        long currentTransactionFirstOffset) {}
