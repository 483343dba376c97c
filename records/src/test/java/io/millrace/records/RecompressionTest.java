package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class RecompressionTest {
    @Test
    void aBatchPackedAnewIsTheOneThatTheCodecWouldHaveMade() {
        Property.check(150, random -> {
            SampleBatch sample = SampleBatch.random(random, random.pick(Compression.values()));
            Compression target = random.pick(Compression.values());
            ByteBuffer source = sample.writtenByUs();
            ByteBuffer copy = BatchBuilders.copy(source);
            int before = random.nextInt(10);
            ByteBuffer given = random.nextBoolean()
                    ? ByteBuffer.allocate(before + source.remaining()).put(before, source, 0, source.remaining())
                    : SampleBatch.direct(source, before);
            ByteBuffer packed =
                    Recompression.of(given, before, target, target.defaultLevel(), DecompressionLimit.DEFAULT);
            assertEquals(sample.packedWith(target, target.defaultLevel()).writtenByUs(), packed);
            assertInstanceOf(BatchCheck.Whole.class, BatchHeader.check(packed, 0));
            assertEquals(copy, given.slice(before, copy.remaining()));
        });
    }

    @Test
    void aBombIsRefusedAtTheLimit() {
        byte[] zeros = new byte[1 << 20];
        Scratch packed = new Scratch(new byte[1024], 1 << 20);
        Codec.compress(Compression.GZIP, zeros, 0, zeros.length, 9, packed);
        ByteBuffer bomb =
                BatchBuilders.ofPacked(Compression.GZIP, 1, java.util.Arrays.copyOf(packed.bytes(), packed.size()));
        DecompressionLimit small = new DecompressionLimit(1 << 16, 1100, 1 << 16);
        InvalidBatch refused =
                assertThrows(InvalidBatch.class, () -> Recompression.of(bomb, 0, Compression.LZ4, 9, small));
        assertTrue(String.valueOf(refused.getMessage()).contains("65536"));
    }

    @Test
    void aWalkRefusesALargeRecordOfACompressedBatchOnly() {
        String value = "x".repeat(1_000);
        ByteBuffer plain = BatchBuilders.ofValues(value);
        ByteBuffer packed = BatchBuilders.ofValues(Compression.LZ4, value);
        RecordWalk walk = new RecordWalk(DecompressionLimit.DEFAULT);
        walk.begin(plain, 0);
        assertTrue(walk.next());
        int body = walk.sizeBytes() - 2;
        assertInstanceOf(
                BatchContents.Sound.class,
                new RecordWalk(DecompressionLimit.DEFAULT.withMaxRecordBytes(body)).validate(packed, 0));
        assertInstanceOf(
                BatchContents.Faulty.class,
                new RecordWalk(DecompressionLimit.DEFAULT.withMaxRecordBytes(body - 1)).validate(packed, 0));
        assertInstanceOf(
                BatchContents.Sound.class,
                new RecordWalk(DecompressionLimit.DEFAULT.withMaxRecordBytes(1)).validate(plain, 0));
    }
}
