package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What becomes of messages of formats 0 and 1, beside what the official classes read in both forms. */
class LegacyConversionTest {
    private static final org.apache.kafka.common.compress.Compression[] CODECS = {
        org.apache.kafka.common.compress.Compression.NONE,
        org.apache.kafka.common.compress.Compression.gzip().build(),
        org.apache.kafka.common.compress.Compression.snappy().build(),
        org.apache.kafka.common.compress.Compression.lz4().build()
    };

    private static byte @Nullable [] bytes(SeededRandom random) {
        if (random.chance(0.2)) return null;
        return "x".repeat(random.nextInt(random.chance(0.05) ? 9_000 : 200)).getBytes(StandardCharsets.UTF_8);
    }

    /** A write of an old broker; with gaps in its offsets, as a compaction of that time left them. */
    private static ByteBuffer messages(SeededRandom random, byte magic, long baseOffset) {
        var type = magic == 0
                ? org.apache.kafka.common.record.TimestampType.NO_TIMESTAMP_TYPE
                : random.pick(
                        org.apache.kafka.common.record.TimestampType.CREATE_TIME,
                        org.apache.kafka.common.record.TimestampType.LOG_APPEND_TIME);
        long appendTime = random.pick(5_000L, 6_000L);
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(256), magic, random.pick(CODECS), type, baseOffset, appendTime);
        long offset = baseOffset;
        for (int i = random.nextInt(1, 12); i > 0; i--) {
            builder.appendWithOffset(
                    offset, new SimpleRecord(magic == 0 ? -1 : random.nextInt(9_000), bytes(random), bytes(random)));
            offset += random.chance(0.3) ? random.nextInt(1, 1_000) : 1;
        }
        return builder.build().buffer();
    }

    private static ByteBuffer log(SeededRandom random) {
        ByteBuffer log = ByteBuffer.allocate(1 << 20);
        long next = random.pick(0L, 17L, 1L << 40);
        for (int writes = random.nextInt(1, 12); writes > 0; writes--) {
            ByteBuffer messages = messages(random, random.pick((byte) 0, (byte) 1), next);
            log.put(messages.duplicate());
            for (int at = 0; at < messages.limit(); at += BatchHeader.sizeBytes(messages, at))
                next = LegacyBatch.lastOffset(messages, at) + 1;
        }
        return log.flip();
    }

    private static List<ByteBuffer> converted(ByteBuffer log) {
        LegacyConversion conversion = new LegacyConversion(DecompressionLimit.DEFAULT);
        List<ByteBuffer> batches = new ArrayList<>();
        boolean isOpen = false;
        for (int at = 0; at < log.limit(); at += BatchHeader.sizeBytes(log, at)) {
            if (isOpen && !conversion.takes(log, at)) batches.add(conversion.build());
            conversion.add(log, at);
            isOpen = true;
        }
        batches.add(conversion.build());
        return batches;
    }

    private static List<String> told(ByteBuffer log) {
        List<String> told = new ArrayList<>();
        for (var batch : MemoryRecords.readableRecords(log.duplicate()).batches()) {
            batch.ensureValid();
            for (var record : batch)
                told.add(record.offset() + "@" + record.timestamp() + "/"
                        + (batch.timestampType() == org.apache.kafka.common.record.TimestampType.LOG_APPEND_TIME) + " "
                        + text(record.key()) + "=" + text(record.value()) + " " + batch.compressionType().name);
        }
        return told;
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    @Test
    void theOfficialReaderFindsTheSameRecordsTimesAndCodecsBeforeAndAfter() {
        Property.check(300, random -> {
            ByteBuffer log = log(random);
            List<String> after = new ArrayList<>();
            for (ByteBuffer batch : converted(log)) {
                assertInstanceOf(BatchCheck.Whole.class, BatchHeader.check(batch, 0));
                assertInstanceOf(
                        BatchContents.Sound.class, new RecordWalk(DecompressionLimit.DEFAULT).validate(batch, 0));
                assertEquals(2, BatchHeader.magic(batch, 0));
                assertEquals(BatchHeader.NO_LEADER_EPOCH, BatchHeader.partitionLeaderEpoch(batch, 0));
                after.addAll(told(batch));
            }
            assertEquals(told(log), after);
        });
    }

    @Test
    void messagesWithoutCompressionShareABatchUpToItsSize() {
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(256),
                (byte) 1,
                CODECS[0],
                org.apache.kafka.common.record.TimestampType.CREATE_TIME,
                0,
                0L);
        for (int i = 0; i < 1_000; i++) builder.append(i, new byte[8], new byte[100]);
        ByteBuffer log = builder.build().buffer();
        List<ByteBuffer> batches = converted(log);
        assertEquals(log.limit() / LegacyConversion.GATHERED_BYTES + 1, batches.size());
        assertTrue(batches.stream().mapToInt(ByteBuffer::limit).sum() < log.limit());
    }

    /** Whoever writes the checksum can write anything: nothing but {@link InvalidBatch} may come of it. */
    @Test
    void hostileMessagesAreRefusedAndNothingOfThemIsKept() {
        Property.check(1_000, random -> {
            ByteBuffer good = messages(random, (byte) 1, 0);
            ByteBuffer bad = messages(random, random.pick((byte) 0, (byte) 1), 5_000);
            int size = BatchHeader.sizeBytes(bad, 0);
            for (int i = 0; i < 3; i++) bad.put(random.nextInt(17, size), (byte) random.nextInt(256));
            if (random.chance(0.2)) bad.putLong(0, random.anyLong());
            LegacyConversion conversion = new LegacyConversion(DecompressionLimit.DEFAULT);
            conversion.add(good, 0);
            int before = conversion.recordCount();
            try {
                if (!conversion.takes(bad.limit(size), 0)) conversion.build();
                conversion.add(bad, 0);
                assertInstanceOf(BatchCheck.Whole.class, BatchHeader.check(conversion.build(), 0));
            } catch (InvalidBatch refused) {
                assertTrue(String.valueOf(refused.getMessage()).length() > 5);
                assertEquals(before, conversion.recordCount());
            }
        });
    }

    @Test
    void offsetsThatNoBatchCanHoldAreRefused() {
        ByteBuffer inner = ByteBuffer.allocate(2 * LegacyBatch.SMALLEST_BYTES);
        for (int i = 0; i < 2; i++) {
            int at = i * LegacyBatch.SMALLEST_BYTES;
            inner.putLong(at, i * (1L << 40)).putInt(at + 8, LegacyBatch.SMALLEST_BYTES - 12);
            inner.putInt(at + 18, -1).putInt(at + 22, -1);
            seal(inner.slice(at, LegacyBatch.SMALLEST_BYTES));
        }
        Scratch packed = new Scratch(new byte[256], 1 << 20);
        Codec.compress(Compression.GZIP, inner.array(), 0, inner.capacity(), 6, packed);
        ByteBuffer wrapper = ByteBuffer.allocate(LegacyBatch.SMALLEST_BYTES + packed.size());
        wrapper.putLong(0, 1L << 40).putInt(8, wrapper.limit() - 12).put(17, (byte) 1);
        wrapper.putInt(18, -1).putInt(22, packed.size()).put(26, packed.bytes(), 0, packed.size());
        seal(wrapper);
        assertInstanceOf(BatchCheck.Whole.class, LegacyBatch.check(wrapper, 0));
        LegacyConversion conversion = new LegacyConversion(DecompressionLimit.DEFAULT);
        InvalidBatch refused = assertThrows(InvalidBatch.class, () -> conversion.add(wrapper, 0));
        assertTrue(String.valueOf(refused.getMessage()).contains("cannot be one batch"), refused::toString);
        assertThrows(IllegalStateException.class, conversion::build);
    }

    private static void seal(ByteBuffer message) {
        CRC32 crc = new CRC32();
        crc.update(message.slice(16, message.limit() - 16));
        message.putInt(12, (int) crc.getValue());
    }
}
