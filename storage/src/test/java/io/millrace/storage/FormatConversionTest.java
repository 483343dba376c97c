package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchHeader;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reader that knows only format 2 gets of an old log, beside what the official classes read of it. */
class FormatConversionTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;

    private CrashingDisk old(SeededRandom random) throws IOException {
        Path directory =
                Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
        LegacySegmentsTest.fill(random, directory);
        CrashingDisk disk = disk();
        disk.importFrom(directory, DIRECTORY);
        return disk;
    }

    private static FileRecords range(PartitionLog log, long from, int maxBytes) {
        return assertInstanceOf(ReadOutcome.Slice.class, log.read(from, maxBytes, true, log.logEndOffset()))
                .records();
    }

    private static List<String> told(ByteBuffer bytes, long from) {
        List<String> told = new ArrayList<>();
        for (var record : MemoryRecords.readableRecords(bytes).records()) {
            if (record.offset() < from) continue;
            told.add(record.offset() + "@" + record.timestamp() + " " + Batches.text(record.key()) + "="
                    + Batches.text(record.value()));
        }
        return told;
    }

    private static List<String> stored(PartitionLog log) {
        List<String> told = new ArrayList<>();
        for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
            FileRecords range = range(log, next, 1);
            List<String> some = told(range.toBuffer(), next);
            range.release();
            told.addAll(some);
            next = Long.parseLong(some.getLast().substring(0, some.getLast().indexOf('@'))) + 1;
        }
        return told;
    }

    /** As a server does it. */
    private static ByteBuffer answer(PartitionLog log, long from, int maxBytes) {
        FileRecords range = range(log, from, maxBytes);
        try {
            if (!range.needsLook()) return range.toBuffer();
            return switch (FormatConversion.of(range, maxBytes, true)) {
                case FormatConversion.NotNeeded(long untilPosition) -> {
                    range.noteSound(untilPosition);
                    yield range.toBuffer();
                }
                case FormatConversion.Converted(ByteBuffer batches, int ignored) -> batches;
            };
        } finally {
            range.release();
        }
    }

    /** In pieces as a leader sends them, the last batch of which may be torn. */
    private static void replicate(SeededRandom random, PartitionLog leader, PartitionLog follower) {
        while (follower.logEndOffset() < leader.logEndOffset()) {
            int maxBytes = random.pick(1, 100, 1_000, 100_000);
            FileRecords range = range(leader, follower.logEndOffset(), maxBytes);
            ByteBuffer batches = range.toBuffer();
            range.release();
            long before = follower.logEndOffset();
            LogUnderTest.append(follower, batches, AppendOrigin.REPLICATION, 5);
            assertTrue(follower.logEndOffset() > before, "no progress at " + before);
        }
    }

    private static List<String> answered(PartitionLog log) {
        List<String> told = new ArrayList<>();
        for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
            ByteBuffer bytes = answer(log, next, 1 << 20);
            for (int at = 0; at < bytes.limit(); at += BatchHeader.sizeBytes(bytes, at))
                assertEquals(2, BatchHeader.magic(bytes, at));
            told.addAll(told(bytes, next));
            next = Long.parseLong(told.getLast().substring(0, told.getLast().indexOf('@'))) + 1;
        }
        return told;
    }

    @Test
    void aFollowerKeepsOldMessagesAsItsLeaderHasThemAndReadsThemInFormat2() {
        Property.check(40, random -> {
            PartitionLog leader = open(old(random), LogConfig.from(LegacySegmentsTest.CONFIG), 0, false);
            CrashingDisk disk = disk();
            LogConfig config = LogConfig.from(LegacySegmentsTest.CONFIG);
            PartitionLog follower = open(disk, config);
            follower.truncateFullyAndStartAt(leader.logStartOffset());
            replicate(random, leader, follower);
            if (random.chance(0.5)) {
                follower.truncateTo(random.nextLong(leader.logStartOffset(), leader.logEndOffset()));
                replicate(random, leader, follower);
            }
            assertEquals(leader.logEndOffset(), follower.logEndOffset());
            assertEquals(stored(leader), stored(follower));
            assertEquals(stored(leader), answered(follower));
            LogUnderTest.checkpoint(follower);
            PartitionLog opened = open(disk, config, follower.recoveryPoint(), true);
            assertEquals(stored(leader), stored(opened));
        });
    }

    @Test
    void everyRecordIsReadInFormat2WhereverAndInWhateverPiecesOneReads() {
        Property.check(40, random -> {
            PartitionLog log = open(old(random), LogConfig.from(LegacySegmentsTest.CONFIG), 0, false);
            List<String> stored = stored(log);
            List<String> read = new ArrayList<>();
            for (long next = log.logStartOffset(); next < log.logEndOffset(); ) {
                int maxBytes = random.pick(1, 100, 1_000, 1 << 20);
                ByteBuffer bytes = answer(log, next, maxBytes);
                long last = -1;
                int whole = 0;
                for (int at = 0; at + BatchHeader.HEADER_BYTES <= bytes.limit(); ) {
                    assertEquals(2, BatchHeader.magic(bytes, at));
                    if (at + BatchHeader.sizeBytes(bytes, at) > bytes.limit()) break;
                    last = BatchHeader.lastOffset(bytes, at);
                    at += BatchHeader.sizeBytes(bytes, at);
                    whole++;
                }
                assertTrue(last >= next, "no progress at " + next);
                assertTrue(whole == 1 || bytes.limit() <= maxBytes, bytes.limit() + " of " + maxBytes);
                read.addAll(told(bytes, next));
                next = last + 1;
            }
            assertEquals(stored, read);
        });
    }

    @Test
    void theFirstBatchIsLeftOutWhereItIsTooLargeAndNotWanted() {
        Property.check(20, random -> {
            PartitionLog log = open(old(random), LogConfig.from(LegacySegmentsTest.CONFIG), 0, false);
            FileRecords range = range(log, log.logStartOffset(), 1 << 20);
            if (FormatConversion.of(range, 20, false) instanceof FormatConversion.Converted made)
                assertEquals(0, made.batches().remaining());
            else assertEquals(2, BatchHeader.magic(range.toBuffer(), 0));
            range.release();
        });
    }

    @Test
    void whatWasWrittenHereIsKnownToBeSoundAndWhatWasFoundIsLookedAtOnce() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        for (int i = 0; i < 20; i++) LogUnderTest.append(log, Batches.of(1_000, "value " + i));
        assertFalse(range(log, 0, 1 << 20).needsLook(), "just written");
        log.close();
        PartitionLog again = open(disk.afterKill(), LogConfig.DEFAULT, 20, true);
        int half = (int) (again.sizeBytes() / 2);
        for (int pass = 0; pass < 2; pass++) {
            FileRecords range = range(again, 0, half);
            assertEquals(pass == 0, range.needsLook());
            if (range.needsLook())
                range.noteSound(
                        assertInstanceOf(FormatConversion.NotNeeded.class, FormatConversion.of(range, half, true))
                                .untilPosition());
            range.release();
        }
        assertTrue(range(again, 0, 1 << 20).needsLook(), "nobody has looked at the rest");
        answer(again, 10, 1 << 20);
        assertFalse(range(again, 0, 1 << 20).needsLook());
        LogUnderTest.append(again, Batches.of(1_000, "more"));
        assertFalse(range(again, 0, 1 << 20).needsLook());
        again.truncateTo(5);
        LogUnderTest.append(again, Batches.of(1_000, "other"));
        assertFalse(range(again, 0, 1 << 20).needsLook());
    }

    @Test
    void damageIsToldIfItComesFirstAndEndsTheAnswerElsewhere() {
        Property.check(60, random -> {
            CrashingDisk disk = old(random);
            PartitionLog log = open(disk, LogConfig.from(LegacySegmentsTest.CONFIG), 0, false);
            FileRecords first = range(log, log.logStartOffset(), 1 << 20);
            ByteBuffer before = first.toBuffer();
            byte[] content = disk.content(first.file().path());
            int at = 0;
            while (random.chance(0.6) && at + BatchHeader.sizeBytes(before, at) < before.limit())
                at += BatchHeader.sizeBytes(before, at);
            int bad = (int) first.position() + at + random.nextInt(18, BatchHeader.sizeBytes(before, at));
            content[bad] ^= 1;
            if (at == 0) {
                CorruptLog damage = assertThrows(CorruptLog.class, () -> FormatConversion.of(first, 1 << 20, true));
                assertEquals(first.position(), damage.position());
            } else {
                ByteBuffer batches = assertInstanceOf(
                                FormatConversion.Converted.class, FormatConversion.of(first, 1 << 20, true))
                        .batches();
                assertEquals(told(before.duplicate().limit(at), 0), told(batches, 0));
            }
            first.release();
        });
    }
}
