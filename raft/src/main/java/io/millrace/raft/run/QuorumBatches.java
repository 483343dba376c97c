package io.millrace.raft.run;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Batches of the metadata log and its snapshots: uncompressed, without a producer, data records without keys. */
final class QuorumBatches {
    private QuorumBatches() {}

    /** A batch of data records; the values' positions stay as they are. */
    static ByteBuffer data(List<ByteBuffer> values, long baseOffset, int epoch, long nowMs) {
        var batch = new BatchBuilder(
                Compression.NONE,
                Compression.NONE.defaultLevel(),
                TimestampType.CREATE_TIME,
                baseOffset,
                BatchHeader.NO_PRODUCER_ID,
                BatchHeader.NO_PRODUCER_EPOCH,
                BatchHeader.NO_SEQUENCE,
                epoch,
                false,
                false);
        for (ByteBuffer value : values) batch.append(nowMs, null, value, List.of());
        return batch.build();
    }

    /** Values of the records of a checked data batch. */
    static List<ByteBuffer> readValues(ByteBuffer batch) {
        List<ByteBuffer> values = new ArrayList<>();
        for (var records = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT); records.hasNext(); ) {
            Record record = records.next();
            ByteBuffer value = record.value();
            if (value == null) throw new InvalidBatch("metadata record " + record.offset() + " has no value");
            values.add(value);
        }
        return values;
    }

    /** The records of a checked control batch. */
    static List<ControlRecord> readControl(ByteBuffer batch) {
        List<ControlRecord> found = new ArrayList<>();
        for (var records = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT); records.hasNext(); ) {
            found.add(ControlRecords.read(records.next()));
        }
        return found;
    }
}
