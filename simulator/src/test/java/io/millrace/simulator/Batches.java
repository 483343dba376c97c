package io.millrace.simulator;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.records.TimestampType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Batches as a producer makes them, and what a reader makes of them. */
final class Batches {
    private Batches() {}

    /** Records with these values and no key; producer id -1 for none. */
    static ByteBuffer of(long producerId, int epoch, int baseSequence, long timestamp, List<String> values) {
        BatchBuilder builder = new BatchBuilder(
                Compression.NONE,
                Compression.NONE.defaultLevel(),
                TimestampType.CREATE_TIME,
                0,
                producerId,
                (short) epoch,
                baseSequence,
                -1,
                false,
                false);
        for (String value : values)
            builder.append(timestamp, null, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)), List.of());
        return builder.build();
    }

    /** The records of all whole batches, from this offset on. */
    static List<Record> records(ByteBuffer batches, long fromOffset) {
        List<Record> records = new ArrayList<>();
        for (int at = 0; at + BatchHeader.HEADER_BYTES <= batches.limit(); ) {
            int sizeBytes = BatchHeader.sizeBytes(batches, at);
            if (at + sizeBytes > batches.limit()) break;
            RecordIterator batch = new RecordIterator(batches, at, DecompressionLimit.DEFAULT);
            while (batch.hasNext()) {
                Record record = batch.next();
                if (record.offset() >= fromOffset) records.add(record);
            }
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
