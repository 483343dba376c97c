package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchHeader;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Compaction of segments that brokers before 0.11 left, beside a plain list of what has to stay. */
class LegacyCompactionTest {
    private static final long DELETE_RETENTION_MS = 10_000;
    private static final LogConfig CONFIG = config(
            "cleanup.policy",
            "compact",
            "internal.segment.bytes",
            "1500",
            "index.interval.bytes",
            "150",
            "delete.retention.ms",
            Long.toString(DELETE_RETENTION_MS),
            "message.timestamp.after.max.ms",
            Long.toString(Long.MAX_VALUE));
    private static final Compression[] CODECS = {
        Compression.NONE,
        Compression.gzip().build(),
        Compression.snappy().build(),
        Compression.lz4().build()
    };

    private record Written(String key, @Nullable String value) {}

    private final TreeMap<Long, Written> all = new TreeMap<>();

    /** Segments of old messages on a disk; returns the end. */
    private long fill(SeededRandom random, CrashingDisk disk) {
        all.clear();
        long next = 0;
        for (int segments = random.nextInt(1, 5); segments > 0; segments--) {
            ByteBuffer content = ByteBuffer.allocate(1 << 16);
            long base = next;
            for (int writes = random.nextInt(1, 12); writes > 0; writes--) next = write(random, content, next);
            byte[] bytes = new byte[content.flip().remaining()];
            content.get(bytes);
            disk.put(DIRECTORY.resolve(SegmentFileNames.of(base, SegmentFileNames.LOG)), bytes);
        }
        return next;
    }

    private long write(SeededRandom random, ByteBuffer into, long baseOffset) {
        byte magic = (byte) random.nextInt(2);
        TimestampType type = magic == 0
                ? TimestampType.NO_TIMESTAMP_TYPE
                : random.pick(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME);
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                ByteBuffer.allocate(256), magic, random.pick(CODECS), type, baseOffset, random.nextInt(2_000));
        long offset = baseOffset;
        long last = baseOffset;
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            Written record = new Written(
                    "key-" + random.nextInt(12), random.chance(0.25) ? null : random.word(random.nextInt(1, 60)));
            builder.appendWithOffset(
                    offset,
                    new SimpleRecord(
                            magic == 0 ? -1 : random.nextInt(2_000), utf8(record.key()), utf8(record.value())));
            all.put(offset, record);
            last = offset;
            offset += random.chance(0.2) ? random.nextInt(1, 5) : 1;
        }
        into.put(builder.build().buffer());
        return last + 1;
    }

    private static byte @Nullable [] utf8(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static PartitionLog opened(CrashingDisk disk, long end) {
        PartitionLog log = open(disk, CONFIG, end, true);
        log.roll(1_000);
        return log;
    }

    /** Room for the keys of a gathered batch at least. */
    private static void compact(PartitionLog log, long wallMs, SeededRandom random) {
        long mapBytes = random.nextBoolean() ? 1 << 20 : random.nextInt(90, 150) * 24L;
        CompactionTwin.compact(log, wallMs, random, new CompactionLimits(mapBytes, 0.9, 1 << 10));
    }

    /** What is left when all below the end is compacted, with tombstones or without. */
    private Map<Long, String> wanted(boolean withTombstones) {
        Map<String, Long> latest = new HashMap<>();
        all.forEach((offset, record) -> latest.put(record.key(), offset));
        Map<Long, String> wanted = new TreeMap<>();
        all.forEach((offset, record) -> {
            if (offset.equals(latest.get(record.key())) && (withTombstones || record.value() != null))
                wanted.put(offset, record.key() + "=" + record.value());
        });
        return wanted;
    }

    private static Map<Long, String> found(PartitionLog log) {
        Map<Long, String> found = new TreeMap<>();
        for (CompactionTwin.Found batch : CompactionTwin.read(log))
            for (var record : batch.records())
                found.put(record.offset(), Batches.text(record.key()) + "=" + Batches.text(record.value()));
        return found;
    }

    private static List<Integer> formats(CrashingDisk disk) {
        List<Integer> formats = new ArrayList<>();
        disk.contents(DIRECTORY).forEach((name, content) -> {
            if (!name.endsWith(".log")) return;
            ByteBuffer bytes = ByteBuffer.wrap(content);
            for (int at = 0; at < bytes.limit(); at += BatchHeader.sizeBytes(bytes, at))
                formats.add((int) BatchHeader.magic(bytes, at));
        });
        return formats;
    }

    @Test
    void ofEveryKeyTheLastRecordIsLeftInFormat2AndTombstonesUntilTheirHorizon() {
        Property.check(100, random -> {
            CrashingDisk disk = disk();
            long end = fill(random, disk);
            PartitionLog log = opened(disk, end);
            compact(log, 2_000, random);
            assertEquals(wanted(true), found(log));
            assertTrue(formats(disk).stream().allMatch(magic -> magic == 2));
            log.compaction().resumeAt(0);
            compact(log, 2_000 + DELETE_RETENTION_MS, random);
            assertEquals(wanted(false), found(log));
            assertEquals(end, log.logEndOffset());
            log.close();
            PartitionLog again = open(disk.afterKill(), CONFIG, random.nextBoolean() ? end : 0, random.nextBoolean());
            assertEquals(end, again.logEndOffset());
            assertEquals(wanted(false), found(again));
        });
    }

    @Test
    void aPowerCutAtAnyDiskOperationLosesNothingAndTheNextCompactionEndsTheSame() {
        Property.check(3, random -> {
            CrashingDisk before = disk();
            long end = fill(random, before);
            Map<Long, String> wanted = wanted(true);
            boolean isDone = false;
            for (int operation = 0; !isDone; operation++) {
                CrashingDisk disk = before.afterKill();
                PartitionLog log = opened(disk, end);
                LogUnderTest.flush(log);
                log.advanceHighWatermark(end);
                disk.cutPowerAfter(operation);
                try {
                    compact(log, 2_000, random.split());
                    isDone = true;
                } catch (CrashingDisk.PowerCut cut) {
                    disk.keepPower();
                }
                CrashingDisk left = random.nextBoolean() ? disk.afterKill() : disk.afterPowerCut(random);
                boolean trusts = random.nextBoolean();
                PartitionLog again = open(left, CONFIG, trusts ? end : 0, trusts);
                assertEquals(end, again.logEndOffset());
                again.roll(1_000);
                compact(again, 2_000, random.split());
                assertEquals(wanted, found(again));
                for (String name : left.contents(DIRECTORY).keySet())
                    assertTrue(!name.endsWith(".cleaned") && !name.endsWith(".swap"), name);
            }
        });
    }

    @Test
    void aLogThatBeginsInTheMidstOfABatchIsCompactedThoughTheMapIsSmall() {
        PartitionLog log = open(disk(), config("cleanup.policy", "compact"));
        String[] values = new String[50];
        for (int i = 0; i < values.length; i++) values[i] = "value " + i;
        LogUnderTest.append(log, Batches.of(1_000, values));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "e"));
        LogUnderTest.flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        assertTrue(log.deleteRecordsBefore(48));
        CompactionTwin.compact(log, 2_000, new SeededRandom(5));
        assertEquals(50, log.compaction().firstDirtyOffset());
    }
}
