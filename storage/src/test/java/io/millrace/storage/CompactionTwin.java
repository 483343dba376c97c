package io.millrace.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.Record;
import io.millrace.records.RecordIterator;
import io.millrace.records.TimestampType;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Random appends to a compacted log, and beside it, slow and obvious, what has to be left of them. */
final class CompactionTwin {
    static final long DELETE_RETENTION_MS = 10_000;

    static final LogConfig CONFIG = LogUnderTest.config(
            "cleanup.policy", "compact",
            "internal.segment.bytes", "1500",
            "index.interval.bytes", "150",
            "delete.retention.ms", Long.toString(DELETE_RETENTION_MS),
            "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));

    /** A record as it was appended. */
    private static final class Appended {
        final String key;
        final @Nullable String value;
        final long timestamp;
        final long producerId;
        boolean isOpen;
        boolean isAborted;
        long horizonMs = -1;

        Appended(String key, @Nullable String value, long timestamp, long producerId, boolean isOpen) {
            this.key = key;
            this.value = value;
            this.timestamp = timestamp;
            this.producerId = producerId;
            this.isOpen = isOpen;
        }
    }

    private final SeededRandom random;
    private final int keys;
    private final TreeMap<Long, Appended> all = new TreeMap<>();
    private final TreeMap<Long, Appended> kept = new TreeMap<>();
    private final Map<Long, Integer> nextSequence = new HashMap<>();
    private final Set<Long> inTransaction = new HashSet<>();
    private long compactedTo;

    CompactionTwin(SeededRandom random) {
        this.random = random;
        this.keys = random.nextInt(1, 30);
    }

    // Appending

    void appendSome(PartitionLog log, int batches) {
        for (int i = 0; i < batches; i++) {
            if (random.chance(0.05)) log.roll(1_000);
            else append(log);
        }
    }

    private void append(PartitionLog log) {
        long producerId = random.nextInt(-4, 4);
        boolean transactional = producerId >= 2;
        if (transactional && inTransaction.contains(producerId) && random.chance(0.3)) {
            end(log, producerId);
            return;
        }
        if (producerId < 0) producerId = BatchHeader.NO_PRODUCER_ID;
        Compression codec = random.pick(Compression.values());
        int sequence = producerId < 0 ? -1 : nextSequence.getOrDefault(producerId, 0);
        int count = random.nextInt(1, 6);
        List<Appended> records = new ArrayList<>();
        BatchBuilder builder = new BatchBuilder(
                codec,
                codec.defaultLevel(),
                TimestampType.CREATE_TIME,
                0,
                producerId,
                (short) (producerId < 0 ? -1 : 0),
                sequence,
                -1,
                transactional,
                false);
        for (int r = 0; r < count; r++) {
            Appended record = new Appended(
                    "key-" + random.nextInt(keys),
                    random.chance(0.25) ? null : random.word(random.nextInt(1, 60)),
                    random.nextLong(1_000, 5_000),
                    producerId,
                    transactional);
            records.add(record);
            builder.append(
                    record.timestamp,
                    Batches.bytes(record.key),
                    record.value == null ? null : Batches.bytes(record.value),
                    List.of());
        }
        long offset = LogUnderTest.append(log, builder.build()).baseOffset();
        for (Appended record : records) {
            all.put(offset, record);
            kept.put(offset++, record);
        }
        if (producerId >= 0) nextSequence.put(producerId, sequence + count);
        if (transactional) inTransaction.add(producerId);
    }

    private void end(PartitionLog log, long producerId) {
        boolean commits = random.nextBoolean();
        LogUnderTest.append(log, Batches.marker(producerId, 0, commits, 0), AppendOrigin.COORDINATOR, 0);
        inTransaction.remove(producerId);
        for (Appended record : all.values()) {
            if (!record.isOpen || record.producerId != producerId) continue;
            record.isOpen = false;
            record.isAborted = !commits;
        }
    }

    // Compacting

    /** As much memory as the map needs, or much too little. */
    static CompactionLimits limits(SeededRandom random) {
        return new CompactionLimits(random.chance(0.5) ? 1 << 20 : random.nextInt(8, 40) * 24L, 0.9, 1 << 10);
    }

    /** Flushes, and compacts the log to the end of what may be. */
    static void compact(PartitionLog log, long wallMs, SeededRandom random) {
        compact(log, wallMs, random, null);
    }

    /** As the other, with the same limits for every pass, or new ones for each. */
    static void compact(PartitionLog log, long wallMs, SeededRandom random, @Nullable CompactionLimits limits) {
        LogUnderTest.flush(log);
        log.advanceHighWatermark(log.logEndOffset());
        CompactionRange range = log.compaction().range(wallMs);
        while (range.dirtyBytes() > 0) {
            Compaction compaction = log.compaction()
                    .begin(
                            range,
                            limits == null ? limits(random) : limits,
                            wallMs,
                            random.nextLong(),
                            random.nextLong());
            assertEquals(Compaction.Step.DONE, run(log, compaction, random.nextInt(1, 5_000)));
            assertTrue(log.compaction().firstDirtyOffset() > range.firstDirtyOffset());
            range = log.compaction().range(wallMs);
        }
    }

    static Compaction.Step run(PartitionLog log, Compaction compaction, int sliceBytes) {
        while (true) {
            Compaction.Step step = compaction.step(sliceBytes);
            switch (step) {
                case MORE -> {}
                case SWAP -> log.compaction().swap(compaction).orElse(List.of()).forEach(PendingDeletion::run);
                case DONE, GONE -> {
                    log.compaction().finished(compaction, step == Compaction.Step.DONE);
                    return step;
                }
            }
        }
    }

    /** What compaction up to an offset has to do, if it has not come there before. */
    void compactedIfFurther(long untilOffset, long wallMs) {
        if (untilOffset <= compactedTo) return;
        compactedTo = untilOffset;
        Map<String, Long> latest = new HashMap<>();
        all.headMap(untilOffset).forEach((offset, record) -> {
            if (!record.isAborted) latest.put(record.key, offset);
        });
        kept.headMap(untilOffset).entrySet().removeIf(one -> {
            Appended record = one.getValue();
            if (record.isAborted || latest.getOrDefault(record.key, -1L) > one.getKey()) return true;
            if (record.value != null) return false;
            if (record.horizonMs >= 0) return wallMs >= record.horizonMs;
            record.horizonMs = wallMs + DELETE_RETENTION_MS;
            return false;
        });
    }

    // Checking

    /** A batch found in a log. */
    record Found(
            long baseOffset,
            long lastOffset,
            long producerId,
            boolean isTransactional,
            boolean isControl,
            List<Record> records) {}

    static List<Found> read(PartitionLog log) {
        List<Found> found = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            ReadOutcome.Slice slice =
                    assertInstanceOf(ReadOutcome.Slice.class, log.read(next, 700, true, log.logEndOffset()));
            ByteBuffer bytes = slice.records().toBuffer();
            slice.records().release();
            if (bytes.limit() == 0) break;
            for (int at = 0; at + BatchHeader.HEADER_BYTES <= bytes.limit(); at += BatchHeader.sizeBytes(bytes, at)) {
                if (at + BatchHeader.sizeBytes(bytes, at) > bytes.limit()) break;
                if (BatchHeader.lastOffset(bytes, at) < next) continue;
                List<Record> records = new ArrayList<>();
                new RecordIterator(bytes, at, DecompressionLimit.DEFAULT).forEachRemaining(records::add);
                found.add(new Found(
                        BatchHeader.baseOffset(bytes, at),
                        BatchHeader.lastOffset(bytes, at),
                        BatchHeader.producerId(bytes, at),
                        BatchHeader.isTransactional(bytes, at),
                        BatchHeader.isControl(bytes, at),
                        records));
                next = BatchHeader.lastOffset(bytes, at) + 1;
            }
        }
        return found;
    }

    /** Exactly what the twin has is in the log. */
    void assertSame(PartitionLog log) {
        Map<Long, String> wanted = new TreeMap<>();
        kept.forEach((offset, record) -> wanted.put(offset, text(record)));
        assertEquals(wanted, records(log));
        assertTransactionsAreWhole(log);
    }

    /** In the midst of a compaction nothing is lost that has to be there at its end, and nothing is there that never was. */
    void assertNothingNeededIsLost(PartitionLog log) {
        Map<Long, String> found = records(log);
        found.forEach((offset, text) -> assertEquals(text(all.getOrDefault(offset, NEVER)), text));
        kept.forEach((offset, record) -> {
            if (!record.isAborted) assertEquals(text(record), found.get(offset), "offset " + offset);
        });
        assertTransactionsAreWhole(log);
    }

    private static final Appended NEVER = new Appended("never appended", null, 0, 0, false);

    private static Map<Long, String> records(PartitionLog log) {
        Map<Long, String> records = new TreeMap<>();
        for (Found batch : read(log))
            if (!batch.isControl())
                for (Record record : batch.records())
                    records.put(
                            record.offset(),
                            Batches.text(record.key()) + "=" + Batches.text(record.value()) + "@" + record.timestamp());
        return records;
    }

    private static String text(Appended record) {
        return record.key + "=" + record.value + "@" + record.timestamp;
    }

    /** A reader of committed records skips what is aborted, and no transaction that is decided seems open. */
    private void assertTransactionsAreWhole(PartitionLog log) {
        List<AbortedTransaction> aborted = log.abortedTransactions(0, log.logEndOffset());
        Set<Long> open = new HashSet<>();
        for (Found batch : read(log)) {
            if (!batch.isTransactional()) continue;
            if (batch.isControl()) {
                open.remove(batch.producerId());
                continue;
            }
            open.add(batch.producerId());
            for (Record record : batch.records()) {
                boolean isSkipped = aborted.stream()
                        .anyMatch(one -> one.producerId() == batch.producerId()
                                && one.firstOffset() <= record.offset()
                                && record.offset() <= one.lastOffset());
                assertEquals(
                        all.getOrDefault(record.offset(), NEVER).isAborted, isSkipped, "offset " + record.offset());
            }
        }
        Set<Long> stillOpen = new HashSet<>(open);
        stillOpen.removeAll(inTransaction);
        assertEquals(Set.of(), stillOpen, "transactions that have lost their markers");
    }
}
