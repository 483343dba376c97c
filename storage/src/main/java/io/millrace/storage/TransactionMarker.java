package io.millrace.storage;

import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordIterator;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Finds what an end-of-transaction control batch says. */
final class TransactionMarker {
    private TransactionMarker() {}

    /** Reads the marker in a control batch, or returns null if the batch is a control batch of another kind. */
    static ControlRecord.@Nullable EndTransaction read(ByteBuffer batch, int at) {
        RecordIterator records = new RecordIterator(batch, at, DecompressionLimit.DEFAULT);
        if (!records.hasNext()) return null;
        return ControlRecords.read(records.next()) instanceof ControlRecord.EndTransaction end ? end : null;
    }
}
