package io.millrace.client.sending;

import io.millrace.records.BatchHeader;

/** Who a producer is to the brokers (KIP-98): an id, and an epoch that fences its own past. */
public record ProducerIdAndEpoch(long id, short epoch) {
    /** Nobody: a producer without idempotence. */
    public static final ProducerIdAndEpoch NONE =
            new ProducerIdAndEpoch(BatchHeader.NO_PRODUCER_ID, BatchHeader.NO_PRODUCER_EPOCH);
}
