package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.checkpoint;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static io.millrace.storage.LogUnderTest.readAll;
import static io.millrace.storage.LogUnderTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.environment.DiskFull;
import io.millrace.protocol.ErrorCode;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A log on a disk that has no space left, and has again. */
class FullDiskTest {
    private final CrashingDisk disk = disk();

    private static List<String> values(PartitionLog log) {
        return readAll(log, 10_000).stream()
                .map(record -> Batches.text(record.value()))
                .toList();
    }

    @Test
    void anAppendThatFindsTooLittleSpaceLeavesNothingOfItself() {
        int batchBytes = Batches.of(5, "second").remaining();
        for (int free = 0; free < batchBytes; free++) {
            CrashingDisk small = disk();
            PartitionLog log = open(small, LogConfig.DEFAULT);
            append(log, Batches.of(5, "first"));
            byte[] before = small.content(DIRECTORY.resolve("00000000000000000000.log"));
            small.limitTo(small.usedBytes() + free);

            assertEquals(
                    ErrorCode.KAFKA_STORAGE_ERROR,
                    refused(log, Batches.of(5, "second")).error());
            assertEquals(1, log.logEndOffset());
            assertEquals(
                    ByteBuffer.wrap(before),
                    ByteBuffer.wrap(small.content(DIRECTORY.resolve("00000000000000000000.log"))));
            small.limitTo(Long.MAX_VALUE);
            assertEquals(1, append(log, Batches.of(5, "third")).baseOffset());
            assertEquals(List.of("first", "third"), values(open(small.afterKill(), LogConfig.DEFAULT)));
        }
    }

    @Test
    void anEmptyLogWithoutSpaceForItsFirstFileTakesRecordsLater() {
        disk.limitTo(0);
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        refused(log, Batches.of(5, "a"));
        disk.limitTo(Long.MAX_VALUE);
        append(log, Batches.of(5, "b"));
        assertEquals(List.of("b"), values(log));
    }

    @Test
    void aRetriedBatchThatIsInTheLogIsAnsweredOnAFullDiskToo() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(7, 0, 0, "a"));
        disk.limitTo(0);
        assertInstanceOf(
                AppendOutcome.Duplicate.class, log.append(Batches.of(7, 0, 0, "a"), AppendOrigin.CLIENT, 0, 1_000, 0));
        refused(log, Batches.of(7, 0, 1, "b"));
        disk.limitTo(Long.MAX_VALUE);
        append(log, Batches.of(7, 0, 1, "b"));
    }

    @Test
    void whoeverWatchesTheDirectoryRefusesBeforeAnythingIsWritten() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        List<Integer> counted = new ArrayList<>();
        log.askBeforeAppends(new AppendSpace() {
            @Override
            public @Nullable String refusal(AppendOrigin origin, int batchesBytes) {
                return origin == AppendOrigin.CLIENT ? "not now" : null;
            }

            @Override
            public void appended(int batchesBytes) {
                counted.add(batchesBytes);
            }

            @Override
            public String ranOut(DiskFull why) {
                return "full";
            }
        });
        AppendOutcome.Refused refused = refused(log, Batches.of(5, "a"));
        assertEquals("not now", refused.message());
        assertEquals(0, log.logEndOffset());
        ByteBuffer batch = Batches.of(5, "b");
        append(log, batch, AppendOrigin.COORDINATOR, 0);
        assertEquals(List.of(batch.remaining()), counted);
        disk.limitTo(disk.usedBytes());
        assertEquals(
                "full",
                assertInstanceOf(
                                AppendOutcome.Refused.class,
                                log.append(Batches.of(5, "c"), AppendOrigin.COORDINATOR, 0, 1_000, 0))
                        .message());
    }

    @Test
    void aLogClosedOnAFullDiskIsScannedByTheNextStartAndWhole() {
        PartitionLog log = open(disk, config("segment.bytes", "300"));
        for (int i = 0; i < 7; i++) append(log, Batches.of(9, 0, i, "value " + i));
        List<String> before = values(log);
        disk.limitTo(disk.usedBytes());
        LogDirectoryFailed failed = assertThrows(LogDirectoryFailed.class, log::close);
        assertTrue(failed.isWantOfSpace(), failed.getMessage());
        assertEquals(0, disk.openFiles());

        CrashingDisk after = disk.afterPowerCut(new SeededRandom(1));
        PartitionLog again = open(after, config("segment.bytes", "300"), log.recoveryPoint(), false);
        assertEquals(before, values(again));
        append(again, Batches.of(9, 0, 7, "next"));
    }

    @Test
    void aLogIsOpenedWithoutSpaceForItsLeaderEpochsAndWritesThemLater() {
        append(open(disk, LogConfig.DEFAULT), Batches.of(5, "a"));
        CrashingDisk full = disk.afterKill();
        full.limitTo(full.usedBytes());
        PartitionLog log = open(full, LogConfig.DEFAULT, 0, false);
        assertEquals(List.of("a"), values(log));
        assertEquals(0, log.recoveryPoint(), "a restart has to scan again");
        full.limitTo(Long.MAX_VALUE);
        flush(log);
        assertEquals(1, log.recoveryPoint());
        assertTrue(full.contents(DIRECTORY).containsKey(LeaderEpochs.FILE_NAME));
    }

    @Test
    void whatAFullDiskTookOfTheFirstBatchDoesNotComeBackAfterACleanStop() {
        for (int seed = 0; seed < 40; seed++) {
            CrashingDisk small = disk();
            PartitionLog log = open(small, LogConfig.DEFAULT);
            small.limitTo(small.usedBytes() + 30);
            refused(log, Batches.of(5, "a"));
            small.limitTo(Long.MAX_VALUE);
            log.close();
            PartitionLog again = open(small.afterPowerCut(new SeededRandom(seed)), LogConfig.DEFAULT, 0, true);
            assertEquals(0, append(again, Batches.of(5, "b")).baseOffset());
            assertEquals(List.of("b"), values(again));
        }
    }

    @Test
    void aFailedForceStaysAFailureWhateverItsReason() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        Flush flush = log.prepareFlush();
        disk.breakDown(new IOException("No space left on device"));
        assertFalse(assertThrows(LogDirectoryFailed.class, flush::run).isWantOfSpace());
    }

    @Test
    void theRecoveryPointWaitsForSpaceForTheLeaderEpochs() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        disk.limitTo(disk.usedBytes());
        flush(log);
        assertEquals(0, log.recoveryPoint());
        assertFalse(log.isFlushDue(Long.MAX_VALUE - 1), "nothing new to force");
        disk.limitTo(Long.MAX_VALUE);
        flush(log);
        assertEquals(1, log.recoveryPoint());
        assertFalse(disk.contents(DIRECTORY).keySet().stream().anyMatch(name -> name.endsWith(".tmp")));
        assertTrue(disk.contents(DIRECTORY).containsKey("leader-epoch-checkpoint"));
    }

    @Test
    void retentionGoesOnWithoutSpaceForANewSegment() {
        PartitionLog log = open(disk, config("segment.bytes", "200", "retention.ms", "1"));
        for (int i = 0; i < 5; i++) append(log, Batches.of(5, "value " + i));
        log.advanceHighWatermark(5);
        long before = log.sizeBytes();
        disk.limitTo(disk.usedBytes());
        for (PendingDeletion deletion : log.expire(1_000_000)) deletion.run();
        assertTrue(log.sizeBytes() < before, () -> before + " before, " + log.sizeBytes() + " after");
        assertTrue(log.logStartOffset() > 0);
        for (PendingDeletion deletion : log.expire(1_000_000)) deletion.run();
        assertEquals(0, log.sizeBytes());
        assertEquals(5, append(log, Batches.of(5, "next")).baseOffset());
    }

    @Test
    void aReplacedFileKeepsItsContentAndLeavesNothingBeside() throws IOException {
        Path file = Path.of("data", "some-checkpoint");
        disk.replace(file, new byte[10]);
        disk.limitTo(disk.usedBytes() + 5);
        assertThrows(DiskFull.class, () -> disk.replace(file, new byte[20]));
        assertEquals(10, disk.content(file).length);
        assertEquals(List.of("orders-3", "some-checkpoint"), disk.list(Path.of("data")));
    }

    /** Records of producers, transactions and rolls while the space comes and goes: what was taken is there, and only that. */
    @Test
    void whateverWasTakenIsThereAfterKillsAndPowerCuts() {
        Property.check(FullDiskTest::liveThroughWantOfSpace);
    }

    private static void liveThroughWantOfSpace(SeededRandom random) {
        LogConfig config =
                config("segment.bytes", String.valueOf(random.nextInt(300, 3_000)), "index.interval.bytes", "1");
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, config);
        List<String> taken = new ArrayList<>();
        List<Long> abortedAt = new ArrayList<>();
        int sequence = 0;
        boolean isOpen = false;
        long safe = 0;
        for (int step = random.nextInt(5, 120); step > 0; step--) {
            switch (random.nextInt(12)) {
                case 0, 1 -> disk.limitTo(disk.usedBytes() + random.nextInt(0, 400));
                case 2 -> disk.limitTo(Long.MAX_VALUE);
                case 3 -> {
                    flush(log);
                    safe = log.recoveryPoint();
                }
                case 4 -> {
                    checkpoint(log);
                    safe = log.recoveryPoint();
                }
                case 5 -> {
                    if (!isOpen) break;
                    AppendOutcome outcome =
                            log.append(Batches.marker(3, 0, false, 0), AppendOrigin.COORDINATOR, 0, 1_000, 0);
                    if (!(outcome instanceof AppendOutcome.Appended appended)) break;
                    isOpen = false;
                    abortedAt.add(appended.baseOffset());
                    taken.add("marker");
                }
                default -> {
                    String value = "value " + taken.size();
                    AppendOutcome outcome =
                            log.append(Batches.transactional(3, 0, sequence, value), AppendOrigin.CLIENT, 0, 1_000, 0);
                    if (!(outcome instanceof AppendOutcome.Appended)) break;
                    sequence++;
                    isOpen = true;
                    taken.add(value);
                }
            }
            check(log, taken, abortedAt);
            if (random.nextInt(30) > 0) continue;
            boolean isKill = random.nextBoolean();
            disk = isKill ? disk.afterKill() : disk.afterPowerCut(random);
            log = open(disk, config, safe, false);
            if (!isKill) {
                assertTrue(log.logEndOffset() >= safe, "lost what was forced");
                while (taken.size() > log.logEndOffset()) taken.removeLast();
                abortedAt.removeIf(at -> at >= taken.size());
                sequence = (int)
                        taken.stream().filter(value -> !value.equals("marker")).count();
                isOpen = !taken.isEmpty() && !taken.getLast().equals("marker");
            }
            check(log, taken, abortedAt);
        }
        disk.limitTo(Long.MAX_VALUE);
        append(log, Batches.transactional(3, 0, sequence, "last"));
        taken.add("last");
        log.close();
        check(open(disk.afterKill(), config, log.recoveryPoint(), true), taken, abortedAt);
    }

    private static void check(PartitionLog log, List<String> taken, List<Long> abortedAt) {
        List<String> found = new ArrayList<>();
        for (var record : readAll(log, 100_000))
            found.add(abortedAt.contains(record.offset()) ? "marker" : Batches.text(record.value()));
        assertEquals(taken, found);
        assertEquals(
                abortedAt,
                log.abortedTransactions(0, log.logEndOffset()).stream()
                        .map(AbortedTransaction::lastOffset)
                        .toList());
    }
}
