package io.millrace.records;

import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.GzipCompression;
import org.apache.kafka.common.compress.Lz4Compression;
import org.apache.kafka.common.compress.ZstdCompression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.jspecify.annotations.Nullable;

/** One batch as data, which the official classes and ours both can write. */
record SampleBatch(
        Compression compression,
        int level,
        TimestampType timestampType,
        long logAppendTime,
        long baseOffset,
        long producerId,
        short producerEpoch,
        int baseSequence,
        int leaderEpoch,
        boolean isTransactional,
        List<Record> records) {

    static SampleBatch random(SeededRandom random, Compression compression) {
        return random(random, compression, random.pick(1, 2, 10, 100), random.pick(0, 10, 300, 5000));
    }

    static SampleBatch random(SeededRandom random, Compression compression, int maxRecords, int maxValueBytes) {
        boolean idempotent = random.nextBoolean();
        boolean transactional = idempotent && random.nextBoolean();
        TimestampType type = random.chance(0.8) ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
        long baseOffset = random.pick(0L, random.nextLong(0, 1L << 40));
        return new SampleBatch(
                compression,
                level(random, compression),
                type,
                type == TimestampType.LOG_APPEND_TIME ? random.nextLong(0, 1L << 42) : -1,
                baseOffset,
                idempotent ? random.nextLong(0, 1L << 50) : -1,
                (short) (idempotent ? random.nextInt(0, Short.MAX_VALUE) : -1),
                idempotent ? random.pick(0, random.nextInt(0, Integer.MAX_VALUE), Integer.MAX_VALUE) : -1,
                random.pick(-1, 0, random.nextInt(0, 1 << 20)),
                transactional,
                records(random, baseOffset, 1 + random.nextInt(maxRecords), maxValueBytes));
    }

    private static int level(SeededRandom random, Compression compression) {
        if (compression == Compression.ZSTD) return random.pick(3, 1, -5, 9);
        return random.chance(0.5) || compression.maxLevel() == 0
                ? compression.defaultLevel()
                : random.nextInt(compression.minLevel(), compression.maxLevel() + 1);
    }

    private static List<Record> records(SeededRandom random, long baseOffset, int count, int maxValueBytes) {
        long timestamp = random.nextLong(0, 1L << 42);
        List<Record> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            records.add(new Record(
                    baseOffset + i,
                    Math.max(0, timestamp + random.nextInt(-1000, 1000)),
                    bytes(random, 40),
                    bytes(random, maxValueBytes),
                    headers(random)));
        }
        return records;
    }

    private static @Nullable ByteBuffer bytes(SeededRandom random, int maxBytes) {
        if (random.chance(0.1)) return null;
        int size = random.nextInt(maxBytes + 1);
        return ByteBuffer.wrap(random.nextBoolean() ? random.bytes(size) : random.compressibleBytes(size));
    }

    private static List<RecordHeader> headers(SeededRandom random) {
        List<RecordHeader> headers = new ArrayList<>();
        while (random.chance(0.3)) headers.add(new RecordHeader(random.string(12), bytes(random, 20)));
        return headers;
    }

    ByteBuffer writtenByUs() {
        BatchBuilder builder = new BatchBuilder(
                compression,
                level,
                timestampType,
                baseOffset,
                producerId,
                producerEpoch,
                baseSequence,
                leaderEpoch,
                isTransactional,
                false);
        builder.logAppendTime(logAppendTime);
        for (Record record : records)
            builder.append(record.timestamp(), record.key(), record.value(), record.headers());
        return builder.build();
    }

    /** The same records and header with another codec. */
    SampleBatch packedWith(Compression otherCompression, int otherLevel) {
        return new SampleBatch(
                otherCompression,
                otherLevel,
                timestampType,
                logAppendTime,
                baseOffset,
                producerId,
                producerEpoch,
                baseSequence,
                leaderEpoch,
                isTransactional,
                records);
    }

    ByteBuffer writtenOfficially() {
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(1024),
                BatchHeader.MAGIC,
                officialCompression(),
                timestampType == TimestampType.CREATE_TIME
                        ? org.apache.kafka.common.record.TimestampType.CREATE_TIME
                        : org.apache.kafka.common.record.TimestampType.LOG_APPEND_TIME,
                baseOffset,
                logAppendTime,
                producerId,
                producerEpoch,
                baseSequence,
                isTransactional,
                false,
                leaderEpoch);
        for (Record record : records) {
            RecordHeaders headers = new RecordHeaders();
            for (RecordHeader header : record.headers()) headers.add(header.key(), array(header.value()));
            Header[] all = headers.toArray();
            builder.append(record.timestamp(), record.key(), record.value(), all);
        }
        return builder.build().buffer();
    }

    private org.apache.kafka.common.compress.Compression officialCompression() {
        return switch (compression) {
            case NONE -> org.apache.kafka.common.compress.Compression.NONE;
            case GZIP -> new GzipCompression.Builder().level(level).build();
            case SNAPPY -> org.apache.kafka.common.compress.Compression.snappy().build();
            case LZ4 -> new Lz4Compression.Builder().level(level).build();
            case ZSTD -> new ZstdCompression.Builder().level(level).build();
        };
    }

    /** The records a reader should see: with the append time of the batch, if it goes by that. */
    List<Record> expected() {
        if (timestampType == TimestampType.CREATE_TIME) return records;
        return records.stream()
                .map(record ->
                        new Record(record.offset(), logAppendTime, record.key(), record.value(), record.headers()))
                .toList();
    }

    static byte @Nullable [] array(@Nullable ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] array = new byte[buffer.remaining()];
        buffer.get(buffer.position(), array);
        return array;
    }

    static ByteBuffer direct(ByteBuffer heap, int offset) {
        ByteBuffer direct = ByteBuffer.allocateDirect(offset + heap.remaining());
        return direct.put(offset, heap, heap.position(), heap.remaining());
    }
}
