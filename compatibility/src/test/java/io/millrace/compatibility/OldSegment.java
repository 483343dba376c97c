package io.millrace.compatibility;

import io.millrace.compatibility.program.RecordRule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;

/**
 * A segment whose batches are of formats 0, 1 and 2, made with the official classes, as brokers before 0.11 and after
 * left it.
 *
 * <p>Record {@code n} of a partition has the value {@code n}, no key if {@code n} is even, and is {@code n} seconds younger
 * than {@link RecordRule#FIRST_TIMESTAMP_MS}; format 0 has no time stamps.
 */
final class OldSegment {
    /** The time stamp that the broker gave to batches with log append time. */
    static final long APPENDED_AT_MS = 1_500_000_000_000L;

    private static final int BATCH_BYTES = 64 << 10;

    private final long baseOffset;
    private final List<ByteBuffer> batches = new ArrayList<>();
    private final List<Long> timestamps = new ArrayList<>();

    OldSegment(long baseOffset) {
        this.baseOffset = baseOffset;
    }

    /** Adds a batch (a wrapper message if compressed, else so many messages) with the next so many records. */
    OldSegment add(int format, String codec, int recordCount) {
        return add(format, codec, recordCount, TimestampType.CREATE_TIME);
    }

    /** The same, of format 1 or later, with {@link #APPENDED_AT_MS} as the time stamp of all its records. */
    OldSegment addAppended(int format, String codec, int recordCount) {
        return add(format, codec, recordCount, TimestampType.LOG_APPEND_TIME);
    }

    private OldSegment add(int format, String codec, int recordCount, TimestampType wanted) {
        TimestampType type = format == 0 ? TimestampType.NO_TIMESTAMP_TYPE : wanted;
        boolean isAppended = wanted == TimestampType.LOG_APPEND_TIME;
        Compression compression = Compression.of(CompressionType.forName(codec)).build();
        try (var builder = MemoryRecords.builder(
                ByteBuffer.allocate(BATCH_BYTES),
                (byte) format,
                compression,
                type,
                nextOffset(),
                isAppended ? APPENDED_AT_MS : -1)) {
            for (int i = 0; i < recordCount; i++) {
                long number = nextOffset();
                long createdAtMs = format == 0 ? -1 : RecordRule.FIRST_TIMESTAMP_MS + 1000 * number;
                builder.append(createdAtMs, key(number), text(number));
                timestamps.add(isAppended ? APPENDED_AT_MS : createdAtMs);
            }
            batches.add(builder.build().buffer());
        }
        return this;
    }

    /** The key of record {@code number}. */
    static byte @Nullable [] key(long number) {
        return number % 2 == 0 ? null : ("key " + number).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] text(long number) {
        return String.valueOf(number).getBytes(StandardCharsets.UTF_8);
    }

    /** The offset after its last record. */
    long nextOffset() {
        return baseOffset + timestamps.size();
    }

    /** The time stamps of its records, in order; -1 for those of format 0. */
    List<Long> timestamps() {
        return timestamps;
    }

    /** Writes it into a partition's directory, without indexes. */
    void write(Path partition) throws IOException {
        Path file = partition.resolve(String.format(Locale.ROOT, "%020d.log", baseOffset));
        try (var channel = Files.newByteChannel(
                file,
                java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.WRITE,
                java.nio.file.StandardOpenOption.TRUNCATE_EXISTING)) {
            for (ByteBuffer batch : batches) {
                ByteBuffer bytes = batch.duplicate();
                while (bytes.hasRemaining()) channel.write(bytes);
            }
        }
    }
}
