package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.checkpoint;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A scan that begins in the midst of a segment ends as one of the whole segment would. */
class ScanBehindCheckpointTest {
    private static final LogConfig ONE_SEGMENT = config();
    private static final Path LOG = DIRECTORY.resolve("00000000000000000000.log");
    private static final String INDEX = "00000000000000000000.index";
    private static final String TIME_INDEX = "00000000000000000000.timeindex";

    private static void fill(PartitionLog log, int batches) {
        for (int i = 0; i < batches; i++) append(log, Batches.of(7, 0, sequence++, "x".repeat(900)));
    }

    private static int sequence;

    @Test
    void onlyWhatLiesBehindTheCheckpointIsScanned() {
        sequence = 0;
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, ONE_SEGMENT);
        fill(log, 400);
        long before = log.sizeBytes();
        checkpoint(log);
        assertEquals(0, log.unscannedBytes());
        fill(log, 30);
        PartitionLog reopened = open(disk.afterKill(), ONE_SEGMENT, log.recoveryPoint(), false);
        assertEquals(430, reopened.logEndOffset());
        assertEquals(log.sizeBytes() - before, reopened.recovery().bytesScanned());
        assertEquals(log.sizeBytes() - before, reopened.unscannedBytes(), "it would be scanned again");
        assertEquals(log.activeProducers(), reopened.activeProducers());
    }

    @Test
    void theIndexesAreThoseOfAScanOfTheWhole() {
        Property.check(20, random -> {
            sequence = 0;
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, ONE_SEGMENT);
            fill(log, random.nextInt(1, 200));
            checkpoint(log);
            fill(log, random.nextInt(1, 100));
            CrashingDisk inTheMidst = disk.afterKill();
            CrashingDisk whole = disk.afterKill();
            assertTrue(open(inTheMidst, ONE_SEGMENT, log.recoveryPoint(), false)
                            .recovery()
                            .bytesScanned()
                    < log.sizeBytes());
            assertEquals(
                    log.sizeBytes(),
                    open(whole, ONE_SEGMENT, 0, false).recovery().bytesScanned());
            assertArrayEquals(whole.content(DIRECTORY.resolve(INDEX)), inTheMidst.content(DIRECTORY.resolve(INDEX)));
            assertArrayEquals(
                    whole.content(DIRECTORY.resolve(TIME_INDEX)), inTheMidst.content(DIRECTORY.resolve(TIME_INDEX)));
        });
    }

    @Test
    void aCheckpointKeepsItsPromiseWhateverThePowerCutLeaves() {
        Property.check(60, random -> {
            sequence = 0;
            CrashingDisk disk = disk();
            PartitionLog log = open(disk, ONE_SEGMENT);
            fill(log, random.nextInt(1, 100));
            checkpoint(log);
            fill(log, random.nextInt(1, 60));
            if (random.nextBoolean()) flush(log);
            long recoveryPoint = log.recoveryPoint();
            CrashingDisk left = disk.afterPowerCut(random);
            PartitionLog reopened = open(left, ONE_SEGMENT, recoveryPoint, false);
            assertTrue(reopened.logEndOffset() >= recoveryPoint);
            assertTrue(reopened.recovery().bytesScanned() < reopened.sizeBytes(), "it was scanned as a whole");
            List<io.millrace.records.Record> records = LogUnderTest.readAll(reopened, 4_000);
            assertEquals(reopened.logEndOffset(), records.size());
        });
    }

    @Test
    void damageBetweenCheckpointAndRecoveryPointIsTold() {
        sequence = 0;
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, ONE_SEGMENT);
        fill(log, 20);
        checkpoint(log);
        long checkpointed = log.sizeBytes();
        fill(log, 20);
        flush(log);
        CrashingDisk rotten = disk.afterKill();
        byte[] bytes = rotten.content(LOG).clone();
        bytes[(int) checkpointed + 500] ^= 1;
        rotten.put(LOG, bytes);
        CorruptLog damage = assertThrows(CorruptLog.class, () -> open(rotten, ONE_SEGMENT, log.recoveryPoint(), false));
        assertEquals(LOG, damage.file());
        assertEquals(checkpointed, damage.position());
    }

    @Test
    void anIndexThatIsWrongBelowTheCheckpointIsMadeAnew() {
        sequence = 0;
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, ONE_SEGMENT);
        fill(log, 100);
        checkpoint(log);
        fill(log, 10);
        for (String name : List.of(INDEX, TIME_INDEX)) {
            CrashingDisk rotten = disk.afterKill();
            byte[] bytes = rotten.content(DIRECTORY.resolve(name)).clone();
            bytes[bytes.length - 1] ^= 1;
            rotten.put(DIRECTORY.resolve(name), bytes);
            PartitionLog reopened = open(rotten, ONE_SEGMENT, log.recoveryPoint(), false);
            assertEquals(110, reopened.logEndOffset());
            assertEquals(110, LogUnderTest.readAll(reopened, 2_000).size());
            for (long at = 0; at < 110; at++)
                assertEquals(
                        at, LogUnderTest.read(reopened, at, 1, 110).getFirst().offset());
        }
    }
}
