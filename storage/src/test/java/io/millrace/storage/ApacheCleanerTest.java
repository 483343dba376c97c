package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.DIRECTORY;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.flush;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same logs compacted by Apache's cleaner and by ours: the same records are left, data and markers, with the same horizons.
 * Compared round by round, so what one leaves for the next is compared too.
 *
 * <p>Known to differ, and left out of the comparison: how far a compaction goes, which for Apache ends with a segment and for ours
 * where the first open transaction begins (ours is held to Apache's end here); batches without records, of which ours keeps the last of every group of
 * segments and Apache's the last of a round (ADR 23); the markers that ours keeps as long as such a batch belongs to their transaction;
 * and the grouping of old messages, which ours turns into format 2 (ADR 36).
 */
class ApacheCleanerTest {
    private static final Map<String, String> THEIR_CONFIG = Map.of(
            "cleanup.policy", "compact",
            "internal.segment.bytes", "1500",
            "index.interval.bytes", "150",
            "delete.retention.ms", Long.toString(CompactionTwin.DELETE_RETENTION_MS),
            "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path temporary;

    private int runs;
    private long compared;

    private Path exported(CrashingDisk disk) throws IOException {
        Path directory =
                Files.createDirectories(temporary.resolve("run" + runs++).resolve("orders-3"));
        disk.exportTo(DIRECTORY, directory);
        return directory;
    }

    private static long clean(UnifiedLog log, long firstDirty, long until, long wallMs) throws Exception {
        Cleaner cleaner = new Cleaner(
                0,
                new SkimpyOffsetMap(1 << 20),
                1 << 16,
                1 << 20,
                0.9,
                new Throttler(Double.MAX_VALUE, 1_000, "bytes", "bytes", Time.SYSTEM),
                Time.SYSTEM,
                partition -> {});
        return cleaner.doClean(new LogToClean(log, firstDirty, until, false), wallMs)
                .getKey();
    }

    private static Map<Long, String> told(ByteBuffer bytes) {
        Map<Long, String> told = new TreeMap<>();
        for (var batch : MemoryRecords.readableRecords(bytes).batches())
            for (var record : batch)
                told.put(
                        record.offset(),
                        (batch.isControlBatch()
                                        ? "marker "
                                        : Batches.text(record.key()) + "=" + Batches.text(record.value()))
                                + " of " + batch.producerId() + "/" + batch.producerEpoch() + " at "
                                + (batch.isControlBatch() ? "" : record.timestamp()) + " until "
                                + batch.deleteHorizonMs());
        return told;
    }

    private static Map<Long, String> theirs(UnifiedLog log) throws IOException {
        Map<Long, String> told = new TreeMap<>();
        for (var segment : log.logSegments()) {
            ByteBuffer bytes = ByteBuffer.allocate(segment.size());
            segment.log().readInto(bytes, 0);
            told.putAll(told(bytes));
        }
        return told;
    }

    private static Map<Long, String> ours(CrashingDisk disk) {
        Map<Long, String> told = new TreeMap<>();
        disk.contents(DIRECTORY).forEach((name, content) -> {
            if (name.endsWith(".log")) told.putAll(told(ByteBuffer.wrap(content)));
        });
        return told;
    }

    /**
     * Markers in our log behind a transactional batch without records that is not in theirs: the next round keeps them for its sake, and
     * gives them their horizon when it is gone.
     */
    private static Set<Long> heldByEmptyBatches(CrashingDisk disk, UnifiedLog theirs) {
        Set<Long> alsoTheirs = new HashSet<>();
        for (var segment : theirs.logSegments())
            for (var batch : segment.log().batches()) if (batch.countOrNull() == 0) alsoTheirs.add(batch.lastOffset());
        Set<Long> held = new HashSet<>();
        Set<Long> withEmpty = new HashSet<>();
        disk.contents(DIRECTORY).forEach((name, content) -> {
            if (!name.endsWith(".log")) return;
            for (var batch :
                    MemoryRecords.readableRecords(ByteBuffer.wrap(content)).batches()) {
                boolean isEmpty = !batch.isControlBatch() && batch.isTransactional() && batch.countOrNull() == 0;
                if (batch.isControlBatch()) {
                    if (withEmpty.remove(batch.producerId())) held.add(batch.lastOffset());
                } else if (isEmpty && !alsoTheirs.contains(batch.lastOffset())) {
                    withEmpty.add(batch.producerId());
                }
            }
        });
        return held;
    }

    private static List<String> abortedOf(UnifiedLog log, Set<Long> ignored) {
        return log.collectAbortedTransactions(0, log.logEndOffset()).stream()
                .filter(one -> !ignored.contains(one.lastOffset()))
                .map(one -> one.producerId() + ": " + one.firstOffset() + " to " + one.lastOffset())
                .sorted()
                .toList();
    }

    private static List<String> abortedOf(PartitionLog log, Set<Long> ignored) {
        return log.abortedTransactions(0, log.logEndOffset()).stream()
                .filter(one -> !ignored.contains(one.lastOffset()))
                .map(one -> one.producerId() + ": " + one.firstOffset() + " to " + one.lastOffset())
                .sorted()
                .toList();
    }

    @Test
    void bothLeaveTheSameRecordsMarkersAndHorizonsRoundAfterRound() {
        Property.check(60, random -> {
            CrashingDisk disk = disk();
            PartitionLog ours = open(disk, CompactionTwin.CONFIG);
            CompactionTwin twin = new CompactionTwin(random);
            twin.appendSome(ours, random.nextInt(10, 80));
            flush(ours);
            ours.advanceHighWatermark(ours.logEndOffset());
            ours.close();
            UnifiedLog theirs = ApacheLog.open(exported(disk), THEIR_CONFIG, ours.logEndOffset(), true);
            CrashingDisk running = disk.afterKill();
            PartitionLog log = open(running, CompactionTwin.CONFIG, ours.logEndOffset(), true);
            theirs.updateHighWatermark(theirs.logEndOffset());
            log.advanceHighWatermark(log.logEndOffset());
            long wallMs = 1_000;
            Set<Long> held = new HashSet<>();
            for (int round = 0; round < 3; round++) {
                // From the beginning each time, so that horizons come due though nothing new was written.
                log.compaction().resumeAt(0);
                CompactionRange all = log.compaction().range(wallMs);
                long until = new LogToClean(theirs, 0, all.untilOffset(), false).firstUncleanableOffset();
                if (until == 0) break;
                CompactionRange range =
                        new CompactionRange(0, until, all.cleanBytes(), all.dirtyBytes(), all.isOverdue());
                assertEquals(until, clean(theirs, 0, until, wallMs));
                Compaction compaction =
                        log.compaction().begin(range, new CompactionLimits(1 << 20, 0.9, 1 << 12), wallMs, 1, round);
                assertEquals(Compaction.Step.DONE, CompactionTwin.run(log, compaction, 1 << 14));
                Map<Long, String> expected = theirs(theirs);
                Map<Long, String> found = ours(running);
                expected.keySet().removeAll(held);
                found.keySet().removeAll(held);
                assertEquals(expected, found, "round " + round);
                assertEquals(abortedOf(theirs, held), abortedOf(log, held), "round " + round);
                compared += found.values().stream()
                        .filter(one -> one.startsWith("marker"))
                        .count();
                held.addAll(heldByEmptyBatches(running, theirs));
                wallMs += random.pick(1_000L, 9_999L, 10_000L, 30_000L);
            }
            theirs.close();
        });
        assertTrue(compared > 100, () -> "only " + compared + " markers were compared");
    }
}
