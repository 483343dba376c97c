package io.millrace.storage;

import static io.millrace.storage.LogUnderTest.append;
import static io.millrace.storage.LogUnderTest.config;
import static io.millrace.storage.LogUnderTest.disk;
import static io.millrace.storage.LogUnderTest.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.records.Compression;
import io.millrace.records.Record;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The log against a list of batches that is searched from end to end. */
class TwinTest {
    private record TwinBatch(long baseOffset, long lastOffset, List<Long> timestamps, int epoch, int sizeBytes) {}

    private static final class Twin {
        final List<TwinBatch> batches = new ArrayList<>();
        long start;
        long end;

        Optional<TimestampOffset> firstAtOrAfter(long timestamp) {
            for (TwinBatch batch : batches)
                for (int i = 0; i < batch.timestamps().size(); i++)
                    if (batch.baseOffset() + i >= start && batch.timestamps().get(i) >= timestamp)
                        return Optional.of(
                                new TimestampOffset(batch.timestamps().get(i), batch.baseOffset() + i, batch.epoch()));
            return Optional.empty();
        }

        /** Base offset of the batch that holds an offset. */
        long batchOf(long offset) {
            for (TwinBatch batch : batches) if (batch.lastOffset() >= offset) return batch.baseOffset();
            throw new AssertionError("offset " + offset);
        }
    }

    private static void grow(SeededRandom random, PartitionLog log, Twin twin, int batches) {
        int epoch = log.latestEpoch() < 0 ? 0 : log.latestEpoch();
        for (int i = 0; i < batches; i++) {
            if (random.chance(0.1)) epoch++;
            String[] values = new String[1 + random.nextInt(5)];
            Arrays.fill(values, "v".repeat(random.nextInt(40)));
            long timestamp = random.nextInt(2_000);
            var batch = Batches.of(random.pick(Compression.NONE, Compression.GZIP), timestamp, values);
            int sizeBytes = batch.remaining();
            append(log, batch, AppendOrigin.CLIENT, epoch);
            List<Long> timestamps = LongStream.range(timestamp, timestamp + values.length)
                    .boxed()
                    .toList();
            twin.batches.add(new TwinBatch(twin.end, twin.end + values.length - 1, timestamps, epoch, sizeBytes));
            twin.end += values.length;
        }
    }

    private static LogConfig randomConfig(SeededRandom random) {
        return config(
                "segment.bytes", Integer.toString(random.nextInt(400, 6_000)),
                "index.interval.bytes", Integer.toString(random.nextInt(0, 500)),
                "retention.ms", "-1",
                "retention.bytes", Integer.toString(random.nextInt(500, 8_000)));
    }

    @Test
    void readsAndLookupsAgreeWithASearchFromEndToEnd() {
        Property.check(60, random -> {
            LogConfig config = randomConfig(random);
            PartitionLog log = open(disk(), config);
            Twin twin = new Twin();
            for (int round = 0; round < 4; round++) {
                grow(random, log, twin, random.nextInt(30));
                log.advanceHighWatermark(random.nextLong(twin.end + 1));
                if (random.nextBoolean()) deleteRecords(random, log, twin);
                if (random.nextBoolean()) expire(config, log, twin);
                if (random.nextBoolean()) log.closeIdleFiles();
                assertEquals(twin.start, log.logStartOffset());
                assertEquals(twin.end, log.logEndOffset());
                compareReads(random, log, twin);
                compareTimes(random, log, twin);
            }
        });
    }

    private static void deleteRecords(SeededRandom random, PartitionLog log, Twin twin) {
        long offset = random.nextLong(log.highWatermark() + 1);
        log.deleteRecordsBefore(offset);
        twin.start = Math.max(twin.start, offset);
    }

    private static void expire(LogConfig config, PartitionLog log, Twin twin) {
        long before = log.sizeBytes();
        long deleted =
                log.expire(1_000).stream().mapToLong(PendingDeletion::sizeBytes).sum();
        assertEquals(before - deleted, log.sizeBytes());
        long kept = 0;
        long first = twin.end;
        for (TwinBatch batch : twin.batches.reversed()) {
            kept += batch.sizeBytes();
            first = batch.baseOffset();
            if (kept == log.sizeBytes()) break;
        }
        if (log.sizeBytes() == 0) first = twin.end;
        assertEquals(Math.max(twin.start, first), log.logStartOffset());
        long newStart = log.logStartOffset();
        assertTrue(newStart == twin.start || newStart <= log.highWatermark());
        assertTrue(deleted == 0 || log.sizeBytes() >= config.retentionBytes() || newStart <= twin.start);
        twin.start = newStart;
    }

    private static void compareReads(SeededRandom random, PartitionLog log, Twin twin) {
        for (int i = 0; i < 20; i++) {
            long from = random.nextLong(twin.end + 3);
            long until = random.nextLong(twin.end + 1);
            int maxBytes = random.nextInt(1, 2_000);
            boolean atLeastOne = random.nextBoolean();
            ReadOutcome outcome = log.read(from, maxBytes, atLeastOne, until);
            if (from < twin.start || from > twin.end) {
                assertEquals(new ReadOutcome.OutOfRange(twin.start, twin.end), outcome);
                continue;
            }
            ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, outcome);
            List<Record> records = Batches.records(slice.records().toBuffer());
            slice.records().release();
            boolean isTooLarge = !atLeastOne && from < twin.end && sizeOf(twin, from) > maxBytes;
            boolean nothing = from >= until || until <= lastOf(twin, from) || isTooLarge;
            if (nothing) {
                assertEquals(0, records.size(), "from " + from + " until " + until);
                continue;
            }
            assertEquals(twin.batchOf(from), slice.batchBaseOffset());
            assertEquals(twin.batchOf(from), records.getFirst().offset());
            for (int k = 1; k < records.size(); k++)
                assertEquals(records.get(k - 1).offset() + 1, records.get(k).offset());
            assertTrue(records.getLast().offset() < until);
        }
    }

    private static int sizeOf(Twin twin, long offset) {
        return twin.batches.stream()
                .filter(batch -> batch.lastOffset() >= offset)
                .findFirst()
                .orElseThrow()
                .sizeBytes();
    }

    private static long lastOf(Twin twin, long offset) {
        return twin.batches.stream()
                .filter(batch -> batch.lastOffset() >= offset)
                .findFirst()
                .orElseThrow()
                .lastOffset();
    }

    private static void compareTimes(SeededRandom random, PartitionLog log, Twin twin) {
        for (int i = 0; i < 20; i++) {
            long timestamp = random.nextInt(2_100);
            assertEquals(twin.firstAtOrAfter(timestamp), log.offsetForTimestamp(timestamp));
        }
    }
}
