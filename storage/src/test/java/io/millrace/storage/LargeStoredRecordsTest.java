package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.Compression;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Logs that hold records larger than {@code max.decompressed.message.bytes} has become meanwhile: look-ups by time stamp and
 * compaction fail where those of Apache's log and cleaner do, and nowhere else.
 */
class LargeStoredRecordsTest {
    private static final String REFUSED = "refused";
    private static final long LARGEST = -3;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;
    private int refusals;
    private int answers;

    private static Map<String, String> properties(int maxUnpackedBytes) {
        Map<String, String> properties = new HashMap<>(Map.of(
                "cleanup.policy", "compact",
                "internal.segment.bytes", "1500",
                "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE)));
        if (maxUnpackedBytes > 0) properties.put("max.decompressed.message.bytes", Integer.toString(maxUnpackedBytes));
        return properties;
    }

    private static CrashingDisk filled(SeededRandom random) {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.from(properties(0)));
        int oneIn = random.pick(2, 20, 1_000);
        for (int i = 0; i < 40; i++)
            LogUnderTest.append(
                    log,
                    Batches.of(
                            random.pick(Compression.values()),
                            1_000 + 10L * i,
                            "a",
                            "x".repeat(random.nextInt(oneIn) == 0 ? random.nextInt(150) : 10),
                            "b"));
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        log.close();
        return disk;
    }

    private UnifiedLog theirs(CrashingDisk disk, Map<String, String> properties, long endOffset) throws IOException {
        Path directory =
                Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
        disk.exportTo(DIRECTORY, directory);
        UnifiedLog log = ApacheLog.open(directory, properties, endOffset, true);
        log.updateHighWatermark(log.logEndOffset());
        return log;
    }

    private static String found(PartitionLog log, long timestamp) {
        try {
            Optional<TimestampOffset> found =
                    timestamp == LARGEST ? log.maxTimestampOffset() : log.offsetForTimestamp(timestamp);
            return found.map(one -> one.offset() + " at " + one.timestamp()).orElse("nothing");
        } catch (CorruptLog tooLarge) {
            assertTrue(tooLarge.reason().contains("max.decompressed.message.bytes"), tooLarge.reason());
            return REFUSED;
        }
    }

    private static String found(UnifiedLog log, long timestamp) {
        try {
            return log.fetchOffsetByTimestamp(timestamp, Optional.empty())
                    .timestampAndOffsetOpt()
                    .map(one -> one.offset + " at " + one.timestamp)
                    .orElse("nothing");
        } catch (InvalidRecordException tooLarge) {
            return REFUSED;
        }
    }

    private static String compacted(PartitionLog log) {
        Compaction compaction = log.compaction()
                .begin(log.compaction().range(10_000), new CompactionLimits(1 << 20, 0.9, 1 << 12), 10_000, 1, 2);
        try {
            return CompactionTwin.run(log, compaction, 1 << 14).name();
        } catch (CorruptLog tooLarge) {
            log.compaction().finished(compaction, false);
            assertTrue(tooLarge.reason().contains("max.decompressed.message.bytes"), tooLarge.reason());
            return REFUSED;
        }
    }

    private static String compacted(UnifiedLog log, long untilOffset) throws Exception {
        Cleaner cleaner = new Cleaner(
                0,
                new SkimpyOffsetMap(1 << 20),
                1 << 16,
                1 << 20,
                0.9,
                new Throttler(Double.MAX_VALUE, 1_000, "bytes", "bytes", Time.SYSTEM),
                Time.SYSTEM,
                partition -> {});
        try {
            cleaner.doClean(new LogToClean(log, 0, untilOffset, false), 10_000);
            return Compaction.Step.DONE.name();
        } catch (InvalidRecordException tooLarge) {
            return REFUSED;
        }
    }

    private void count(String answer) {
        if (answer.equals(REFUSED)) refusals++;
        else answers++;
    }

    @Test
    void aLookUpByTimeFailsWhereApachesDoes() {
        Property.check(30, random -> {
            CrashingDisk disk = filled(random);
            Map<String, String> properties = properties(random.nextInt(10, 160));
            PartitionLog ours = open(disk, LogConfig.from(properties), 120, true);
            UnifiedLog theirs = theirs(disk, properties, 120);
            for (int i = 0; i < 20; i++) {
                long timestamp = i == 0 ? LARGEST : random.nextInt(980, 1_420);
                String answer = found(ours, timestamp);
                assertEquals(found(theirs, timestamp), answer, "at " + timestamp);
                count(answer);
            }
            theirs.close();
            ours.close();
        });
        assertTrue(refusals > 20 && answers > 20, () -> refusals + " refused, " + answers + " answered");
    }

    @Test
    void aCompactionFailsWhereApachesDoesAndChangesNothingUntilTheLimitIsRaised() {
        Property.check(30, random -> {
            CrashingDisk disk = filled(random);
            Map<String, String> properties = properties(random.nextInt(10, 160));
            UnifiedLog theirs = theirs(disk, properties, 120);
            PartitionLog ours = open(disk, LogConfig.from(properties), 120, true);
            ours.advanceHighWatermark(ours.logEndOffset());
            long sizeBytes = ours.sizeBytes();
            String answer = compacted(ours);
            assertEquals(compacted(theirs, ours.activeSegmentBaseOffset()), answer);
            count(answer);
            if (answer.equals(REFUSED)) {
                assertEquals(sizeBytes, ours.sizeBytes());
                ours.updateConfig(LogConfig.from(properties(0)));
                assertEquals(Compaction.Step.DONE.name(), compacted(ours));
            }
            assertTrue(ours.sizeBytes() < sizeBytes);
            theirs.close();
            ours.close();
        });
        assertTrue(refusals > 2 && answers > 2, () -> refusals + " refused, " + answers + " done");
    }
}
