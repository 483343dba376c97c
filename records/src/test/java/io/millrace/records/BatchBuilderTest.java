package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchBuilderTest {
    @Test
    void theSizeItForetellsIsTheSizeItReaches() {
        Property.check(random -> {
            SampleBatch sample = SampleBatch.random(random, Compression.NONE);
            BatchBuilder builder = BatchBuilder.plain(0, 0).expecting(random.pick(0, 100, 10_000));
            for (Record record : sample.records()) {
                long foretold =
                        builder.sizeBytesWith(record.timestamp(), record.key(), record.value(), record.headers());
                builder.append(record.timestamp(), record.key(), record.value(), record.headers());
                assertEquals(foretold, builder.sizeBytes());
            }
            assertEquals(sample.records().size(), builder.nextOffset());
            int sizeBytes = builder.sizeBytes();
            assertEquals(sizeBytes, builder.build().limit());
        });
    }

    @Test
    void arraysAndBuffersMakeTheSameBatchAndALimitIsKept() {
        Property.check(random -> {
            Compression compression = random.pick(Compression.NONE, Compression.GZIP);
            SampleBatch sample = SampleBatch.random(random, compression);
            BatchBuilder ofBuffers = BatchBuilder.forProducer(compression, compression.defaultLevel());
            byte[] memory = random.bytes(random.nextInt(2_000));
            BatchBuilder ofArrays = BatchBuilder.forProducer(compression, compression.defaultLevel())
                    .in(memory);
            for (Record record : sample.records()) {
                byte[] key = bytes(record.key());
                byte[] value = bytes(record.value());
                long with = ofBuffers.sizeBytesWith(record.timestamp(), record.key(), record.value(), record.headers());
                assertTrue(
                        ofBuffers.recordCount() > 0 || with <= BatchBuilder.mostBytesFor(key, value, record.headers()));
                boolean isFirst = ofArrays.recordCount() == 0;
                assertEquals(
                        isFirst,
                        ofArrays.appendWithin((int) with - 1, record.timestamp(), key, value, record.headers()));
                if (!isFirst) {
                    assertTrue(ofArrays.appendWithin((int) with, record.timestamp(), key, value, record.headers()));
                }
                ofBuffers.append(record.timestamp(), record.key(), record.value(), record.headers());
                assertEquals(ofBuffers.sizeBytes(), ofArrays.sizeBytes());
            }
            assertEquals(ofBuffers.build(), ofArrays.build());
        });
    }

    @Test
    @SuppressWarnings("ByteBufferBackingArray") // Which array it is, is the question.
    void aBatchPackedInMemoryUsedBeforeIsTheOneItWouldBeOtherwise() {
        PackingMemory packing = new PackingMemory();
        Property.check(random -> {
            Compression compression = random.pick(Compression.values());
            SampleBatch sample = SampleBatch.random(random, compression);
            BatchBuilder plain = BatchBuilder.forProducer(compression, compression.defaultLevel());
            byte[] memory = random.bytes(random.pick(100, 10_000, 300_000));
            BatchBuilder inMemory = BatchBuilder.forProducer(compression, compression.defaultLevel())
                    .in(memory);
            for (Record record : sample.records()) {
                plain.append(record.timestamp(), record.key(), record.value(), record.headers());
                inMemory.append(record.timestamp(), record.key(), record.value(), record.headers());
            }
            boolean hasRoom = inMemory.sizeBytes() <= memory.length;
            ByteBuffer built = inMemory.build(packing);
            byte[] next = packing.take(1);
            Arrays.fill(next, (byte) 1); // As the next batch would.
            packing.keep(next);
            assertEquals(plain.build(), built);
            if (hasRoom && built.limit() <= memory.length) assertSame(memory, built.array());
        });
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    @Test
    void aBuiltBatchTakesNoMoreRecords() {
        BatchBuilder builder = BatchBuilder.plain(7, 1);
        assertThrows(IllegalStateException.class, builder::build);
        ByteBuffer value = ByteBuffer.wrap(new byte[] {1, 2, 3}).position(1);
        assertEquals(7, builder.append(5, null, value, List.of()));
        assertEquals(1, value.position());
        ByteBuffer batch = builder.build();
        assertEquals(
                value,
                new RecordIterator(batch, 0, DecompressionLimit.DEFAULT).next().value());
        assertThrows(IllegalStateException.class, builder::build);
        assertThrows(IllegalStateException.class, () -> builder.append(5, null, value, List.of()));
    }

    @Test
    void offsetsRiseFromTheBaseOffset() {
        BatchBuilder builder = BatchBuilder.plain(10, 0);
        assertThrows(IllegalArgumentException.class, () -> builder.appendAt(9, 0, null, null, List.of()));
        builder.appendAt(12, 0, null, null, List.of());
        assertThrows(IllegalArgumentException.class, () -> builder.appendAt(12, 0, null, null, List.of()));
        assertThrows(
                IllegalArgumentException.class,
                () -> builder.appendAt(11L + Integer.MAX_VALUE, 0, null, null, List.of()));
        assertEquals(13, builder.nextOffset());
        assertThrows(IllegalStateException.class, () -> builder.deleteHorizon(5));
    }

    @Test
    void aProducerLearnsItsSequenceLast() {
        BatchBuilder builder = BatchBuilder.forProducer(Compression.LZ4, 9);
        builder.append(1, new byte[] {1}, new byte[] {2}, List.of());
        ByteBuffer batch = builder.producer(44, (short) 2, 900, true).build();
        assertEquals(44, BatchHeader.producerId(batch, 0));
        assertEquals(2, BatchHeader.producerEpoch(batch, 0));
        assertEquals(900, BatchHeader.lastSequence(batch, 0));
        assertEquals(new BatchCheck.Whole(batch.limit()), BatchHeader.check(batch, 0));
    }
}
