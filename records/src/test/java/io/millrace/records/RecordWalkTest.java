package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordWalkTest {
    private final RecordWalk walk = new RecordWalk(DecompressionLimit.DEFAULT);

    @Test
    void everyTruncationOfTheRecordsIsRefused() {
        Property.check(20, random -> {
            SampleBatch sample = SampleBatch.random(random, Compression.NONE, 3, 30);
            byte[] records = BatchBuilders.records(sample.writtenByUs());
            int recordCount = sample.records().size();
            for (int size = 0; size < records.length; size++) {
                byte[] cut = Arrays.copyOf(records, size);
                assertInstanceOf(
                        BatchContents.Faulty.class,
                        walk.validate(BatchBuilders.ofPacked(Compression.NONE, recordCount, cut), 0));
            }
        });
    }

    @Test
    void damagedRecordsAreRefusedOrReadButNothingElseHappens() {
        Property.check(300, random -> {
            Compression compression = random.pick(Compression.values());
            ByteBuffer batch = SampleBatch.random(random, compression, 5, 60).writtenByUs();
            for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                int at = random.nextInt(BatchHeader.HEADER_BYTES, batch.limit());
                batch.put(at, (byte) random.nextInt());
            }
            BatchContents contents = walk.validate(batch, 0);
            if (contents instanceof BatchContents.Sound sound)
                assertEquals(BatchHeader.recordCount(batch, 0), sound.recordCount());
        });
    }

    @Test
    void recordsThatContradictTheirHeaderAreRefused() {
        ByteBuffer batch = BatchBuilders.ofValues("a", "b", "c");
        assertFaultyBecause("follow the last of 2", BatchBuilders.copy(batch).putInt(57, 2));
        BatchBuilder gapped = BatchBuilder.plain(0, 0);
        gapped.appendAt(0, 1, null, null, List.of());
        gapped.appendAt(5, 1, null, null, List.of());
        assertFaultyBecause("offset delta 5 after 0", gapped.build().putInt(23, 4));
        assertFaultyBecause(
                "record 3 of 4: varint", BatchBuilders.copy(batch).putInt(23, 3).putInt(57, 4));
    }

    @Test
    void offsetsThatDoNotRiseAreRefused() {
        byte[] one = BatchBuilders.records(BatchBuilders.ofValues("a"));
        byte[] twice = new byte[2 * one.length];
        System.arraycopy(one, 0, twice, 0, one.length);
        System.arraycopy(one, 0, twice, one.length, one.length);
        assertFaultyBecause("offset delta 0 after 0", BatchBuilders.ofPacked(Compression.NONE, 2, twice));
    }

    @Test
    void gapsThatCompactionLeftAreAllowedAndReported() {
        BatchBuilder builder = BatchBuilder.plain(50, 1);
        builder.appendAt(52, 1, null, null, List.of());
        builder.appendAt(59, 2, null, null, List.of());
        ByteBuffer batch = builder.build();
        assertEquals(new BatchContents.Sound(2, 2, 59, 2, false, 7), walk.validate(batch, 0));
        assertEquals(59, BatchHeader.lastOffset(batch, 0));
    }

    @Test
    void anEmptiedBatchHasNoRecordsWhateverItsCompression() {
        for (Compression compression : Compression.values()) {
            ByteBuffer batch =
                    BatchBuilders.ofPacked(compression, 1, new byte[0]).putInt(57, 0);
            assertEquals(new BatchContents.Sound(0, -1, -1, 0, false, 0), walk.validate(batch, 0));
        }
    }

    @Test
    void headerCountsAreBoundedByTheBytesThatAreLeft() {
        // size, attributes, time stamp, offset, key, value, then 2^28 headers
        byte[] record = {20, 0, 0, 0, 1, 1, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 2};
        assertFaultyBecause("headers in 0 bytes", BatchBuilders.ofPacked(Compression.NONE, 1, record));
        ByteBuffer batch = BatchBuilders.ofPacked(Compression.NONE, 1, record);
        RecordIterator iterator = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT);
        assertThrows(InvalidBatch.class, iterator::hasNext);
    }

    @Test
    void walkingMakesNoObjectPerRecord() {
        BatchBuilder builder = BatchBuilder.forProducer(Compression.NONE, 0);
        byte[] value = new byte[10];
        for (int i = 0; i < 20_000; i++)
            builder.append(i, value, value, List.of(new RecordHeader("k", ByteBuffer.wrap(value))));
        ByteBuffer batch = builder.build();
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        walkThrough(batch);
        long before = threads.getCurrentThreadAllocatedBytes();
        long sum = walkThrough(batch);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(20_000L * 19_999 / 2, sum);
        assertTrue(allocated < 4096, () -> allocated + " bytes for 20000 records");
    }

    private long walkThrough(ByteBuffer batch) {
        assertInstanceOf(BatchCheck.Whole.class, BatchHeader.check(batch, 0));
        walk.begin(batch, 0);
        long sum = 0;
        while (walk.next()) sum += walk.timestamp();
        return sum;
    }

    private void assertFaultyBecause(String why, ByteBuffer batch) {
        BatchContents.Faulty faulty = assertInstanceOf(BatchContents.Faulty.class, walk.validate(batch, 0));
        assertTrue(faulty.why().contains(why), faulty.why());
    }
}
