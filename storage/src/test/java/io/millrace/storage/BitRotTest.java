package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A bit of one file flips while nobody looks: answers stay right, or the damage is told; never are they wrong. */
class BitRotTest {
    private static final LogConfig SMALL = config("segment.bytes", "3000", "index.interval.bytes", "150");
    private static final int RECORDS = 120;

    /** What clients ask for, answered from a log. */
    private record Answers(List<byte[]> reads, List<Optional<TimestampOffset>> times, List<ActiveProducer> producers) {
        static Answers of(PartitionLog log) {
            List<byte[]> reads = new ArrayList<>();
            for (long at = 0; at < RECORDS; at++) {
                if (!(log.read(at, 1, true, RECORDS) instanceof ReadOutcome.Slice slice))
                    throw new AssertionError(at + " is out of range");
                reads.add(bytes(slice));
                slice.records().release();
            }
            List<Optional<TimestampOffset>> times = new ArrayList<>();
            for (long time = 0; time < 1_100; time += 7) times.add(log.offsetForTimestamp(time));
            times.add(log.maxTimestampOffset());
            return new Answers(reads, times, log.activeProducers());
        }

        private static byte[] bytes(ReadOutcome.Slice slice) {
            var buffer = slice.records().toBuffer();
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        }

        void mustBe(Answers others, String what) {
            for (int i = 0; i < reads.size(); i++)
                assertArrayEquals(reads.get(i), others.reads().get(i), what);
            assertEquals(times, others.times(), what);
            assertEquals(producers, others.producers(), what);
        }
    }

    private static CrashingDisk closedLog(SeededRandom random) {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, SMALL);
        for (int i = 0; i < RECORDS; i++) {
            append(log, Batches.of(random.nextInt(1_000), "v" + i + "x".repeat(random.nextInt(40))));
        }
        log.close();
        return disk.afterKill();
    }

    private static boolean rot(CrashingDisk disk, SeededRandom random, String name) {
        byte[] bytes = disk.content(DIRECTORY.resolve(name)).clone();
        if (bytes.length == 0) return false;
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        disk.put(DIRECTORY.resolve(name), bytes);
        return true;
    }

    @Test
    void aRottenIndexNeverLeadsToAWrongAnswer() {
        Property.check(150, random -> {
            CrashingDisk disk = closedLog(random);
            Answers right = Answers.of(open(disk.afterKill(), SMALL, RECORDS, true));
            List<String> indexes = disk.contents(DIRECTORY).keySet().stream()
                    .filter(name -> name.endsWith("index"))
                    .toList();
            String name = random.pick(indexes.toArray(String[]::new));
            if (!rot(disk, random, name)) return;
            boolean isClean = random.nextBoolean();
            right.mustBe(Answers.of(open(disk, SMALL, RECORDS, isClean)), name + ", clean: " + isClean);
        });
    }

    @Test
    void aRottenProducerSnapshotGivesWayToTheBatches() {
        Property.check(30, random -> {
            CrashingDisk disk = closedLog(random);
            Answers right = Answers.of(open(disk.afterKill(), SMALL, RECORDS, true));
            for (String name : disk.contents(DIRECTORY).keySet())
                if (name.endsWith(".snapshot") && random.nextBoolean()) rot(disk, random, name);
            right.mustBe(Answers.of(open(disk, SMALL, RECORDS, random.nextBoolean())), "snapshots");
        });
    }

    @Test
    void rottenBatchesAreServedAsTheyAreAndNothingElseForThemOrTheDamageIsTold() {
        Property.check(150, random -> {
            CrashingDisk disk = closedLog(random);
            List<String> logs = disk.contents(DIRECTORY).keySet().stream()
                    .filter(name -> name.endsWith(".log"))
                    .toList();
            String name = random.pick(logs.toArray(String[]::new));
            byte[] before = disk.content(DIRECTORY.resolve(name)).clone();
            if (!rot(disk, random, name)) return;
            byte[] after = disk.content(DIRECTORY.resolve(name));
            int flipped = Arrays.mismatch(before, after);
            try {
                PartitionLog log = open(disk, SMALL, RECORDS, random.nextBoolean());
                assertEquals(RECORDS, log.logEndOffset(), "the log was cut at rot below its recovery point");
                Answers.of(log);
            } catch (CorruptLog told) {
                assertEquals(DIRECTORY.resolve(name), told.file());
                assertTrue(told.position() <= after.length, told::getMessage);
            } catch (IllegalArgumentException outOfBatch) {
                throw new AssertionError("byte " + flipped + " of " + name, outOfBatch);
            }
        });
    }
}
