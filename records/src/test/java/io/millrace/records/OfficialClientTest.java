package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches written here are read by the official classes, and the reverse. */
class OfficialClientTest {
    @ParameterizedTest
    @EnumSource(Compression.class)
    void theOfficialClientReadsWhatWeWrite(Compression compression) {
        Property.check(60, random -> {
            SampleBatch sample = SampleBatch.random(random, compression);
            assertOfficialSees(sample, sample.writtenByUs());
        });
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void weReadWhatTheOfficialClientWrites(Compression compression) {
        Property.check(60, random -> {
            SampleBatch sample = SampleBatch.random(random, compression);
            ByteBuffer batch = sample.writtenOfficially();
            assertWeSee(sample, batch, batch.position());
            int offset = random.nextInt(100);
            assertWeSee(sample, SampleBatch.direct(batch, offset), offset);
        });
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void batchesOfMoreThanABlockAreReadBothWays(Compression compression) {
        Property.check(5, random -> {
            SampleBatch sample = SampleBatch.random(random, compression, 50, 100_000);
            assertOfficialSees(sample, sample.writtenByUs());
            ByteBuffer official = sample.writtenOfficially();
            assertWeSee(sample, official, official.position());
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "SNAPPY", "LZ4"})
    void whereNoLibraryDecidesTheBytesTheyAreTheSame(Compression compression) {
        Property.check(60, random -> {
            SampleBatch sample = SampleBatch.random(random, compression);
            assertEquals(sample.writtenOfficially(), sample.writtenByUs());
        });
    }

    @Test
    void recordsOfADeleteHorizonBatchKeepTheirTimeStamps() {
        BatchBuilder builder = BatchBuilder.plain(100, 3).deleteHorizon(1_000_000);
        builder.appendAt(105, 999_000, ByteBuffer.wrap(new byte[] {1}), null, List.of());
        ByteBuffer batch = builder.build();
        DefaultRecordBatch official = official(batch);
        assertEquals(1_000_000, official.deleteHorizonMs().getAsLong());
        assertEquals(105, official.iterator().next().offset());
        assertEquals(999_000, official.iterator().next().timestamp());
        Record record = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT).next();
        assertEquals(105, record.offset());
        assertEquals(999_000, record.timestamp());
    }

    private static void assertOfficialSees(SampleBatch sample, ByteBuffer batch) {
        DefaultRecordBatch official = official(batch);
        official.ensureValid();
        assertEquals(sample.baseOffset(), official.baseOffset());
        assertEquals(sample.leaderEpoch(), official.partitionLeaderEpoch());
        assertEquals(sample.producerId(), official.producerId());
        assertEquals(sample.producerEpoch(), official.producerEpoch());
        assertEquals(sample.baseSequence(), official.baseSequence());
        assertEquals(BatchHeader.lastSequence(batch, 0), official.lastSequence());
        assertEquals(sample.isTransactional(), official.isTransactional());
        assertEquals(sample.records().size(), official.countOrNull());
        assertEquals(BatchHeader.maxTimestamp(batch, 0), official.maxTimestamp());
        assertEquals(BatchHeader.crc(batch, 0), official.checksum());
        assertEquals(BatchHeader.nextOffset(batch, 0), official.nextOffset());

        Iterator<org.apache.kafka.common.record.internal.Record> records = official.iterator();
        for (Record expected : sample.expected()) {
            org.apache.kafka.common.record.internal.Record actual = records.next();
            assertEquals(expected.offset(), actual.offset());
            assertEquals(expected.timestamp(), actual.timestamp());
            assertEquals(expected.key(), actual.key());
            assertEquals(expected.value(), actual.value());
            Header[] headers = actual.headers();
            assertEquals(expected.headers().size(), headers.length);
            for (int i = 0; i < headers.length; i++) {
                assertEquals(expected.headers().get(i).key(), headers[i].key());
                assertArrayEquals(SampleBatch.array(expected.headers().get(i).value()), headers[i].value());
            }
        }
        assertFalse(records.hasNext());
    }

    private static void assertWeSee(SampleBatch sample, ByteBuffer batch, int at) {
        assertEquals(new BatchCheck.Whole(batch.limit() - at), BatchHeader.check(batch, at));
        assertEquals(sample.baseOffset(), BatchHeader.baseOffset(batch, at));
        assertEquals(sample.leaderEpoch(), BatchHeader.partitionLeaderEpoch(batch, at));
        assertEquals(sample.compression(), BatchHeader.compression(batch, at));
        assertEquals(sample.timestampType(), BatchHeader.timestampType(batch, at));
        assertEquals(sample.producerId(), BatchHeader.producerId(batch, at));
        assertEquals(sample.producerEpoch(), BatchHeader.producerEpoch(batch, at));
        assertEquals(sample.baseSequence(), BatchHeader.baseSequence(batch, at));
        assertEquals(sample.isTransactional(), BatchHeader.isTransactional(batch, at));
        assertEquals(sample.records().size(), BatchHeader.recordCount(batch, at));
        assertEquals(sample.records().getLast().offset(), BatchHeader.lastOffset(batch, at));

        List<Record> records = new ArrayList<>();
        new RecordIterator(batch, at, DecompressionLimit.DEFAULT).forEachRemaining(records::add);
        assertEquals(sample.expected(), records);

        long maxTimestamp =
                sample.records().stream().mapToLong(Record::timestamp).max().orElseThrow();
        BatchContents.Sound sound =
                (BatchContents.Sound) new RecordWalk(DecompressionLimit.DEFAULT).validate(batch, at);
        assertEquals(sample.records().size(), sound.recordCount());
        assertEquals(true, sound.offsetsAreDense());
        if (sample.timestampType() == TimestampType.CREATE_TIME) {
            assertEquals(maxTimestamp, sound.maxTimestamp());
            assertEquals(maxTimestamp, BatchHeader.maxTimestamp(batch, at));
            assertEquals(
                    sample.records().stream()
                            .filter(record -> record.timestamp() == maxTimestamp)
                            .findFirst()
                            .orElseThrow()
                            .offset(),
                    sound.maxTimestampOffset());
        }
        assertEquals(
                sample.records().stream().filter(record -> record.key() == null).count(), sound.recordsWithoutKey());
    }

    private static DefaultRecordBatch official(ByteBuffer batch) {
        List<MutableRecordBatch> batches = new ArrayList<>();
        MemoryRecords.readableRecords(batch).batches().forEach(batches::add);
        assertEquals(1, batches.size());
        return (DefaultRecordBatch) batches.getFirst();
    }
}
