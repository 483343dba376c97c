package io.millrace.client.sending;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordIterator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A partition's log as brokers keep it: one producer's sequences are checked, and the last five batches are remembered. The
 * first batch of all is taken whatever its sequence.
 */
final class ModelLog {
    private record Remembered(int baseSequence, int recordCount, long baseOffset) {}

    private static final int REMEMBERED = 5;
    private static final short NONE_KNOWN = -1;

    final List<Integer> values = new ArrayList<>();
    private final List<Remembered> remembered = new ArrayList<>();
    private short epoch = NONE_KNOWN;

    /** What came of an append, and where. */
    record Appended(ErrorCode error, long baseOffset) {}

    Appended append(ByteBuffer batch) {
        short itsEpoch = BatchHeader.producerEpoch(batch, 0);
        int sequence = BatchHeader.baseSequence(batch, 0);
        int count = BatchHeader.recordCount(batch, 0);
        if (itsEpoch < epoch) return new Appended(ErrorCode.INVALID_PRODUCER_EPOCH, -1);
        if (itsEpoch > epoch) {
            if (sequence != 0 && epoch != NONE_KNOWN) return new Appended(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
            remembered.clear();
        } else {
            for (Remembered each : remembered) {
                if (each.baseSequence() == sequence && each.recordCount() == count) {
                    return new Appended(ErrorCode.NONE, each.baseOffset());
                }
            }
            Remembered last = remembered.getLast();
            if (sequence != BatchHeader.sequenceAfter(last.baseSequence(), last.recordCount())) {
                return new Appended(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
            }
        }
        epoch = itsEpoch;
        long baseOffset = values.size();
        remembered.add(new Remembered(sequence, count, baseOffset));
        if (remembered.size() > REMEMBERED) remembered.removeFirst();
        new RecordIterator(batch, 0, DecompressionLimit.DEFAULT)
                .forEachRemaining(record ->
                        values.add(Objects.requireNonNull(record.value()).getInt(0)));
        return new Appended(ErrorCode.NONE, baseOffset);
    }

    /** A broker that starts again knows the last batch only. */
    void startAgain() {
        while (remembered.size() > 1) remembered.removeFirst();
    }
}
