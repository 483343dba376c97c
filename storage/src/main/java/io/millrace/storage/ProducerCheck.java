package io.millrace.storage;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.ControlRecord;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Whether batches fit what their producers wrote to the log before: duplicates, sequences, epochs, markers. */
final class ProducerCheck {
    private ProducerCheck() {}

    /**
     * Looks at each batch from position to limit that has a producer id. What replication brings has been looked at by its
     * leader, and the metadata log has no producers.
     *
     * @param transactionVersion level of transaction.version for markers
     * @return why nothing is to be appended: a refusal, or where a duplicate lies; null if there is no reason
     */
    static @Nullable AppendOutcome check(
            ByteBuffer batches,
            AppendOrigin origin,
            ProducerStates producers,
            long logStartOffset,
            int transactionVersion) {
        if (origin == AppendOrigin.REPLICATION || origin == AppendOrigin.RAFT_LEADER) return null;
        for (int at = batches.position(); at < batches.limit(); at += BatchHeader.sizeBytes(batches, at)) {
            if (BatchHeader.producerId(batches, at) < 0) continue;
            if (origin == AppendOrigin.CLIENT) {
                AppendOutcome duplicate = producers.duplicate(batches, at, logStartOffset);
                if (duplicate != null) return duplicate;
            }
            ProducerStates.Refusal refusal = BatchHeader.isControl(batches, at)
                    ? checkMarker(batches, at, producers, transactionVersion)
                    : producers.checkData(batches, at, origin == AppendOrigin.CLIENT);
            if (refusal != null) return new AppendOutcome.Refused(refusal.error(), refusal.message());
        }
        return null;
    }

    private static ProducerStates.@Nullable Refusal checkMarker(
            ByteBuffer batches, int at, ProducerStates producers, int transactionVersion) {
        ControlRecord.EndTransaction marker = TransactionMarker.read(batches, at);
        if (marker == null)
            return new ProducerStates.Refusal(
                    ErrorCode.INVALID_RECORD, "A control batch with a producer id is not a transaction marker");
        return producers.checkMarker(
                BatchHeader.producerId(batches, at),
                BatchHeader.producerEpoch(batches, at),
                marker.coordinatorEpoch(),
                transactionVersion);
    }
}
