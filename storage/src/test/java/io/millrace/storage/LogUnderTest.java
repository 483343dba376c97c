package io.millrace.storage;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.records.Record;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Opens logs on a disk in memory and reads them whole. */
final class LogUnderTest {
    static final TopicPartition PARTITION = new TopicPartition("orders", 3);
    static final Path DIRECTORY = Path.of("data", "orders-3");

    private LogUnderTest() {}

    static CrashingDisk disk() {
        CrashingDisk disk = new CrashingDisk();
        try {
            disk.createDirectories(DIRECTORY);
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return disk;
    }

    static LogConfig config(String... namesAndValues) {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) properties.put(namesAndValues[i], namesAndValues[i + 1]);
        return LogConfig.from(properties);
    }

    static PartitionLog open(CrashingDisk disk, LogConfig config) {
        return open(disk, config, 0, false);
    }

    static PartitionLog open(CrashingDisk disk, LogConfig config, long recoveryPoint, boolean clean) {
        return PartitionLog.open(
                disk, DIRECTORY, PARTITION, null, config, ProducerStateConfig.DEFAULT, recoveryPoint, 0, clean, 1_000);
    }

    static AppendOutcome.Appended append(PartitionLog log, ByteBuffer batch) {
        return append(log, batch, AppendOrigin.CLIENT, 0);
    }

    static AppendOutcome.Appended append(PartitionLog log, ByteBuffer batch, AppendOrigin origin, int leaderEpoch) {
        return assertInstanceOf(AppendOutcome.Appended.class, log.append(batch, origin, leaderEpoch, 1_000, 0));
    }

    static AppendOutcome.Refused refused(PartitionLog log, ByteBuffer batch) {
        return assertInstanceOf(AppendOutcome.Refused.class, log.append(batch, AppendOrigin.CLIENT, 0, 1_000, 0));
    }

    /** Everything from the log start to the log end, read in slices of this size. */
    static List<Record> readAll(PartitionLog log, int maxBytes) {
        List<Record> records = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            long from = next;
            for (Record record : read(log, from, maxBytes, log.logEndOffset())) {
                if (record.offset() < from) continue;
                records.add(record);
                next = record.offset() + 1;
            }
            if (next == from) throw new AssertionError("nothing read at " + from);
        }
        return records;
    }

    static List<Record> read(PartitionLog log, long from, int maxBytes, long until) {
        ReadOutcome.Slice slice = assertInstanceOf(ReadOutcome.Slice.class, log.read(from, maxBytes, true, until));
        try {
            return Batches.records(slice.records().toBuffer());
        } finally {
            slice.records().release();
        }
    }

    static void flush(PartitionLog log) {
        Flush flush = log.prepareFlush();
        flush.run();
        log.flushed(flush);
    }

    static void checkpoint(PartitionLog log) {
        Flush flush = log.prepareCheckpoint();
        flush.run();
        log.flushed(flush);
    }
}
