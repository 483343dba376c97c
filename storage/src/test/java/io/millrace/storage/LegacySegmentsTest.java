package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchHeader;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Segments that brokers before 0.11 left, opened by Apache's log and by ours. */
class LegacySegmentsTest {
    static final Map<String, String> CONFIG =
            Map.of("index.interval.bytes", "200", "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));
    private static final Compression[] CODECS = {
        Compression.NONE,
        Compression.gzip().build(),
        Compression.snappy().build(),
        Compression.lz4().build()
    };

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;

    private Path freshDirectory() throws IOException {
        return Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
    }

    /** One write of an old broker: some messages without compression, or one wrapper. */
    private static ByteBuffer write(SeededRandom random, byte magic, long baseOffset, int count) {
        TimestampType type = magic == 0
                ? TimestampType.NO_TIMESTAMP_TYPE
                : random.pick(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME);
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(256), magic, random.pick(CODECS), type, baseOffset, random.nextInt(2_000));
        for (int i = 0; i < count; i++) {
            byte[] value = ("v" + "x".repeat(random.nextInt(80))).getBytes(StandardCharsets.UTF_8);
            builder.appendWithOffset(
                    baseOffset + i,
                    new SimpleRecord(
                            magic == 0 ? -1 : random.nextInt(2_000),
                            ("k" + i).getBytes(StandardCharsets.UTF_8),
                            value));
        }
        return builder.build().buffer();
    }

    /** Segments as they grow over the years: format 0, then 1, then 2; returns the end. */
    static long fill(SeededRandom random, Path directory) throws IOException {
        long next = random.pick(0L, 5L);
        int segments = random.nextInt(1, 4);
        byte magic = (byte) random.nextInt(2);
        for (int i = 0; i < segments; i++) {
            Path file = directory.resolve(SegmentFileNames.of(next, SegmentFileNames.LOG));
            List<ByteBuffer> writes = new ArrayList<>();
            int size = 0;
            for (int k = random.nextInt(1, 15); k > 0; k--) {
                if (magic < 2 && random.chance(0.15)) magic++;
                int count = random.nextInt(1, 6);
                ByteBuffer batch = write(random, magic, next, count);
                next += count;
                size += batch.remaining();
                writes.add(batch);
            }
            ByteBuffer content = ByteBuffer.allocate(size);
            for (ByteBuffer batch : writes) content.put(batch);
            Files.write(file, content.array());
        }
        return next;
    }

    private static ByteBuffer bytes(ReadOutcome outcome) {
        ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, outcome);
        try {
            return slice.records().toBuffer();
        } finally {
            slice.records().release();
        }
    }

    private static ByteBuffer theirBytes(UnifiedLog log, long from, int maxBytes) throws IOException {
        var records = log.read(from, maxBytes, FetchIsolation.LOG_END, true).records;
        ByteBuffer buffer = ByteBuffer.allocate(records.sizeInBytes());
        if (records instanceof org.apache.kafka.common.record.internal.FileRecords file) file.readInto(buffer, 0);
        else if (records instanceof MemoryRecords memory)
            buffer.put(memory.buffer()).flip();
        return buffer;
    }

    private static void compare(SeededRandom random, PartitionLog ours, UnifiedLog theirs) throws IOException {
        assertEquals(theirs.logEndOffset(), ours.logEndOffset());
        assertEquals(theirs.logStartOffset(), ours.logStartOffset());
        for (long from = ours.logStartOffset(); from < ours.logEndOffset(); from++) {
            int maxBytes = random.pick(1, 100, 1_000, 100_000);
            assertEquals(
                    theirBytes(theirs, from, maxBytes),
                    bytes(ours.read(from, maxBytes, true, ours.logEndOffset())),
                    "from " + from + ", " + maxBytes + " bytes");
        }
        // Apache's look-up ends at the first segment without time stamps, whose file is young; its reader tells them
        // all.
        List<org.apache.kafka.common.record.internal.Record> records = new ArrayList<>();
        for (long next = theirs.logStartOffset(); next < theirs.logEndOffset(); ) {
            for (var record :
                    MemoryRecords.readableRecords(theirBytes(theirs, next, 1)).records())
                if (record.offset() >= next) records.add(record);
            next = records.getLast().offset() + 1;
        }
        for (long timestamp = 0; timestamp < 2_100; timestamp += 37) {
            long wanted = timestamp;
            assertEquals(
                    records.stream()
                            .filter(record -> record.timestamp() >= wanted)
                            .findFirst()
                            .map(record -> record.timestamp() + "@" + record.offset()),
                    ours.offsetForTimestamp(timestamp).map(found -> found.timestamp() + "@" + found.offset()),
                    "time " + timestamp);
        }
    }

    @Test
    void oldSegmentsAreFoundReadAndLookedUpAsApachesLogDoes() {
        Property.check(20, random -> {
            Path directory = freshDirectory();
            long end = fill(random, directory);
            CrashingDisk disk = disk();
            disk.importFrom(directory, DIRECTORY);
            boolean clean = random.nextBoolean();
            PartitionLog ours = open(disk, LogConfig.from(CONFIG), clean ? end : 0, clean);
            UnifiedLog theirs = ApacheLog.open(directory, CONFIG, clean ? end : 0, clean);
            assertEquals(end, ours.logEndOffset());
            compare(random, ours, theirs);
            append(ours, Batches.of(1_500, "new", "er"));
            ours.close();
            theirs.close();
            Path grown = freshDirectory();
            disk.exportTo(DIRECTORY, grown);
            UnifiedLog again = ApacheLog.open(grown, CONFIG, ours.logEndOffset(), true);
            compare(random, open(disk, LogConfig.from(CONFIG), ours.logEndOffset(), true), again);
            again.close();
        });
    }

    @Test
    void indexesOfOldSegmentsAreThoseThatApachesLogMakes() {
        Property.check(10, random -> {
            Path directory = freshDirectory();
            fill(random, directory);
            CrashingDisk disk = disk();
            disk.importFrom(directory, DIRECTORY);
            LogConfig defaults =
                    LogConfig.from(Map.of("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE)));
            PartitionLog ours = open(disk, defaults, 0, false);
            ours.close();
            Path exported = freshDirectory();
            disk.exportTo(DIRECTORY, exported);
            UnifiedLog theirs = ApacheLog.open(exported, CONFIG, ours.logEndOffset(), true);
            for (var segment : theirs.logSegments()) {
                segment.offsetIndex().sanityCheck();
                segment.timeIndex().sanityCheck();
            }
            assertEquals(ours.logEndOffset(), theirs.logEndOffset());
            theirs.close();
        });
    }

    @Test
    void aTornOrDamagedOldMessageEndsTheLogWhereApachesLogEndsIt() {
        Property.check(20, random -> {
            Path directory = freshDirectory();
            fill(random, directory);
            Path last;
            try (var files = Files.list(directory)) {
                last = files.sorted().toList().getLast();
            }
            byte[] content = Files.readAllBytes(last);
            if (random.nextBoolean()) {
                content = Arrays.copyOf(content, random.nextInt(content.length));
            } else {
                // Not an offset or a leader epoch, which no checksum covers.
                ByteBuffer messages = ByteBuffer.wrap(content);
                int at = 0;
                while (random.chance(0.8)) {
                    int next = at + BatchHeader.sizeBytes(messages, at);
                    if (next == content.length) break;
                    at = next;
                }
                int sizeBytes = BatchHeader.sizeBytes(messages, at);
                at += random.nextInt(BatchHeader.magic(messages, at) == 2 ? 17 : 8, sizeBytes);
                content[at] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(last, content);
            CrashingDisk disk = disk();
            disk.importFrom(directory, DIRECTORY);
            PartitionLog ours = open(disk, LogConfig.from(CONFIG), 0, false);
            UnifiedLog theirs = ApacheLog.open(directory, CONFIG, 0, false);
            compare(random, ours, theirs);
            theirs.close();
        });
    }

    @Test
    void aLogIsCutBeforeTheWrapperThatHoldsTheOffset() {
        Property.check(60, random -> {
            Path directory = freshDirectory();
            long end = fill(random, directory);
            CrashingDisk disk = disk();
            disk.importFrom(directory, DIRECTORY);
            PartitionLog ours = open(disk, LogConfig.from(CONFIG), end, true);
            long start = ours.logStartOffset();
            long target = start + random.nextInt((int) (end - start));
            ByteBuffer before = bytes(ours.read(target, 1, true, end));
            assertTrue(ours.truncateTo(target));
            assertTrue(ours.logEndOffset() <= target && ours.logEndOffset() >= start);
            long first = MemoryRecords.readableRecords(before)
                    .records()
                    .iterator()
                    .next()
                    .offset();
            assertEquals(first, ours.logEndOffset());
            append(ours, Batches.of(1, "again"));
            PartitionLog opened = open(disk, LogConfig.from(CONFIG), 0, false);
            assertEquals(ours.logEndOffset(), opened.logEndOffset());
        });
    }

    @Test
    void oldSegmentsGoWithRetentionAndRecordsAreDeletedBelowAnOffset() throws IOException {
        SeededRandom random = new SeededRandom(11);
        CrashingDisk disk = disk();
        for (int i = 0; i < 3; i++) {
            ByteBuffer batch = write(random, (byte) 1, i * 4L, 4);
            byte[] content = new byte[batch.limit()];
            batch.get(0, content);
            disk.put(DIRECTORY.resolve(SegmentFileNames.of(i * 4L, SegmentFileNames.LOG)), content);
        }
        PartitionLog log = open(disk, LogUnderTest.config("retention.ms", "10000"), 12, true);
        log.advanceHighWatermark(12);
        assertTrue(log.deleteRecordsBefore(5));
        assertEquals(1, log.expire(3_000).size());
        assertEquals(5, log.logStartOffset());
        assertEquals(2, log.expire(20_000).size());
        assertEquals(12, log.logStartOffset());
    }

    @Test
    void oldFormatsAreNotTakenFromProducers() throws IOException {
        PartitionLog log = open(disk(), LogConfig.DEFAULT);
        for (byte magic = 0; magic < 2; magic++) LogUnderTest.refused(log, write(new SeededRandom(3), magic, 0, 2));
        assertEquals(0, log.logEndOffset());
    }

    @Test
    void aWrapperThatDoesNotUnpackIsDamageAndNothingElse() throws IOException {
        byte[] content = new byte[44];
        ByteBuffer wrapper = ByteBuffer.wrap(content);
        wrapper.putLong(0, 3).putInt(8, 32).put(16, (byte) 1).put(17, (byte) 1).putLong(18, 900);
        wrapper.putInt(26, -1).putInt(30, 10);
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(wrapper.slice(16, 28));
        wrapper.putInt(12, (int) crc.getValue());
        CrashingDisk disk = disk();
        disk.put(DIRECTORY.resolve(SegmentFileNames.of(0, SegmentFileNames.LOG)), content);
        PartitionLog log = open(disk, LogConfig.DEFAULT, 0, false);
        assertEquals(4, log.logEndOffset());
        CorruptLog damage = assertThrows(CorruptLog.class, () -> log.offsetForTimestamp(5));
        assertEquals(0, damage.position());
    }
}
