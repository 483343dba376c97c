package io.millrace.storage;

import static io.millrace.storage.CompactionTwin.CONFIG;
import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.Compression;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Compaction beside a model that keeps everything, with restarts and power cuts. */
class CompactionTest {
    private static final CompactionLimits LIMITS = new CompactionLimits(1 << 20, 0.9, 1 << 12);

    @Test
    void ofEveryKeyTheLastRecordIsLeftAndTombstonesUntilTheirHorizon() {
        Property.check(150, random -> {
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, CONFIG);
            CompactionTwin twin = new CompactionTwin(random);
            long wallMs = 1_000;
            for (int round = 0; round < random.nextInt(1, 7); round++) {
                twin.appendSome(log, random.nextInt(1, 60));
                wallMs += random.nextInt(1, 8_000);
                CompactionTwin.compact(log, wallMs, random);
                twin.compactedIfFurther(log.compaction().range(wallMs).untilOffset(), wallMs);
                twin.assertSame(log);
                Set<String> producers = producers(log);
                long firstDirty = log.compaction().firstDirtyOffset();
                long logEndOffset = log.logEndOffset();
                boolean isClean = random.nextBoolean();
                if (isClean) log.close();
                disk = disk.afterKill();
                log = open(disk, random.nextBoolean() ? CONFIG : config(), isClean ? logEndOffset : 0, isClean);
                log.updateConfig(CONFIG);
                log.compaction().resumeAt(firstDirty);
                assertEquals(logEndOffset, log.logEndOffset());
                assertEquals(producers, producers(log));
                twin.assertSame(log);
            }
        });
    }

    /** All but their last time stamps: a batch of which the newest record has gone has another. */
    private static Set<String> producers(PartitionLog log) {
        Set<String> producers = new HashSet<>();
        for (ActiveProducer one : log.activeProducers())
            producers.add(one.producerId() + " " + one.producerEpoch() + " " + one.lastSequence() + " "
                    + one.coordinatorEpoch() + " " + one.currentTransactionFirstOffset());
        return producers;
    }

    @Test
    void aPowerCutAtAnyDiskOperationLosesNothingAndTheNextCompactionEndsTheSame() {
        Property.check(3, random -> {
            CrashingDisk before = disk();
            PartitionLog first = open(before, CONFIG);
            CompactionTwin twin = new CompactionTwin(random);
            twin.appendSome(first, 40);
            CompactionTwin.compact(first, 2_000, random);
            twin.compactedIfFurther(first.compaction().range(2_000).untilOffset(), 2_000);
            long firstDirty = first.compaction().firstDirtyOffset();
            twin.appendSome(first, 40);
            first.close();
            PartitionLog whole = open(before.afterKill(), CONFIG, first.logEndOffset(), true);
            whole.compaction().resumeAt(firstDirty);
            CompactionTwin.compact(whole, 14_000, random.split());
            twin.compactedIfFurther(whole.compaction().range(14_000).untilOffset(), 14_000);
            twin.assertSame(whole);
            boolean isDone = false;
            for (int operation = 0; !isDone; operation++) {
                CrashingDisk disk = before.afterKill();
                PartitionLog log = open(disk, CONFIG, first.logEndOffset(), true);
                log.compaction().resumeAt(firstDirty);
                log.advanceHighWatermark(log.logEndOffset());
                disk.cutPowerAfter(operation);
                try {
                    CompactionTwin.compact(log, 14_000, random.split());
                    isDone = true;
                } catch (CrashingDisk.PowerCut cut) {
                    disk.keepPower();
                }
                CrashingDisk left = random.nextBoolean() ? disk.afterKill() : disk.afterPowerCut(random);
                boolean trusts = random.nextBoolean();
                left.cutPowerAfter(random.nextInt(60));
                try {
                    open(left, CONFIG, trusts ? first.logEndOffset() : 0, trusts);
                    left.keepPower();
                } catch (CrashingDisk.PowerCut cut) {
                    left = left.afterPowerCut(random);
                }
                PartitionLog again =
                        open(left, random.nextBoolean() ? CONFIG : config(), trusts ? first.logEndOffset() : 0, trusts);
                again.updateConfig(CONFIG);
                twin.assertNothingNeededIsLost(again);
                again.compaction().resumeAt(firstDirty);
                CompactionTwin.compact(again, 14_000, random.split());
                twin.assertSame(again);
                assertEquals(first.logEndOffset(), again.logEndOffset());
                for (String name : left.contents(DIRECTORY).keySet())
                    assertTrue(!name.endsWith(".cleaned") && !name.endsWith(".swap"), name);
            }
        });
    }

    @Test
    void nothingIsTouchedThatIsOpenUnforcedYoungOrActive() {
        PartitionLog log = open(disk(), config("cleanup.policy", "compact", "min.compaction.lag.ms", "500"));
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.transactional(7, 0, 0, "c"));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(3_000, "d"));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(3_000, "e"));
        assertEquals(0, log.compaction().range(9_000).untilOffset(), "not forced and not committed");
        flush(log);
        assertEquals(0, log.compaction().range(9_000).untilOffset(), "not committed");
        log.advanceHighWatermark(log.logEndOffset());
        assertEquals(2, log.compaction().range(9_000).untilOffset(), "a transaction is open from 2");
        LogUnderTest.append(log, Batches.marker(7, 0, true, 0), AppendOrigin.COORDINATOR, 0);
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        assertEquals(4, log.compaction().range(9_000).untilOffset(), "the active segment begins at 4");
        assertEquals(3, log.compaction().range(3_100).untilOffset(), "min.compaction.lag.ms");
        assertEquals(0, log.compaction().range(1_200).untilOffset(), "min.compaction.lag.ms");
    }

    @Test
    void aLogIsDueByItsDirtyRatioOrWhenSomethingHasWaitedForTooLong() {
        LogConfig config = config("cleanup.policy", "compact", "max.compaction.lag.ms", "5000");
        PartitionLog log = twoSegments(config);
        CompactionRange range = log.compaction().range(2_000);
        assertEquals(1.0, range.dirtyRatio());
        assertTrue(range.isDue(0.5));
        assertTrue(!range.isDue(1.0) && log.compaction().range(6_002).isDue(1.0));
        log.compaction().finished(begin(log, range), false);
        assertEquals(0, log.compaction().firstDirtyOffset(), "a compaction that did not end changes nothing");
    }

    private static PartitionLog twoSegments(LogConfig config) {
        PartitionLog log = open(disk(), config);
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"));
        LogUnderTest.append(log, Batches.of(1_000, "c", "d"));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "e"));
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        return log;
    }

    private static Compaction begin(PartitionLog log, CompactionRange range) {
        return log.compaction().begin(range, LIMITS, 2_000, 1, 2);
    }

    @Test
    void afterACrashEpochsBeginWhereTheyDidAlsoIfTheirFirstRecordsAreGone() {
        CrashingDisk disk = disk();
        LogConfig config = config("cleanup.policy", "compact");
        PartitionLog log = open(disk, config);
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"), AppendOrigin.CLIENT, 1);
        LogUnderTest.append(log, Batches.of(1_000, "c", "d"), AppendOrigin.CLIENT, 3);
        LogUnderTest.append(log, Batches.of(1_000, "e", "f"), AppendOrigin.CLIENT, 3);
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "g", "h"), AppendOrigin.CLIENT, 4);
        LogUnderTest.append(log, Batches.of(1_000, "i", "j"), AppendOrigin.CLIENT, 5);
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "k", "l"), AppendOrigin.CLIENT, 5);
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        List<LeaderEpochs.Entry> epochs = log.leaderEpochs();
        CompactionTwin.run(log, begin(log, log.compaction().range(2_000)), 1);
        assertEquals(8, LogUnderTest.readAll(log, 10_000).getFirst().offset());
        assertEquals(epochs, log.leaderEpochs());

        PartitionLog again = open(disk.afterKill(), config, 0, false);
        assertEquals(epochs, again.leaderEpochs());
        assertEquals(Optional.of(2L), again.endOffsetForEpoch(1).map(end -> end.offset()));
        assertEquals(epochs, open(disk.afterKill(), config, 9, false).leaderEpochs());
    }

    /** Apache's cleaner leaves nothing where the last batches of a segment were; ours leaves an empty one. */
    @Test
    void soTheyDoWhereNothingIsLeftBeforeTheNextSegment() {
        CrashingDisk disk = disk();
        LogConfig config = config("cleanup.policy", "compact");
        PartitionLog log = open(disk, config);
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"), AppendOrigin.CLIENT, 1);
        int firstBytes = (int) log.sizeBytes();
        LogUnderTest.append(log, Batches.of(1_000, "c", "d"), AppendOrigin.CLIENT, 2);
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "e", "f"), AppendOrigin.CLIENT, 3);
        flush(log);
        CrashingDisk after = disk.afterKill();
        var firstSegment = DIRECTORY.resolve("00000000000000000000.log");
        after.put(firstSegment, Arrays.copyOf(after.content(firstSegment), firstBytes));

        PartitionLog again = open(after, config, 0, false);
        assertEquals(6, again.logEndOffset());
        assertEquals(log.leaderEpochs(), again.leaderEpochs());
    }

    @Test
    void aReaderGoesOnReadingTheOldFileAndWhoComesLaterReadsTheNewOne() {
        PartitionLog log = twoSegments(config("cleanup.policy", "compact"));
        ReadOutcome.Slice early = (ReadOutcome.Slice) log.read(0, 10_000, true, 4);
        assertEquals(
                Compaction.Step.DONE,
                CompactionTwin.run(log, begin(log, log.compaction().range(2_000)), 1));
        assertEquals(4, Batches.records(early.records().toBuffer()).size());
        early.records().release();
        assertEquals(
                List.of(2L, 3L),
                LogUnderTest.read(log, 0, 10_000, 4).stream()
                        .map(r -> r.offset())
                        .toList());
    }

    @Test
    void segmentsThatRetentionTakesMeanwhileEndTheCompactionWithoutEffect() {
        PartitionLog log = twoSegments(config("cleanup.policy", "compact,delete", "retention.ms", "100000"));
        Compaction compaction = begin(log, log.compaction().range(2_000));
        Compaction.Step step = Compaction.Step.MORE;
        while (step == Compaction.Step.MORE) step = compaction.step(1);
        assertEquals(Compaction.Step.SWAP, step);
        log.expire(200_000).forEach(PendingDeletion::run);
        assertEquals(Optional.empty(), log.compaction().swap(compaction));
        assertEquals(Compaction.Step.GONE, CompactionTwin.run(log, compaction, 1));
        assertEquals(0, log.compaction().firstDirtyOffset());
    }

    @Test
    void aLogCutBelowTheEndOfACompactionIsNotPutBackByACrash() {
        CrashingDisk disk = disk();
        LogConfig config = config("cleanup.policy", "compact");
        PartitionLog log = open(disk, config);
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"));
        LogUnderTest.append(log, Batches.of(1_000, "c", "d"));
        log.roll(1_000);
        LogUnderTest.append(log, Batches.of(1_000, "e"));
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        Compaction compaction = begin(log, log.compaction().range(2_000));
        Compaction.Step step = Compaction.Step.MORE;
        while (step == Compaction.Step.MORE) step = compaction.step(1);
        log.truncateTo(2);
        assertEquals(2, open(disk.afterKill(), config).logEndOffset());
        assertEquals(Compaction.Step.GONE, CompactionTwin.run(log, compaction, 1));
        assertEquals(2, log.logEndOffset());
    }

    @Test
    void aDamagedBatchEndsTheCompactionWithItsPlaceAndNothingIsChanged() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, config("cleanup.policy", "compact"));
        LogUnderTest.append(log, Batches.of(1_000, "a", "b"));
        int second = LogUnderTest.read(log, 0, 1, 2).size();
        assertEquals(2, second);
        long secondAt = log.sizeBytes();
        LogUnderTest.append(log, Batches.of(Compression.ZSTD, 1_000, "c", "d"));
        log.roll(1_000);
        flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        byte[] bytes = disk.content(DIRECTORY.resolve("00000000000000000000.log"));
        bytes[bytes.length - 1]++;
        Compaction compaction = begin(log, log.compaction().range(2_000));
        CorruptLog damage = assertThrows(CorruptLog.class, () -> CompactionTwin.run(log, compaction, 1));
        assertEquals(DIRECTORY.resolve("00000000000000000000.log"), damage.file());
        assertEquals(secondAt, damage.position());
        assertTrue(disk.contents(DIRECTORY).keySet().stream().noneMatch(name -> name.endsWith(".cleaned")));
    }

    @Test
    void aMapWithoutRoomForOneBatchSaysSo() {
        PartitionLog log = twoSegments(config("cleanup.policy", "compact"));
        Compaction compaction =
                log.compaction().begin(log.compaction().range(2_000), new CompactionLimits(24, 0.9, 100), 2_000, 1, 2);
        CorruptLog refusal = assertThrows(CorruptLog.class, () -> CompactionTwin.run(log, compaction, 1));
        assertTrue(refusal.reason().contains("log.cleaner.dedupe.buffer.size"), refusal.reason());
    }

    @Test
    void aCompactionLeavesNoFileOpen() {
        Property.check(5, random -> {
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, CONFIG);
            new CompactionTwin(random).appendSome(log, 60);
            CompactionTwin.compact(log, 2_000, new SeededRandom(random.nextLong()));
            log.closeIdleFiles();
            log.closeIdleFiles();
            assertEquals(0, disk.openFiles());
        });
    }
}
