package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchHeader;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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
        return closedLog(random, SMALL);
    }

    private static CrashingDisk closedLog(SeededRandom random, LogConfig config) {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, config);
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

    /** Base offset and leader epoch lie outside the CRC; one index entry a segment, so that a walk comes by all batches. */
    @Test
    void aRottenBaseOffsetIsNeverServedToWhoAsksForItsBatchAndDamageNamesItsPlace() {
        LogConfig sparse = config("segment.bytes", "3000", "index.interval.bytes", "1000000");
        Property.check(150, random -> {
            CrashingDisk disk = closedLog(random, sparse);
            PartitionLog before = open(disk.afterKill(), sparse, RECORDS, true);
            List<String> logs = disk.contents(DIRECTORY).keySet().stream()
                    .filter(file -> file.endsWith(".log"))
                    .toList();
            String name = logs.get(random.nextInt(logs.size() - 1));
            byte[] bytes = disk.content(DIRECTORY.resolve(name)).clone();
            List<Integer> batches = starts(bytes);
            int rotten = random.nextInt(batches.size() - 1);
            int position = batches.get(rotten);
            long offset = ByteBuffer.wrap(bytes).getLong(position);
            bytes[position + random.nextInt(Long.BYTES)] ^= (byte) (1 << random.nextInt(8));
            disk.put(DIRECTORY.resolve(name), bytes);
            byte[] right = read(before, offset);
            try {
                assertArrayEquals(right, read(open(disk, sparse, RECORDS, true), offset));
            } catch (CorruptLog told) {
                assertEquals(DIRECTORY.resolve(name), told.file());
                assertTrue(told.position() == position || told.position() == batches.get(rotten + 1), told::getMessage);
                return;
            }
            throw new AssertionError("offset " + offset + " is served though its batch says another");
        });
    }

    @Test
    void anEarlierLeaderEpochBehindALaterOneIsTold() {
        CrashingDisk disk = closedLog(new SeededRandom(1), config("index.interval.bytes", "1000000"));
        Path file = DIRECTORY.resolve(SegmentFileNames.of(0, SegmentFileNames.LOG));
        byte[] bytes = disk.content(file).clone();
        int third = starts(bytes).get(2);
        bytes[third + 13] ^= 1;
        disk.put(file, bytes);
        CorruptLog told = assertThrows(
                CorruptLog.class, () -> open(disk, config("index.interval.bytes", "1000000"), RECORDS, true));
        assertEquals(starts(bytes).get(3).longValue(), told.position());
        assertTrue(String.valueOf(told.getMessage()).contains("leader epoch"), told::getMessage);
    }

    private static byte[] read(PartitionLog log, long offset) {
        if (!(log.read(offset, 1, true, RECORDS) instanceof ReadOutcome.Slice slice))
            throw new AssertionError(offset + " is out of range");
        byte[] bytes = Answers.bytes(slice);
        slice.records().release();
        return bytes;
    }

    private static List<Integer> starts(byte[] log) {
        List<Integer> starts = new ArrayList<>();
        for (int at = 0; at < log.length; at += BatchHeader.sizeBytes(ByteBuffer.wrap(log), at)) starts.add(at);
        return starts;
    }
}
