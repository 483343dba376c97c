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

/** Messages of formats 0 and 1 as the official classes write and read them. */
class LegacyBatchTest {
    private static final org.apache.kafka.common.compress.Compression[] CODECS = {
        org.apache.kafka.common.compress.Compression.NONE,
        org.apache.kafka.common.compress.Compression.gzip().build(),
        org.apache.kafka.common.compress.Compression.snappy().build(),
        org.apache.kafka.common.compress.Compression.lz4().build()
    };

    private static byte @Nullable [] bytes(SeededRandom random) {
        if (random.chance(0.2)) return null;
        return "x".repeat(random.nextInt(200)).getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer messages(SeededRandom random, byte magic) {
        var type = magic == 0
                ? org.apache.kafka.common.record.TimestampType.NO_TIMESTAMP_TYPE
                : random.pick(
                        org.apache.kafka.common.record.TimestampType.CREATE_TIME,
                        org.apache.kafka.common.record.TimestampType.LOG_APPEND_TIME);
        long baseOffset = random.pick(0L, 17L, 1L << 40);
        MemoryRecordsBuilder builder =
                MemoryRecords.builder(ByteBuffer.allocate(256), magic, random.pick(CODECS), type, baseOffset, 5_000L);
        int count = random.nextInt(1, 12);
        for (int i = 0; i < count; i++) {
            builder.appendWithOffset(
                    baseOffset + i,
                    new SimpleRecord(magic == 0 ? -1 : random.nextInt(9_000), bytes(random), bytes(random)));
        }
        return builder.build().buffer();
    }

    private static List<String> told(ByteBuffer messages) {
        List<String> told = new ArrayList<>();
        for (int at = 0; at < messages.limit(); at += BatchHeader.sizeBytes(messages, at))
            for (Record record : LegacyBatch.records(messages, at, DecompressionLimit.DEFAULT))
                told.add(record.offset() + "@" + record.timestamp() + " " + text(record.key()) + "="
                        + text(record.value()));
        return told;
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    @Test
    void messagesOfTheOfficialClassesAreReadAsTheyReadThem() {
        Property.check(300, random -> {
            ByteBuffer messages = messages(random, random.pick((byte) 0, (byte) 1));
            List<String> expected = new ArrayList<>();
            for (var record :
                    MemoryRecords.readableRecords(messages.duplicate()).records())
                expected.add(record.offset() + "@" + record.timestamp() + " " + text(record.key()) + "="
                        + text(record.value()));
            assertEquals(expected, told(messages));
            int at = 0;
            for (var batch : MemoryRecords.readableRecords(messages.duplicate()).batches()) {
                assertTrue(LegacyBatch.isLegacy(messages, at));
                assertEquals(new BatchCheck.Whole(batch.sizeInBytes()), LegacyBatch.check(messages, at));
                assertEquals(batch.lastOffset(), LegacyBatch.lastOffset(messages, at));
                assertEquals(batch.maxTimestamp(), LegacyBatch.maxTimestamp(messages, at));
                assertEquals(batch.compressionType().id, LegacyBatch.compressionId(messages, at));
                at += batch.sizeInBytes();
            }
            assertEquals(messages.limit(), at);
        });
    }

    @Test
    void everyCutMessageIsTornAndEveryFlippedBitIsFound() {
        Property.check(60, random -> {
            ByteBuffer messages = messages(random, random.pick((byte) 0, (byte) 1));
            int size = BatchHeader.sizeBytes(messages, 0);
            for (int length = 0; length < size; length++)
                assertInstanceOf(
                        BatchCheck.Torn.class,
                        LegacyBatch.check(messages.duplicate().limit(length), 0));
            ByteBuffer broken = BatchBuilders.copy(messages);
            int at = random.nextInt(BatchHeader.LOG_OVERHEAD, size);
            broken.put(at, (byte) (broken.get(at) ^ (1 << random.nextInt(8))));
            assertInstanceOf(BatchCheck.Corrupt.class, LegacyBatch.check(broken, 0));
        });
    }

    /** Whoever writes the checksum can write anything: nothing but {@link InvalidBatch} may come of it. */
    @Test
    void hostileMessagesAreRefused() {
        Property.check(2_000, random -> {
            ByteBuffer messages = messages(random, random.pick((byte) 0, (byte) 1));
            int size = BatchHeader.sizeBytes(messages, 0);
            for (int i = 0; i < 3; i++) {
                int at = random.nextInt(17, size);
                messages.put(at, (byte) random.nextInt(256));
            }
            try {
                told(messages.limit(size));
            } catch (InvalidBatch expected) {
                assertTrue(String.valueOf(expected.getMessage()).length() > 5);
            }
        });
    }

    @Test
    void aRecordOfAWrapperIsBoundedAndOneByItselfIsNot() {
        Property.check(200, random -> {
            ByteBuffer messages = messages(random, random.pick((byte) 0, (byte) 1));
            for (int at = 0; at < messages.limit(); at += BatchHeader.sizeBytes(messages, at)) {
                int from = at;
                boolean isWrapper = LegacyBatch.compressionId(messages, at) != 0;
                DecompressionLimit none = DecompressionLimit.DEFAULT.withMaxRecordBytes(0);
                if (isWrapper) {
                    InvalidBatch refused =
                            assertThrows(InvalidBatch.class, () -> LegacyBatch.records(messages, from, none));
                    assertTrue(String.valueOf(refused.getMessage()).contains("max.decompressed.message.bytes"));
                } else {
                    assertEquals(1, LegacyBatch.records(messages, at, none).size());
                }
            }
        });
    }

    @Test
    void aBombWithinAWrapperIsRefused() {
        byte[] zeros = new byte[20 << 20];
        Scratch packed = new Scratch(new byte[1024], 1 << 20);
        Codec.compress(Compression.GZIP, zeros, 0, zeros.length, 9, packed);
        ByteBuffer wrapper = ByteBuffer.allocate(34 + packed.size());
        wrapper.putLong(0, 3).putInt(8, wrapper.limit() - 12).put(16, (byte) 1).put(17, (byte) 1);
        wrapper.putInt(26, -1).putInt(30, packed.size()).put(34, packed.bytes(), 0, packed.size());
        CRC32 crc = new CRC32();
        crc.update(wrapper.slice(16, wrapper.limit() - 16));
        wrapper.putInt(12, (int) crc.getValue());
        assertInstanceOf(BatchCheck.Whole.class, LegacyBatch.check(wrapper, 0));
        DecompressionLimit small = new DecompressionLimit(1 << 20, 1100, 1 << 16);
        InvalidBatch refused = assertThrows(InvalidBatch.class, () -> LegacyBatch.records(wrapper, 0, small));
        assertTrue(String.valueOf(refused.getMessage()).contains("unpacks to more"));
    }
}
