package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.checkpoint;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static io.millrace.storage.LogUnderTest.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.Compression;
import io.millrace.records.Record;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecoveryTest {
    private static final LogConfig SMALL = config("segment.bytes", "700", "index.interval.bytes", "150");

    /** What a log is, told from outside. */
    record Told(
            long start,
            long end,
            List<String> records,
            List<ActiveProducer> producers,
            List<LeaderEpochs.Entry> epochs,
            List<AbortedTransaction> aborted,
            long firstOpen) {
        /** An epoch that began at the end is not kept over a restart. */
        Told withoutEpochsThatWroteNothing() {
            List<LeaderEpochs.Entry> kept =
                    epochs.stream().filter(epoch -> epoch.startOffset() < end).toList();
            return new Told(start, end, records, producers, kept, aborted, firstOpen);
        }

        static Told of(PartitionLog log) {
            List<ActiveProducer> producers = new ArrayList<>(log.activeProducers());
            producers.sort(Comparator.comparingLong(ActiveProducer::producerId));
            return new Told(
                    log.logStartOffset(),
                    log.logEndOffset(),
                    readAll(log, 1 << 20).stream().map(RecoveryTest::tell).toList(),
                    producers,
                    log.leaderEpochs(),
                    log.abortedTransactions(0, Long.MAX_VALUE),
                    log.firstOpenTransactionOffset().orElse(-1L));
        }
    }

    private static String tell(Record record) {
        return record.offset() + "@" + record.timestamp() + " " + Batches.text(record.value());
    }

    /** A log with a random past, and the recovery point its owner last wrote down. */
    private static final class Past {
        final CrashingDisk disk = disk();
        final PartitionLog log = open(disk, SMALL);
        private final SeededRandom random;
        private final int[] sequences = new int[4];
        private final boolean[] inTransaction = new boolean[4];
        private int epoch;
        long writtenRecoveryPoint;

        Past(SeededRandom random, int steps) {
            this.random = random;
            for (int i = 0; i < steps; i++) step(i);
        }

        private void step(int i) {
            switch (random.nextInt(9)) {
                case 0 -> epoch++;
                case 1 -> {
                    if (random.nextBoolean()) flush(log);
                    else checkpoint(log);
                    writtenRecoveryPoint = log.recoveryPoint();
                }
                case 2, 3, 4 -> data(random.nextInt(4), i);
                case 5 -> end(random.nextInt(4));
                case 6 -> log.advanceHighWatermark(log.logEndOffset());
                default -> append(log, plain(i), AppendOrigin.CLIENT, epoch);
            }
        }

        private ByteBuffer plain(int i) {
            Compression compression = random.pick(Compression.NONE, Compression.LZ4);
            String[] values = new String[1 + random.nextInt(3)];
            Arrays.setAll(values, k -> "step " + i + " " + k + "x".repeat(random.nextInt(60)));
            return Batches.of(compression, random.nextInt(2_000), values);
        }

        private void data(int producer, int i) {
            if (producer < 2 && !inTransaction[producer]) inTransaction[producer] = true;
            ByteBuffer batch = producer < 2
                    ? Batches.transactional(producer, 0, sequences[producer], "t" + i)
                    : Batches.of(producer, 0, sequences[producer], "p" + i);
            append(log, batch, AppendOrigin.CLIENT, epoch);
            sequences[producer]++;
        }

        private void end(int producer) {
            if (producer > 1 || !inTransaction[producer]) return;
            inTransaction[producer] = false;
            append(log, Batches.marker(producer, 0, random.nextBoolean(), 1), AppendOrigin.COORDINATOR, epoch);
        }
    }

    /** Whoever knew none would take the log for one from before leader epochs, and cut it when it follows. */
    @Test
    void leaderEpochsOfALogWithoutTheirFileAreThoseOfItsBatches() throws Exception {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, SMALL);
        append(log, Batches.of(1_000, "a", "b"), AppendOrigin.CLIENT, 1);
        log.roll(1_000);
        append(log, Batches.of(1_000, "c"), AppendOrigin.CLIENT, 4);
        List<LeaderEpochs.Entry> epochs = log.leaderEpochs();
        log.close();
        disk.delete(DIRECTORY.resolve(LeaderEpochs.FILE_NAME));

        assertEquals(epochs, open(disk.afterKill(), SMALL, 3, false).leaderEpochs());
        PartitionLog again = open(disk, SMALL, 3, true);
        assertEquals(epochs, again.leaderEpochs());
        again.close();
        assertEquals(epochs, LeaderEpochs.read(disk, DIRECTORY.resolve(LeaderEpochs.FILE_NAME)));
    }

    @Test
    void aKilledProcessLosesNothing() {
        Property.check(60, random -> {
            Past past = new Past(random, random.nextInt(1, 60));
            PartitionLog reopened = open(past.disk.afterKill(), SMALL, past.writtenRecoveryPoint, false);
            assertEquals(Told.of(past.log), Told.of(reopened));
            assertEquals(0, reopened.recovery().bytesCut());
        });
    }

    @Test
    void aCleanRestartFindsEverythingWithoutAScan() {
        Property.check(60, random -> {
            Past past = new Past(random, random.nextInt(1, 60));
            Told before = Told.of(past.log);
            past.log.close();
            PartitionLog reopened = open(past.disk.afterPowerCut(random), SMALL, past.log.recoveryPoint(), true);
            assertEquals(before, Told.of(reopened));
            assertEquals(0, reopened.recovery().segmentsScanned());
            assertEquals(0, past.disk.openFiles());
        });
    }

    @Test
    void aPowerCutLosesAtMostASuffixBehindTheRecoveryPoint() {
        Property.check(150, random -> {
            Past past = new Past(random, random.nextInt(1, 60));
            Told before = Told.of(past.log);
            PartitionLog reopened = open(past.disk.afterPowerCut(random), SMALL, past.writtenRecoveryPoint, false);
            Told after = Told.of(reopened);
            assertTrue(after.end() >= past.writtenRecoveryPoint, "forced records are lost");
            assertEquals(before.records().subList(0, after.records().size()), after.records());
            assertEquals(
                    before.epochs().stream()
                            .filter(epoch -> epoch.startOffset() < after.end())
                            .toList(),
                    after.epochs());
            assertEquals(
                    before.aborted().stream()
                            .filter(aborted -> aborted.lastOffset() < after.end())
                            .toList(),
                    after.aborted());
        });
    }

    @Test
    void recoveryCutOffAtAnyOperationEndsAsIfItHadNotBeen() {
        Property.check(12, random -> {
            Past past = new Past(random, random.nextInt(10, 40));
            CrashingDisk crashed = past.disk.afterPowerCut(random);
            CrashingDisk once = crashed.afterKill();
            long before = once.operations();
            Told expected = Told.of(open(once, SMALL, past.writtenRecoveryPoint, false));
            long operations = once.operations() - before;
            for (long cut = 0; cut < operations; cut++) {
                CrashingDisk again = crashed.afterKill();
                again.cutPowerAfter(cut);
                try {
                    open(again, SMALL, past.writtenRecoveryPoint, false);
                } catch (CrashingDisk.PowerCut off) {
                    again.keepPower();
                }
                CrashingDisk left = again.afterPowerCut(random);
                assertEquals(
                        expected,
                        Told.of(open(left, SMALL, past.writtenRecoveryPoint, false)),
                        "power cut at operation " + cut + " of " + operations);
            }
        });
    }

    @Test
    void whatIsServedAfterARecoverySurvivesTheNextPowerCut() {
        Property.check(60, random -> {
            Past past = new Past(random, random.nextInt(1, 40));
            CrashingDisk crashed = past.disk.afterPowerCut(random);
            Told served = Told.of(open(crashed, SMALL, past.writtenRecoveryPoint, false));
            CrashingDisk again = crashed.afterPowerCut(random);
            assertEquals(served, Told.of(open(again, SMALL, past.writtenRecoveryPoint, false)));
        });
    }

    @Test
    void indexesMadeAnewAreTheOnesThatWereLost() {
        Property.check(30, random -> {
            Past past = new Past(random, 60);
            past.log.close();
            CrashingDisk intact = past.disk.afterKill();
            CrashingDisk damaged = past.disk.afterKill();
            for (Map.Entry<String, byte[]> file : damaged.contents(DIRECTORY).entrySet()) {
                if (!file.getKey().endsWith(".index") && !file.getKey().endsWith(".timeindex")) continue;
                if (random.nextBoolean()) damaged.remove(DIRECTORY.resolve(file.getKey()));
                else damaged.put(DIRECTORY.resolve(file.getKey()), random.bytes(random.nextInt(40)));
            }
            PartitionLog expected = open(intact, SMALL, past.log.recoveryPoint(), true);
            PartitionLog rebuilt = open(damaged, SMALL, past.log.recoveryPoint(), true);
            assertEquals(Told.of(expected), Told.of(rebuilt));
            for (long timestamp = 0; timestamp < 2_000; timestamp += 97)
                assertEquals(expected.offsetForTimestamp(timestamp), rebuilt.offsetForTimestamp(timestamp));
        });
    }

    @Test
    void aTornTailIsCutAndReported() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        append(log, Batches.of(5, "c"));
        var file = DIRECTORY.resolve("00000000000000000000.log");
        byte[] content = disk.content(file);
        CrashingDisk torn = disk.afterKill();
        torn.put(file, Arrays.copyOf(content, content.length - 3));
        PartitionLog reopened = open(torn, LogConfig.DEFAULT);
        assertEquals(2, reopened.logEndOffset());
        int batchBytes = Batches.of(5, "c").remaining();
        assertEquals(batchBytes - 3, reopened.recovery().bytesCut());
        assertTrue(reopened.recovery().notes().getFirst().contains("00000000000000000000.log"));
        assertEquals(content.length - batchBytes, torn.content(file).length);
    }

    @Test
    void damageBelowTheRecoveryPointIsReportedWithFilePositionAndReason() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        int firstBytes = Batches.of(5, "a", "b").remaining();
        append(log, Batches.of(5, "a", "b"));
        append(log, Batches.of(5, "c"));
        flush(log);
        append(log, Batches.of(5, "d"));
        var file = DIRECTORY.resolve("00000000000000000000.log");
        byte[] content = disk.content(file).clone();
        content[firstBytes + 70] ^= 1;
        CrashingDisk damaged = disk.afterKill();
        damaged.put(file, content);
        CorruptLog corrupt = assertThrows(CorruptLog.class, () -> open(damaged, LogConfig.DEFAULT, 3, false));
        assertEquals(file, corrupt.file());
        assertEquals(firstBytes, corrupt.position());
        assertTrue(corrupt.reason().contains("checksum"), corrupt::reason);
        assertEquals(content.length, damaged.content(file).length);
    }

    @Test
    void damageBehindTheRecoveryPointEndsTheLogAndLaterSegmentsGo() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, SMALL);
        for (int i = 0; i < 30; i++) append(log, Batches.of(i, "value " + i));
        var file = DIRECTORY.resolve("00000000000000000000.log");
        byte[] content = disk.content(file).clone();
        content[content.length - 1] ^= 1;
        CrashingDisk damaged = disk.afterKill();
        damaged.put(file, content);
        PartitionLog reopened = open(damaged, SMALL);
        assertEquals(1, reopened.segmentCount());
        assertEquals(
                readAll(log, 1000).subList(0, (int) reopened.logEndOffset()).size(),
                readAll(reopened, 1000).size());
        assertFalse(reopened.recovery().notes().isEmpty());
        assertEquals(
                reopened.logEndOffset(), append(reopened, Batches.of(5, "next")).baseOffset());
    }

    @Test
    void leftoversOfDeletionsAndCompactionsAreSettled() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, SMALL);
        for (int i = 0; i < 20; i++) append(log, Batches.of(i, "value " + i));
        log.close();
        CrashingDisk after = disk.afterKill();
        after.put(DIRECTORY.resolve("00000000000000000000.log.deleted"), new byte[3]);
        after.put(DIRECTORY.resolve("00000000000000000077.log.cleaned"), new byte[3]);
        after.put(DIRECTORY.resolve("00000000000000000099.index"), new byte[8]);
        after.put(
                DIRECTORY.resolve("00000000000000000000.log.swap"),
                after.content(DIRECTORY.resolve("00000000000000000000.log")));
        after.remove(DIRECTORY.resolve("00000000000000000000.log"));
        PartitionLog reopened = open(after, SMALL, 20, true);
        assertEquals(Told.of(log(disk)), Told.of(reopened));
        assertTrue(after.contents(DIRECTORY).keySet().stream()
                .noneMatch(name -> name.endsWith(".deleted") || name.endsWith(".cleaned") || name.endsWith(".swap")));
        assertFalse(after.contents(DIRECTORY).containsKey("00000000000000000099.index"));
    }

    private static PartitionLog log(CrashingDisk disk) {
        return open(disk.afterKill(), SMALL, 20, true);
    }

    @Test
    void aLogStartOffsetBehindTheEndStartsTheLogAnew() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        PartitionLog reopened = PartitionLog.open(
                disk.afterKill(),
                DIRECTORY,
                LogUnderTest.PARTITION,
                null,
                LogConfig.DEFAULT,
                ProducerStateConfig.DEFAULT,
                0,
                50,
                false,
                0);
        assertEquals(50, reopened.logStartOffset());
        assertEquals(50, reopened.logEndOffset());
        assertEquals(1, reopened.recovery().notes().size());
    }

    @Test
    void oldBytesBehindNewOnesOfALaterEpochAreNotTakenForRecords() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"), AppendOrigin.CLIENT, 1);
        append(log, Batches.of(5, "b"), AppendOrigin.CLIENT, 1);
        append(log, Batches.of(5, "c"), AppendOrigin.CLIENT, 1);
        var file = DIRECTORY.resolve("00000000000000000000.log");
        byte[] old = disk.content(file).clone();
        log.truncateTo(1);
        append(log, Batches.of(5, "B"), AppendOrigin.CLIENT, 2);
        byte[] mixed = old.clone();
        byte[] fresh = disk.content(file);
        System.arraycopy(fresh, 0, mixed, 0, fresh.length);
        CrashingDisk left = disk.afterKill();
        left.put(file, mixed);
        assertEquals(2, open(left, LogConfig.DEFAULT).logEndOffset());
    }

    @Test
    void aProducerOutlivesTheSegmentsOfItsBatchesThoughItsSnapshotWasTorn() {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(7, 0, 0, "a", "b"));
        flush(log);
        log.roll(1_000);
        CrashingDisk torn = disk.afterKill();
        torn.put(DIRECTORY.resolve("00000000000000000002.snapshot"), new byte[5]);

        PartitionLog recovered = open(torn, LogConfig.DEFAULT, 2, false);
        append(recovered, Batches.of(5, "c"));
        recovered.advanceHighWatermark(3);
        recovered.deleteRecordsBefore(2);
        recovered.expire(1_000);

        assertEquals(
                1,
                open(torn.afterKill(), LogConfig.DEFAULT, 2, false)
                        .activeProducers()
                        .size());
    }
}
