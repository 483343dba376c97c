package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;

class BatchHeaderTest {
    @Test
    void everyTruncationIsTornAndSaysHowMuchIsMissing() {
        Property.check(20, random -> {
            ByteBuffer batch = SampleBatch.random(random, random.pick(Compression.values()), 5, 50)
                    .writtenByUs();
            for (int size = 0; size < batch.limit(); size++) {
                int missing = size < BatchHeader.LOG_OVERHEAD ? BatchHeader.HEADER_BYTES - size : batch.limit() - size;
                assertEquals(new BatchCheck.Torn(missing), BatchHeader.check(batch.slice(0, size), 0));
            }
        });
    }

    @Test
    void everyFlippedBitUnderTheChecksumIsFound() {
        Property.check(10, random -> {
            ByteBuffer batch = SampleBatch.random(random, random.pick(Compression.values()), 3, 30)
                    .writtenByUs();
            for (int bit = 8 * 8; bit < batch.limit() * 8; bit++) {
                int at = bit / 8;
                if (at >= 12 && at < 16) continue; // the leader epoch is not under the checksum
                byte before = batch.get(at);
                batch.put(at, (byte) (before ^ (1 << (bit % 8))));
                BatchCheck check = BatchHeader.check(batch, 0);
                // A longer length makes a batch that is not all there.
                if (at < 12) assertTrue(!(check instanceof BatchCheck.Whole), check::toString);
                else assertInstanceOf(BatchCheck.Corrupt.class, check);
                batch.put(at, before);
            }
            assertEquals(new BatchCheck.Whole(batch.limit()), BatchHeader.check(batch, 0));
        });
    }

    @Test
    void oldFormatsAreRefusedByName() {
        for (byte magic = 0; magic < 2; magic++) {
            ByteBuffer old = ByteBuffer.allocate(40).putInt(8, 28).put(16, magic);
            BatchCheck.Corrupt corrupt = assertInstanceOf(BatchCheck.Corrupt.class, BatchHeader.check(old, 0));
            assertTrue(corrupt.why().contains("message formats 0 and 1"), corrupt.why());
        }
    }

    @Test
    void lengthsNoBatchCanHaveAreCorrupt() {
        SeededRandom random = new SeededRandom(3);
        ByteBuffer batch = SampleBatch.random(random, Compression.NONE).writtenByUs();
        for (int length : new int[] {Integer.MIN_VALUE, -1, 0, 48, Integer.MAX_VALUE, Integer.MAX_VALUE - 11}) {
            batch.putInt(8, length);
            assertInstanceOf(BatchCheck.Corrupt.class, BatchHeader.check(batch, 0), () -> "length " + length);
        }
        batch.putInt(8, Integer.MAX_VALUE - 12);
        assertInstanceOf(BatchCheck.Torn.class, BatchHeader.check(batch, 0));
    }

    @Test
    void theCallersPositionAndLimitStayWhereTheyWere() {
        ByteBuffer batch =
                SampleBatch.random(new SeededRandom(4), Compression.NONE).writtenByUs();
        ByteBuffer larger = ByteBuffer.allocateDirect(batch.limit() + 50);
        larger.put(30, batch, 0, batch.limit()).position(7).limit(batch.limit() + 31);
        assertEquals(new BatchCheck.Whole(batch.limit()), BatchHeader.check(larger, 30));
        assertEquals(7, larger.position());
        assertEquals(batch.limit() + 31, larger.limit());
    }

    @Test
    void placingABatchKeepsItsChecksumAndDatingItRenewsIt() {
        Property.check(random -> {
            ByteBuffer batch = SampleBatch.random(random, random.pick(Compression.values()))
                    .writtenByUs();
            long baseOffset = random.nextLong(0, Long.MAX_VALUE / 2);
            int epoch = random.nextInt(0, Integer.MAX_VALUE);
            long crc = BatchHeader.crc(batch, 0);
            BatchHeader.setBaseOffset(batch, 0, baseOffset);
            BatchHeader.setPartitionLeaderEpoch(batch, 0, epoch);
            assertEquals(crc, BatchHeader.computeCrc(batch, 0));
            long appendedAtMs = random.nextLong(0, 1L << 42);
            BatchHeader.setMaxTimestamp(batch, 0, TimestampType.LOG_APPEND_TIME, appendedAtMs);
            BatchHeader.setProducer(batch, 0, 77, (short) 3, Integer.MAX_VALUE, false);

            MutableRecordBatch official =
                    MemoryRecords.readableRecords(batch).batches().iterator().next();
            official.ensureValid();
            assertEquals(baseOffset, official.baseOffset());
            assertEquals(epoch, official.partitionLeaderEpoch());
            assertEquals(appendedAtMs, official.maxTimestamp());
            assertEquals(77, official.producerId());
            assertEquals(3, official.producerEpoch());
            assertEquals(official.lastSequence(), BatchHeader.lastSequence(batch, 0));
            for (org.apache.kafka.common.record.internal.Record record : official)
                assertEquals(appendedAtMs, record.timestamp());
        });
    }

    @Test
    void sequencesBeginAgainAtZero() {
        assertEquals(0, BatchHeader.sequenceAfter(Integer.MAX_VALUE, 1));
        assertEquals(4, BatchHeader.sequenceAfter(Integer.MAX_VALUE, 5));
        assertEquals(Integer.MAX_VALUE, BatchHeader.sequenceAfter(Integer.MAX_VALUE, 0));
        assertEquals(12, BatchHeader.sequenceAfter(5, 7));
        assertEquals(-1, BatchHeader.lastSequence(BatchBuilders.ofValues("a", "b"), 0));
    }

    @Test
    void whatCannotBeTrueOfAnyRecordsIsAContradiction() {
        ByteBuffer batch = BatchBuilders.ofValues("a", "b");
        assertTrue(BatchHeader.contradiction(batch, 0).isEmpty());
        assertEquals("3 records do not fit into the 2 offsets of the batch", contradiction(batch, 57, 3));
        assertEquals("record count -1 is negative", contradiction(batch, 57, -1));
        assertEquals("last offset delta -2 is negative", contradiction(batch, 23, -2));
        for (int id = 5; id <= 7; id++) {
            ByteBuffer changed = BatchBuilders.copy(batch).putShort(21, (short) id);
            assertEquals(
                    "compression id " + id + " names no codec",
                    BatchHeader.contradiction(changed, 0).orElseThrow());
        }
        assertTrue(BatchHeader.contradiction(BatchBuilders.copy(batch).putInt(57, 0), 0)
                .isEmpty());
    }

    @Test
    void batchesStandOneBehindTheOther() {
        ByteBuffer first = BatchBuilders.ofValues("a");
        MemoryRecords second = MemoryRecords.withRecords(
                7, org.apache.kafka.common.compress.Compression.NONE, new SimpleRecord(new byte[3]));
        ByteBuffer log = ByteBuffer.allocate(first.limit() + second.sizeInBytes())
                .put(first.duplicate())
                .put(second.buffer())
                .flip();
        BatchCheck.Whole whole = (BatchCheck.Whole) BatchHeader.check(log, 0);
        assertEquals(first.limit(), whole.sizeBytes());
        assertEquals(new BatchCheck.Whole(second.sizeInBytes()), BatchHeader.check(log, whole.sizeBytes()));
        assertEquals(7, BatchHeader.baseOffset(log, whole.sizeBytes()));
    }

    private static String contradiction(ByteBuffer batch, int at, int value) {
        return BatchHeader.contradiction(BatchBuilders.copy(batch).putInt(at, value), 0)
                .orElseThrow();
    }
}
