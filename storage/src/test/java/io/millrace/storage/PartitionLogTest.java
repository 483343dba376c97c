package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static io.millrace.storage.LogUnderTest.read;
import static io.millrace.storage.LogUnderTest.readAll;
import static io.millrace.storage.LogUnderTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.Record;
import io.millrace.testkit.Property;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionLogTest {
    private final CrashingDisk disk = disk();

    @Test
    void aNewLogMakesNoFileBeforeItsFirstRecord() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        assertEquals(List.of(), List.copyOf(disk.contents(DIRECTORY).keySet()));
        assertEquals(0, log.openFileCount());
        append(log, Batches.of(5, "a"));
        assertEquals(
                List.of("00000000000000000000.log"),
                List.copyOf(disk.contents(DIRECTORY).keySet()));
    }

    @Test
    void offsetsAndLeaderEpochAreSetInTheGivenBuffer() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b", "c"));
        ByteBuffer batch = Batches.of(5, "d", "e");
        AppendOutcome.Appended appended = append(log, batch, AppendOrigin.CLIENT, 7);
        assertEquals(new AppendOutcome.Appended(3, 4, -1, 0), appended);
        assertEquals(3, BatchHeader.baseOffset(batch, 0));
        assertEquals(7, BatchHeader.partitionLeaderEpoch(batch, 0));
        assertEquals(0, batch.position());
        assertEquals(5, log.logEndOffset());
        assertEquals(7, log.latestEpoch());
    }

    @Test
    void storedBytesAreTheProducedBytesButForOffsetAndEpoch() {
        for (Compression compression : Compression.values()) {
            PartitionLog log = open(disk(), LogConfig.DEFAULT);
            ByteBuffer produced = Batches.of(compression, 5, "a".repeat(300), "b".repeat(300));
            ByteBuffer expected = ByteBuffer.allocate(produced.remaining())
                    .put(produced.duplicate())
                    .flip();
            append(log, produced, AppendOrigin.CLIENT, 4);
            BatchHeader.setPartitionLeaderEpoch(expected, 0, 4);
            ReadOutcome.Slice slice =
                    assertInstanceOf(ReadOutcome.Slice.class, log.read(0, 1 << 20, true, log.logEndOffset()));
            assertEquals(expected, slice.records().toBuffer());
            slice.records().release();
        }
    }

    @Test
    void logAppendTimeReplacesTheTimeStampsAndKeepsTheChecksumRight() {
        PartitionLog log = open(disk, config("message.timestamp.type", "LogAppendTime"));
        AppendOutcome outcome = log.append(Batches.of(5, "a", "b"), AppendOrigin.CLIENT, 0, 777, 0);
        assertEquals(new AppendOutcome.Appended(0, 1, 777, 0), outcome);
        List<Record> records = readAll(log, 1 << 20);
        assertEquals(
                List.of(777L, 777L), records.stream().map(Record::timestamp).toList());
        assertEquals(0, open(disk.afterKill(), LogConfig.DEFAULT).recovery().bytesCut());
    }

    @Test
    void aReaderStopsBeforeTheBatchThatHoldsTheEnd() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        append(log, Batches.of(5, "c", "d"));
        assertEquals(2, read(log, 0, 1 << 20, 2).size());
        assertEquals(2, read(log, 0, 1 << 20, 3).size());
        assertEquals(4, read(log, 0, 1 << 20, 4).size());
        assertEquals(0, read(log, 2, 1 << 20, 2).size());
    }

    @Test
    void theFirstBatchComesWholeHoweverSmallTheLimitOrNotAtAll() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        append(log, Batches.of(5, "c", "d"));
        assertEquals(2, read(log, 0, 1, 4).size());
        ReadOutcome.Slice none = assertInstanceOf(ReadOutcome.Slice.class, log.read(0, 1, false, 4));
        assertEquals(0, none.records().sizeBytes());
        assertEquals(0, none.batchBaseOffset());
    }

    @Test
    void aReadWithinABatchBeginsWithThatBatch() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b", "c"));
        append(log, Batches.of(5, "d"));
        ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, log.read(2, 1 << 20, true, 4));
        assertEquals(0, slice.batchBaseOffset());
        assertEquals(2, slice.fetchOffset());
        slice.records().release();
    }

    @Test
    void offsetsOutsideTheLogAreAnsweredWithItsEnds() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        log.advanceHighWatermark(2);
        assertTrue(log.deleteRecordsBefore(1));
        assertEquals(new ReadOutcome.OutOfRange(1, 2), log.read(0, 100, true, 2));
        assertEquals(new ReadOutcome.OutOfRange(1, 2), log.read(3, 100, true, 2));
        assertInstanceOf(ReadOutcome.Slice.class, log.read(2, 100, true, 2));
    }

    @Test
    void segmentsRollBySizeAndReadsGoOnInTheNext() {
        PartitionLog log = open(disk, config("segment.bytes", "300"));
        for (int i = 0; i < 20; i++) append(log, Batches.of(i, "value " + i));
        assertTrue(log.segmentCount() > 3, () -> log.segmentCount() + " segments");
        List<Record> records = readAll(log, 200);
        for (int i = 0; i < 20; i++)
            assertEquals("value " + i, Batches.text(records.get(i).value()));
    }

    @Test
    void segmentsRollByTheTimeBetweenTheirRecords() {
        PartitionLog log = open(disk, config("segment.ms", "100", "message.timestamp.after.max.ms", "100000"));
        append(log, Batches.of(1_000, "a"));
        append(log, Batches.of(1_100, "b"));
        assertEquals(1, log.segmentCount());
        append(log, Batches.of(1_101, "c"));
        assertEquals(2, log.segmentCount());
    }

    @Test
    void segmentsRollBeforeAnIndexIsFull() {
        PartitionLog log = open(disk, config("segment.index.bytes", "48", "index.interval.bytes", "1"));
        for (int i = 0; i < 20; i++) append(log, Batches.of(i, "value"));
        assertTrue(log.segmentCount() >= 4, () -> log.segmentCount() + " segments");
        for (var file : disk.contents(DIRECTORY).entrySet())
            if (file.getKey().endsWith("index")) assertTrue(file.getValue().length <= 48, file::getKey);
    }

    @Test
    void segmentsRollBeforeAnOffsetIsTooFarFromTheBase() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        ByteBuffer first = Batches.of(5, "a");
        ByteBuffer far = Batches.of(5, "b");
        BatchHeader.setBaseOffset(far, 0, Integer.MAX_VALUE + 5L);
        append(log, first, AppendOrigin.REPLICATION, 0);
        append(log, far, AppendOrigin.REPLICATION, 0);
        assertEquals(2, log.segmentCount());
        assertEquals(Integer.MAX_VALUE + 6L, log.logEndOffset());
        assertEquals(1, read(log, 1, 1000, log.logEndOffset()).size());
    }

    @Test
    void clientsAreHeldToTheRulesOfTheFormat() {
        PartitionLog log = open(disk, config("max.message.bytes", "200"));
        ByteBuffer twoBatches = ByteBuffer.allocate(400)
                .put(Batches.of(5, "a"))
                .put(Batches.of(5, "b"))
                .flip();
        ByteBuffer wrongCrc = Batches.of(5, "a");
        wrongCrc.put(wrongCrc.limit() - 1, (byte) 77);
        ByteBuffer offset = Batches.of(5, "a");
        BatchHeader.setBaseOffset(offset, 0, 1);
        ByteBuffer oldMagic = Batches.of(5, "a").put(16, (byte) 1);
        assertEquals(ErrorCode.INVALID_RECORD, refused(log, twoBatches).error());
        assertEquals(ErrorCode.CORRUPT_MESSAGE, refused(log, wrongCrc).error());
        assertEquals(ErrorCode.INVALID_RECORD, refused(log, offset).error());
        assertEquals(ErrorCode.INVALID_RECORD, refused(log, oldMagic).error());
        assertEquals(
                ErrorCode.INVALID_RECORD, refused(log, ByteBuffer.allocate(0)).error());
        assertEquals(
                ErrorCode.INVALID_RECORD,
                refused(log, Batches.marker(1, 0, true, 0)).error());
        assertEquals(
                ErrorCode.MESSAGE_TOO_LARGE,
                refused(log, Batches.of(5, "x".repeat(200))).error());
        assertEquals(0, log.logEndOffset());
    }

    @Test
    void aCompactedTopicRefusesTheRecordsWithoutKeyByPlace() {
        PartitionLog log = open(disk, config("cleanup.policy", "compact"));
        for (Compression compression : Compression.values()) {
            var builder = io.millrace.records.BatchBuilder.forProducer(compression, compression.defaultLevel());
            builder.append(5, Batches.bytes("k"), Batches.bytes("v"), List.of());
            builder.append(5, (ByteBuffer) null, Batches.bytes("v"), List.of());
            AppendOutcome.Refused refused = refused(log, builder.build());
            assertEquals(ErrorCode.INVALID_RECORD, refused.error());
            assertEquals(
                    List.of(1),
                    refused.records().stream().map(RecordError::batchIndex).toList());
        }
    }

    @Test
    void timeStampsOutOfBoundsAreRefused() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        for (Compression compression : Compression.values()) {
            AppendOutcome.Refused refused = refused(log, Batches.of(compression, 3_601_000, "a", "b"));
            assertEquals(ErrorCode.INVALID_TIMESTAMP, refused.error());
        }
        PartitionLog strict = open(disk(), config("message.timestamp.before.max.ms", "10"));
        for (Compression compression : Compression.values())
            assertEquals(
                    ErrorCode.INVALID_TIMESTAMP,
                    refused(strict, Batches.of(compression, 989, "a", "b")).error());
    }

    @Test
    void aFollowerKeepsTheLeadersOffsetsAndPassesOverACutBatch() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        ByteBuffer first = Batches.of(5, "a");
        BatchHeader.setBaseOffset(first, 0, 10);
        BatchHeader.setPartitionLeaderEpoch(first, 0, 3);
        ByteBuffer second = Batches.of(5, "b");
        BatchHeader.setBaseOffset(second, 0, 11);
        BatchHeader.setPartitionLeaderEpoch(second, 0, 4);
        ByteBuffer fetched = ByteBuffer.allocate(first.remaining() + second.remaining() - 1)
                .put(first)
                .put(second.slice(0, second.remaining() - 1))
                .flip();
        assertEquals(10, append(log, fetched, AppendOrigin.REPLICATION, 5).lastOffset());
        assertEquals(
                11,
                append(log, second.slice(0, second.limit()), AppendOrigin.REPLICATION, 5)
                        .lastOffset());
        assertEquals(4, log.latestEpoch());
        assertEquals(3, log.epochAt(10));
        AppendOutcome again = log.append(second.slice(0, second.limit()), AppendOrigin.REPLICATION, 5, 0, 0);
        assertEquals(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                assertInstanceOf(AppendOutcome.Refused.class, again).error());
    }

    @Test
    void aFollowerPassesOverBatchesOfALaterEpochThanItsLeaders() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        ByteBuffer batch = Batches.of(5, "a");
        BatchHeader.setPartitionLeaderEpoch(batch, 0, 6);
        append(log, batch, AppendOrigin.REPLICATION, 5);
        assertEquals(0, log.logEndOffset());
    }

    @Test
    void aCutAtTheLogEndForgetsAnEpochInWhichNothingWasWritten() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"), AppendOrigin.CLIENT, 3);
        log.assignEpochStart(4, 1);
        assertFalse(log.truncateTo(1));
        assertEquals(3, log.latestEpoch());
        assertEquals(1, log.logEndOffset());
        assertEquals(3, open(disk, LogConfig.DEFAULT).latestEpoch());
    }

    @Test
    void theHighWatermarkOnlyRisesAndNotBeyondTheEnd() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        log.advanceHighWatermark(9);
        assertEquals(2, log.highWatermark());
        log.advanceHighWatermark(1);
        assertEquals(2, log.highWatermark());
    }

    @Test
    void recordsAboveTheHighWatermarkCannotBeDeleted() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a", "b"));
        log.advanceHighWatermark(1);
        assertFalse(log.deleteRecordsBefore(2));
        assertEquals(0, log.logStartOffset());
        assertTrue(log.deleteRecordsBefore(1));
        assertEquals(1, log.logStartOffset());
    }

    @Test
    void retentionKeepsWhatIsNotReplicatedAndDeletesAfterTheDelay() {
        PartitionLog log = open(disk, config("segment.bytes", "300", "retention.ms", "100"));
        for (int i = 0; i < 10; i++) append(log, Batches.of(i, "value " + i));
        assertEquals(List.of(), log.expire(1_000));
        log.advanceHighWatermark(log.segmentCount() > 1 ? 5 : 0);
        List<PendingDeletion> pending = log.expire(1_000);
        assertFalse(pending.isEmpty());
        assertTrue(log.logStartOffset() <= 5);
        assertTrue(disk.contents(DIRECTORY).keySet().stream().anyMatch(name -> name.endsWith(".log.deleted")));
        pending.forEach(PendingDeletion::run);
        assertTrue(disk.contents(DIRECTORY).keySet().stream().noneMatch(name -> name.endsWith(".deleted")));
        log.advanceHighWatermark(10);
        log.expire(1_000).forEach(PendingDeletion::run);
        assertEquals(10, log.logStartOffset());
        assertEquals(10, log.logEndOffset());
        assertEquals(10, append(log, Batches.of(5, "next")).baseOffset());
        PartitionLog reopened = open(disk.afterKill(), LogConfig.DEFAULT);
        assertEquals(10, reopened.logStartOffset());
        assertEquals(11, reopened.logEndOffset());
    }

    @Test
    void anEmptyLogThatRetentionEmptiedKeepsItsEndOffset() {
        PartitionLog log = open(disk, config("retention.ms", "100"));
        append(log, Batches.of(5, "a", "b"));
        log.advanceHighWatermark(2);
        log.expire(1_000).forEach(PendingDeletion::run);
        log.close();
        assertEquals(2, open(disk.afterKill(), LogConfig.DEFAULT, 2, true).logEndOffset());
    }

    @Test
    void retentionBySizeKeepsAtLeastThatMuch() {
        PartitionLog log = open(disk, config("segment.bytes", "300", "retention.bytes", "700", "retention.ms", "-1"));
        for (int i = 0; i < 30; i++) append(log, Batches.of(i, "value " + i));
        log.advanceHighWatermark(30);
        log.expire(1_000).forEach(PendingDeletion::run);
        assertTrue(log.sizeBytes() >= 700 && log.sizeBytes() < 1_000, () -> log.sizeBytes() + " bytes");
    }

    @Test
    void aCompactedTopicIsNotSubjectToRetention() {
        PartitionLog log =
                open(disk, config("segment.bytes", "300", "retention.ms", "100", "cleanup.policy", "compact"));
        for (int i = 0; i < 10; i++) append(log, Batches.of(i, "value " + i));
        log.advanceHighWatermark(10);
        assertEquals(List.of(), log.expire(1_000_000));
    }

    @Test
    void segmentsBelowTheLogStartOffsetGoWhateverThePolicy() {
        PartitionLog log = open(disk, config("segment.bytes", "300", "cleanup.policy", "compact"));
        for (int i = 0; i < 10; i++) append(log, Batches.of(i, "value " + i));
        log.advanceHighWatermark(10);
        assertTrue(log.deleteRecordsBefore(9));
        assertFalse(log.expire(1_000).isEmpty());
        assertEquals(9, log.logStartOffset());
    }

    @Test
    void aRangeHandedOutOutlivesItsSegment() {
        PartitionLog log = open(disk, config("retention.ms", "100"));
        append(log, Batches.of(5, "kept in hand"));
        log.advanceHighWatermark(1);
        ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, log.read(0, 1000, true, 1));
        log.expire(1_000).forEach(PendingDeletion::run);
        log.closeIdleFiles();
        log.closeIdleFiles();
        assertEquals(
                "kept in hand",
                Batches.text(
                        Batches.records(slice.records().toBuffer()).getFirst().value()));
        assertEquals(1, disk.openFiles());
        slice.records().release();
        slice.records().release();
        assertEquals(0, disk.openFiles());
    }

    @Test
    void anIdleLogHoldsNoFileOpenAndGoesOnWhenAsked() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        log.closeIdleFiles();
        assertEquals(1, disk.openFiles());
        log.closeIdleFiles();
        assertEquals(0, disk.openFiles());
        append(log, Batches.of(5, "b"));
        assertEquals(2, readAll(log, 1000).size());
    }

    @Test
    void aFailedWriteIsTheDirectorysFailure() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        disk.breakDown(new IOException("no more"));
        LogDirectoryFailed failed = assertThrows(
                LogDirectoryFailed.class, () -> log.append(Batches.of(5, "a"), AppendOrigin.CLIENT, 0, 0, 0));
        assertEquals(DIRECTORY, failed.directory());
    }

    @Test
    void aFailedForceIsTheDirectorysFailureAndFreesItsFiles() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        Flush flush = log.prepareFlush();
        disk.breakDown(new IOException("no more"));
        assertThrows(LogDirectoryFailed.class, flush::run);
        assertThrows(IllegalArgumentException.class, () -> log.flushed(flush));
        assertEquals(0, log.recoveryPoint());
    }

    @Test
    void aCloseForcesEachOfTheLogsFilesOnce() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        flush(log);
        append(log, Batches.of(5, "b"));
        long before = disk.forces();
        log.close();
        // Records, two indexes, the snapshot, partition.metadata, and the directory with their names.
        assertTrue(disk.forces() - before <= 6, () -> disk.forces() - before + " forces");
        assertEquals(2, log.recoveryPoint());
    }

    @Test
    void aLogThatWasClosedAndNotChangedSinceIsLeftAsItIs() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        log.close();
        PartitionLog again = open(disk, LogConfig.DEFAULT, 1, true);
        long before = disk.forces();
        again.close();
        assertEquals(before, disk.forces());
        PartitionLog written = open(disk, LogConfig.DEFAULT, 1, true);
        append(written, Batches.of(5, "b"));
        written.close();
        assertTrue(disk.forces() > before);
        Property.check(random -> assertEquals(
                2, open(disk.afterPowerCut(random), LogConfig.DEFAULT, 2, true).logEndOffset()));
    }

    @Test
    void aFlushIsDueByMessagesByTimeAndAfterARoll() {
        PartitionLog log = open(disk, config("flush.messages", "3", "flush.ms", "50", "segment.bytes", "300"));
        append(log, Batches.of(5, "a"));
        assertFalse(log.isFlushDue(49));
        assertTrue(log.isFlushDue(50));
        append(log, Batches.of(5, "b", "c"));
        assertTrue(log.isFlushDue(0));
        flush(log);
        assertEquals(3, log.recoveryPoint());
        assertFalse(log.isFlushDue(50));
        log.roll(0);
        append(log, Batches.of(5, "d"));
        assertFalse(log.isFlushDue(0));
    }

    @Test
    void aFlushOfALogWhoseDirectoryWasSetAsideMeanwhileIsNoFailure() throws IOException {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        Flush flush = log.prepareFlush();
        var aside = DIRECTORY.resolveSibling("orders-3.0-delete");
        disk.rename(DIRECTORY, aside);
        log.directoryRenamed(aside);
        flush.run();
        assertEquals(0, disk.openFiles());
    }

    @Test
    void aFlushFromBeforeATruncationDoesNotRaiseTheRecoveryPoint() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        append(log, Batches.of(5, "b"));
        Flush flush = log.prepareFlush();
        log.truncateTo(1);
        append(log, Batches.of(5, "c"));
        flush.run();
        log.flushed(flush);
        assertEquals(0, log.recoveryPoint());
    }

    @Test
    void truncationDropsWholeBatchesAndWhatBelongsToThem() {
        PartitionLog log = open(disk, config("segment.bytes", "300"));
        for (int i = 0; i < 10; i++) append(log, Batches.of(9L, 0, i * 2, "a" + i, "b" + i), AppendOrigin.CLIENT, i);
        log.advanceHighWatermark(20);
        assertTrue(log.truncateTo(7));
        assertEquals(6, log.logEndOffset());
        assertEquals(6, log.highWatermark());
        assertEquals(2, log.latestEpoch());
        assertEquals(5, log.activeProducers().getFirst().lastSequence());
        assertFalse(log.truncateTo(6));
        assertEquals(
                6,
                append(log, Batches.of(9L, 0, 6, "again"), AppendOrigin.CLIENT, 20)
                        .baseOffset());
        assertEquals(7, readAll(log, 100).size());
    }

    @Test
    void aLogEmptiedAndStartedElsewhereRemembersWhere() {
        PartitionLog log = open(disk, LogConfig.DEFAULT);
        append(log, Batches.of(5, "a"));
        log.truncateFullyAndStartAt(500);
        assertEquals(500, log.logStartOffset());
        assertEquals(500, log.logEndOffset());
        assertEquals(-1, log.latestEpoch());
        assertEquals(500, open(disk.afterKill(), LogConfig.DEFAULT).logEndOffset());
        assertEquals(500, append(log, Batches.of(5, "b")).baseOffset());
    }

    @Test
    void theLatestTimeStampIsFoundWithItsFirstRecord() {
        PartitionLog log = open(disk, config("segment.bytes", "300"));
        assertTrue(log.maxTimestampOffset().isEmpty());
        append(log, Batches.of(50, "a", "b"));
        append(log, Batches.of(900, "c", "d"), AppendOrigin.CLIENT, 3);
        append(log, Batches.of(70, "e"), AppendOrigin.CLIENT, 3);
        append(log, Batches.of(901, "f"), AppendOrigin.CLIENT, 3);
        assertEquals(new TimestampOffset(901, 3, 3), log.maxTimestampOffset().orElseThrow());
    }

    @Test
    void twoThousandPartitionsAreCreatedWithoutOneForce() {
        long before = disk.forces();
        LogDirectory directory =
                LogDirectory.open(disk, java.nio.file.Path.of("data")).orElseThrow();
        long operations = disk.operations();
        for (int i = 0; i < 2_000; i++) {
            var partition = new io.millrace.records.TopicPartition("many", i);
            var path = directory.createPartition(partition, io.millrace.protocol.Uuid.ONE);
            PartitionLog.open(
                    disk,
                    path,
                    partition,
                    io.millrace.protocol.Uuid.ONE,
                    LogConfig.DEFAULT,
                    ProducerStateConfig.DEFAULT,
                    0,
                    0,
                    true,
                    0);
        }
        assertEquals(before, disk.forces());
        assertEquals(0, disk.openFiles());
        assertTrue(disk.operations() - operations <= 2_000 * 6, () -> disk.operations() - operations + " operations");
    }

    @Test
    void anAppendAllocatesNothingPerRecord() {
        PartitionLog log = open(disk, config("index.interval.bytes", "1000000000"));
        String[] many = new String[2_000];
        java.util.Arrays.fill(many, "v");
        for (int i = 0; i < 200; i++) log.append(Batches.of(5, "v"), AppendOrigin.CLIENT, 0, 0, 0);
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        ByteBuffer large = Batches.of(5, many);
        LogConfig config = log.config();
        AppendCheck.check(large.duplicate(), AppendOrigin.CLIENT, config, 0, 0, 5);
        long before = threads.getCurrentThreadAllocatedBytes();
        AppendCheck.check(large.duplicate(), AppendOrigin.CLIENT, config, 0, 0, 5);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 2_000, () -> allocated + " bytes for a check of 2000 records");
    }

    @Test
    void lettingSegmentsGoDoesNotClaimThatTheRestIsForced() {
        PartitionLog log = open(disk(), config("segment.bytes", "200"));
        for (int i = 0; i < 9; i++) append(log, Batches.of(i, "value " + i + "x".repeat(60)));
        log.advanceHighWatermark(9);
        log.deleteRecordsBefore(6);
        assertFalse(log.expire(1_000).isEmpty());
        assertEquals(0, log.recoveryPoint());
    }
}
