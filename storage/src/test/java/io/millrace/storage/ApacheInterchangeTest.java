package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.Compression;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogAppendInfo;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.OffsetIndex;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.TimeIndex;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same appends to Apache's log and to ours: same answers, same files; and each opens what the other wrote. */
class ApacheInterchangeTest {
    private static final Map<String, String> CONFIG = Map.of(
            "segment.bytes", "1048576",
            "internal.segment.bytes", "2000",
            "index.interval.bytes", "200",
            "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));

    /** Apache's log rolls before it looks at the producer, so that a batch it then refuses may begin a segment. */
    private static final Map<String, String> NO_ROLL_BY_SIZE =
            Map.of("index.interval.bytes", "200", "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;

    /** One append to both logs, and what it came to. */
    private static final class Pair {
        final SeededRandom random;
        final CrashingDisk disk = disk();
        final PartitionLog ours;
        final UnifiedLog theirs;
        private int epoch;

        Pair(SeededRandom random, Path directory, Map<String, String> config) throws IOException {
            this.random = random;
            this.ours = open(disk, LogConfig.from(config));
            this.theirs = ApacheLog.open(directory, config, 0, false);
        }

        void step() throws IOException {
            if (random.chance(0.1)) becomeLeader();
            if (random.chance(0.05)) {
                ours.roll(1_000);
                if (theirs.logEndOffset() > theirs.activeSegment().baseOffset()) theirs.roll();
            }
            boolean isMarker = random.chance(0.2);
            if (isMarker) {
                ByteBuffer batch =
                        Batches.marker(random.nextInt(3), random.nextInt(3), random.nextBoolean(), random.nextInt(3));
                both(batch, io.millrace.storage.AppendOrigin.COORDINATOR, AppendOrigin.COORDINATOR, random.nextInt(3));
            } else {
                both(data(), io.millrace.storage.AppendOrigin.CLIENT, AppendOrigin.CLIENT, 0);
            }
            if (random.chance(0.3)) {
                ours.advanceHighWatermark(ours.logEndOffset());
                theirs.updateHighWatermark(theirs.logEndOffset());
            }
            assertEquals(theirs.logEndOffset(), ours.logEndOffset());
            assertEquals(theirs.lastStableOffset(), ours.lastStableOffset());
        }

        private void becomeLeader() {
            epoch++;
            ours.assignEpochStart(epoch, ours.logEndOffset());
            theirs.assignEpochStartOffset(epoch, theirs.logEndOffset());
        }

        private ByteBuffer data() {
            long producerId = random.nextInt(-1, 3);
            short producerEpoch = (short) (producerId < 0 ? -1 : random.nextInt(3));
            int sequence =
                    producerId < 0 ? -1 : random.pick(0, 1, 2, 3, 4, 5, Integer.MAX_VALUE - 1, Integer.MAX_VALUE);
            String[] values = new String[random.pick(1, 1, 2, 3)];
            Arrays.setAll(values, i -> "v" + i + "x".repeat(random.nextInt(100)));
            return Batches.producer(
                    random.pick(Compression.values()),
                    producerId,
                    producerEpoch,
                    sequence,
                    producerId >= 0 && random.nextBoolean(),
                    random.nextInt(5_000),
                    values);
        }

        private void both(
                ByteBuffer batch,
                io.millrace.storage.AppendOrigin ourOrigin,
                AppendOrigin theirOrigin,
                int transactionVersion) {
            ByteBuffer copy = ByteBuffer.allocate(batch.remaining())
                    .put(batch.duplicate())
                    .flip();
            String theirAnswer = theirAnswer(copy, theirOrigin, (short) transactionVersion);
            AppendOutcome outcome = ours.append(batch, ourOrigin, epoch, 1_000, 0, transactionVersion);
            String ourAnswer = switch (outcome) {
                case AppendOutcome.Appended appended -> appended.baseOffset() + "-" + appended.lastOffset();
                case AppendOutcome.Duplicate duplicate -> duplicate.baseOffset() + "-" + duplicate.lastOffset();
                case AppendOutcome.Refused refused -> refused.error().name();
            };
            assertEquals(theirAnswer, ourAnswer, () -> "batch for " + ours.activeProducers() + ": " + outcome);
        }

        private String theirAnswer(ByteBuffer batch, AppendOrigin origin, short transactionVersion) {
            try {
                LogAppendInfo info = theirs.appendAsLeader(
                        MemoryRecords.readableRecords(batch),
                        epoch,
                        origin,
                        RequestLocal.noCaching(),
                        VerificationGuard.SENTINEL,
                        transactionVersion);
                return info.firstOffset() + "-" + info.lastOffset();
            } catch (RuntimeException refused) {
                Errors error = Errors.forException(refused);
                if (error == Errors.UNKNOWN_SERVER_ERROR) throw refused;
                return ErrorCode.forCode(error.code()).name();
            }
        }
    }

    private Path freshDirectory() throws IOException {
        return Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
    }

    @Test
    void theSameAppendsGiveTheSameAnswersAndTheSameFiles() {
        Property.check(40, random -> {
            Path directory = freshDirectory();
            Pair pair = new Pair(random, directory, NO_ROLL_BY_SIZE);
            int steps = random.nextInt(1, 80);
            for (int i = 0; i < steps; i++) pair.step();
            for (long timestamp = 0; timestamp < 5_100; timestamp += 113) compareTimes(pair, timestamp);
            for (int epoch = 0; epoch < 12; epoch++) compareEpochEnds(pair, epoch);
            pair.theirs.close();
            pair.ours.close();
            compareFiles(directory, pair.disk, pair.ours.activeSegmentBaseOffset());
        });
    }

    private static void compareTimes(Pair pair, long timestamp) throws IOException {
        var theirs = pair.theirs
                .fetchOffsetByTimestamp(timestamp, java.util.Optional.empty())
                .timestampAndOffsetOpt()
                .map(found -> new TimestampOffset(found.timestamp, found.offset, found.leaderEpoch.orElse(-1)));
        assertEquals(theirs, pair.ours.offsetForTimestamp(timestamp));
    }

    private static void compareEpochEnds(Pair pair, int epoch) {
        var theirs = pair.theirs.endOffsetForEpoch(epoch).map(end -> end.epoch() + "@" + end.offset());
        var ours = pair.ours.endOffsetForEpoch(epoch).map(end -> end.leaderEpoch() + "@" + end.offset());
        assertEquals(theirs, ours);
    }

    /**
     * Snapshots name producers in any order. Closing, Apache's log does not always write the last entry of its active
     * segment's time index; ours does.
     */
    private static void compareFiles(Path directory, CrashingDisk disk, long activeBaseOffset) throws IOException {
        Map<String, byte[]> ours = new TreeMap<>(disk.contents(DIRECTORY));
        Map<String, byte[]> theirs = new TreeMap<>();
        try (var listed = Files.list(directory)) {
            for (Path file : listed.toList())
                theirs.put(file.getFileName().toString(), withoutPreallocation(file, Files.readAllBytes(file)));
        }
        theirs.remove("partition.metadata");
        ours.values().removeIf(content -> content.length == 0);
        theirs.values().removeIf(content -> content.length == 0);
        String activeTimeIndex = SegmentFileNames.of(activeBaseOffset, SegmentFileNames.TIME_INDEX);
        byte[] ourTimes = ours.remove(activeTimeIndex);
        byte[] theirTimes = theirs.remove(activeTimeIndex);
        if (theirTimes != null)
            assertArrayEquals(theirTimes, Arrays.copyOf(ourTimes == null ? new byte[0] : ourTimes, theirTimes.length));
        assertEquals(theirs.keySet(), ours.keySet());
        for (Map.Entry<String, byte[]> file : ours.entrySet()) {
            String name = file.getKey();
            byte[] expected = theirs.getOrDefault(name, new byte[0]);
            if (name.endsWith(SegmentFileNames.SNAPSHOT)) assertEquals(sorted(expected), sorted(file.getValue()), name);
            else assertArrayEquals(expected, file.getValue(), name);
        }
    }

    /** Apache's log leaves the zeros behind the last entry of its active segment's indexes. */
    private static byte[] withoutPreallocation(Path file, byte[] content) {
        String name = file.toString();
        if (!name.endsWith(SegmentFileNames.INDEX) && !name.endsWith(SegmentFileNames.TIME_INDEX)) return content;
        int entryBytes = name.endsWith(SegmentFileNames.INDEX)
                ? io.millrace.storage.OffsetIndex.ENTRY_BYTES
                : io.millrace.storage.TimeIndex.ENTRY_BYTES;
        int end = content.length;
        while (end > 0 && content[end - 1] == 0) end--;
        return Arrays.copyOf(content, (end + entryBytes - 1) / entryBytes * entryBytes);
    }

    private static List<ProducerSnapshot.Producer> sorted(byte[] content) throws IOException {
        CrashingDisk disk = disk();
        Path file = DIRECTORY.resolve("some.snapshot");
        disk.put(file, content);
        return ProducerSnapshot.read(disk, file).stream()
                .sorted(Comparator.comparingLong(ProducerSnapshot.Producer::producerId))
                .toList();
    }

    @Test
    void apachesLogOpensWhatWeWroteAfterACleanShutdownAndAfterAKill() {
        Property.check(20, random -> {
            Pair pair = new Pair(random, freshDirectory(), CONFIG);
            int steps = random.nextInt(5, 60);
            for (int i = 0; i < steps; i++) pair.step();
            boolean clean = random.nextBoolean();
            if (clean) pair.ours.close();
            Path directory = freshDirectory();
            pair.disk.exportTo(DIRECTORY, directory);
            UnifiedLog opened = ApacheLog.open(directory, CONFIG, clean ? pair.ours.logEndOffset() : 0, clean);
            assertEquals(pair.ours.logEndOffset(), opened.logEndOffset());
            assertEquals(pair.theirs.logEndOffset(), opened.logEndOffset());
            assertEquals(
                    pair.theirs.producerStateManager().firstUndecidedOffset(),
                    opened.producerStateManager().firstUndecidedOffset());
            assertEquals(
                    pair.theirs.latestEpoch().isPresent() && opened.logEndOffset() > 0,
                    opened.latestEpoch().isPresent());
            for (LogSegment segment : opened.logSegments()) {
                segment.offsetIndex().sanityCheck();
                segment.timeIndex().sanityCheck();
                segment.txnIndex().sanityCheck();
            }
            opened.close();
            pair.theirs.close();
        });
    }

    @Test
    void weOpenWhatApachesLogWroteAfterACleanShutdownAndAfterAKill() {
        Property.check(20, random -> {
            Path directory = freshDirectory();
            Pair pair = new Pair(random, directory, CONFIG);
            int steps = random.nextInt(5, 60);
            for (int i = 0; i < steps; i++) pair.step();
            boolean clean = random.nextBoolean();
            RecoveryTest.Told expected = RecoveryTest.Told.of(pair.ours).withoutEpochsThatWroteNothing();
            if (clean) pair.theirs.close();
            else
                for (LogSegment segment : pair.theirs.logSegments())
                    segment.log().flush();
            CrashingDisk disk = disk();
            disk.importFrom(directory, DIRECTORY);
            PartitionLog opened = open(disk, LogConfig.from(CONFIG), clean ? pair.theirs.logEndOffset() : 0, clean);
            assertEquals(expected, RecoveryTest.Told.of(opened));
            if (!clean) pair.theirs.close();
        });
    }

    @Test
    void apachesClassesReadOurIndexesSnapshotsAndEpochs() throws IOException {
        CrashingDisk disk = disk();
        PartitionLog log = open(disk, LogConfig.from(CONFIG));
        for (int i = 0; i < 40; i++)
            append(log, Batches.of(7L, 1, i * 2, "a" + i, "b" + i), io.millrace.storage.AppendOrigin.CLIENT, i / 10);
        log.close();
        Path directory = freshDirectory();
        disk.exportTo(DIRECTORY, directory);
        String first = "00000000000000000000";
        try (OffsetIndex index = new OffsetIndex(ApacheLog.file(directory, first + ".index"), 0, -1, false)) {
            index.sanityCheck();
            var ours = io.millrace.storage.OffsetIndex.read(disk, DIRECTORY.resolve(first + ".index"), 0);
            assertTrue(ours.size() > 2);
            assertEquals(ours.size(), index.entries());
            for (int i = 0; i < ours.size(); i++) {
                assertEquals(ours.get(i).offset(), index.entry(i).offset());
                assertEquals(ours.get(i).position(), index.entry(i).position());
            }
        }
        try (TimeIndex index = new TimeIndex(ApacheLog.file(directory, first + ".timeindex"), 0, -1, false)) {
            index.sanityCheck();
            var ours = io.millrace.storage.TimeIndex.read(disk, DIRECTORY.resolve(first + ".timeindex"), 0);
            assertEquals(ours.size(), index.entries());
            for (int i = 0; i < ours.size(); i++)
                assertEquals(ours.get(i).offset(), index.entry(i).offset());
        }
        var producer = ProducerStateManager.readSnapshot(
                        ApacheLog.file(directory, SegmentFileNames.of(80, SegmentFileNames.SNAPSHOT)))
                .getFirst();
        assertEquals(7, producer.producerId());
        assertEquals(79, producer.batchMetadata().iterator().next().lastSeq());
        assertEquals(79, producer.lastDataOffset());
        var epochs = new LeaderEpochCheckpointFile(
                        ApacheLog.file(directory, LeaderEpochs.FILE_NAME),
                        new org.apache.kafka.storage.internals.log.LogDirFailureChannel(1))
                .read();
        assertEquals(
                List.of("0@0", "1@20", "2@40", "3@60"),
                epochs.stream()
                        .map(entry -> entry.epoch() + "@" + entry.startOffset())
                        .toList());
    }

    @Test
    void checkpointsAndMarkersAreApachesToTheByte() throws Exception {
        CrashingDisk disk = disk();
        LogDirectory directory = LogDirectory.open(disk, DIRECTORY).orElseThrow();
        directory.recoveryPoints().write(Map.of(new TopicPartition("orders", 3), 17L));
        directory.markCleanlyShutDown(42);
        PartitionMetadata.write(disk, DIRECTORY, Uuid.ONE);
        Path real = freshDirectory();
        disk.exportTo(DIRECTORY, real);
        var failures = new org.apache.kafka.storage.internals.log.LogDirFailureChannel(1);
        Path theirs = freshDirectory();
        var checkpoint = new org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile(
                ApacheLog.file(theirs, "recovery-point-offset-checkpoint"), failures);
        checkpoint.write(Map.of(new org.apache.kafka.common.TopicPartition("orders", 3), 17L));
        new org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler(theirs.toString()).write(42);
        var metadata = new org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile(
                ApacheLog.file(theirs, PartitionMetadata.FILE_NAME), failures);
        metadata.record(new org.apache.kafka.common.Uuid(0, 1));
        metadata.maybeFlush();
        for (String name :
                List.of("recovery-point-offset-checkpoint", CleanShutdownMarker.FILE_NAME, PartitionMetadata.FILE_NAME))
            assertArrayEquals(Files.readAllBytes(theirs.resolve(name)), Files.readAllBytes(real.resolve(name)), name);
        disk.importFrom(theirs, DIRECTORY);
        assertEquals(
                Map.of(new TopicPartition("orders", 3), 17L),
                directory.recoveryPoints().read());
        assertEquals(42, directory.cleanShutdownBrokerEpoch().orElseThrow());
        assertEquals(Uuid.ONE, PartitionMetadata.read(disk, DIRECTORY).orElseThrow());
    }
}
