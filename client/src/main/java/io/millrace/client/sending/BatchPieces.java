package io.millrace.client.sending;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import java.util.ArrayList;
import java.util.List;

/** Takes a batch apart that a broker found too large. */
final class BatchPieces {
    /** We packed it ourselves. */
    private static final DecompressionLimit UNLIMITED =
            new DecompressionLimit(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    private BatchPieces() {}

    /** Two batches of half the records each, in their order, packed as the whole was; it had at least two records. */
    static List<Batch> of(Batch whole) {
        var header = whole.bytes();
        Compression compression = BatchHeader.compression(header, 0);
        List<Record> records = new ArrayList<>(whole.recordCount());
        new RecordIterator(header, 0, UNLIMITED).forEachRemaining(records::add);
        int half = records.size() / 2;
        return List.of(
                piece(whole, compression, records, 0, half), piece(whole, compression, records, half, records.size()));
    }

    private static Batch piece(Batch whole, Compression compression, List<Record> records, int from, int until) {
        BatchBuilder builder =
                BatchBuilder.forProducer(compression, whole.level()).expecting(whole.rawBytes());
        for (Record record : records.subList(from, until)) {
            builder.append(record.timestamp(), record.key(), record.value(), record.headers());
        }
        BatchEnd end = new BatchEnd() {
            @Override
            public void ended(int fromRecord, int recordCount, SendResult result) {
                whole.end().ended(fromRecord, recordCount, result);
            }

            @Override
            public void released() {} // Its memory is its own; the whole's has been given back.
        };
        return new Batch(builder.build(), end, whole.firstRecord() + from, whole.openedAtMs(), whole.level());
    }
}
