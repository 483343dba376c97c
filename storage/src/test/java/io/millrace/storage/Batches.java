package io.millrace.storage;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Batches as tests need them. */
final class Batches {
    private Batches() {}

    /** Records with these values, time stamps rising by one from the first, no producer id. */
    static ByteBuffer of(long timestamp, String... values) {
        return of(Compression.NONE, timestamp, values);
    }

    static ByteBuffer of(Compression compression, long timestamp, String... values) {
        return producer(compression, -1, (short) -1, -1, false, timestamp, values);
    }

    static ByteBuffer of(long producerId, int epoch, int baseSequence, String... values) {
        return producer(Compression.NONE, producerId, (short) epoch, baseSequence, false, 1_000, values);
    }

    static ByteBuffer transactional(long producerId, int epoch, int baseSequence, String... values) {
        return producer(Compression.NONE, producerId, (short) epoch, baseSequence, true, 1_000, values);
    }

    static ByteBuffer producer(
            Compression compression,
            long producerId,
            short epoch,
            int baseSequence,
            boolean transactional,
            long timestamp,
            String... values) {
        BatchBuilder builder = new BatchBuilder(
                compression,
                compression.defaultLevel(),
                TimestampType.CREATE_TIME,
                0,
                producerId,
                epoch,
                baseSequence,
                -1,
                transactional,
                false);
        for (int i = 0; i < values.length; i++)
            builder.append(timestamp + i, bytes("key" + i), bytes(values[i]), List.of());
        return builder.build();
    }

    static ByteBuffer marker(long producerId, int epoch, boolean isCommit, int coordinatorEpoch) {
        return ControlRecords.endTransactionBatch(
                0, -1, 1_000, producerId, (short) epoch, new ControlRecord.EndTransaction(isCommit, coordinatorEpoch));
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The records of all whole batches in a range. */
    static List<Record> records(ByteBuffer range) {
        List<Record> records = new ArrayList<>();
        for (int at = 0; at + BatchHeader.HEADER_BYTES <= range.limit(); ) {
            int sizeBytes = BatchHeader.sizeBytes(range, at);
            if (at + sizeBytes > range.limit()) break;
            RecordIterator batch = new RecordIterator(range, at, DecompressionLimit.DEFAULT);
            while (batch.hasNext()) records.add(batch.next());
            at += sizeBytes;
        }
        return records;
    }

    static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
