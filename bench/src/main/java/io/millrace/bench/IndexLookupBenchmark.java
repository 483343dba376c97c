package io.millrace.bench;

import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.ReadOutcome;
import io.millrace.storage.TimestampOffset;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Finding an offset and finding a time in a log of many small batches: the index, then the few batch headers behind its
 * entry. The newest entries are in memory, older ones are read from the index file.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH sets up before it measures.
public class IndexLookupBenchmark {
    private static final long FIRST_TIMESTAMP_MS = 1_700_000_000_000L;
    private static final int RECORD_BYTES = 100;
    private static final int LEADER_EPOCH = 3;

    /** Batches that surely lie behind entries in memory: half of what an index keeps there, at 4 KB an entry. */
    private static final int NEWEST_BATCHES = 5_000;

    private static final int ONE_BATCH_BYTES = 1;

    /** Steps through the offsets in an order that no cache foresees; odd, so that it meets all residues of a power of 2. */
    private static final long STRIDE = 0x9E3779B97F4A7C15L;

    /** Batches of one record in the log. */
    @Param("200000")
    public int batchCount = 200_000;

    /** Where the looked-up batches lie. */
    @Param({"newest", "anywhere"})
    public String where = "newest";

    private TemporaryLog temporary;
    private PartitionLog log;
    private long firstOffset;
    private int offsetCount;
    private long step;

    /** Fills the log; each batch is a millisecond later than the one before. */
    @Setup(Level.Trial)
    public void fill() throws IOException {
        temporary = TemporaryLog.open(LogConfig.DEFAULT);
        log = temporary.log();
        for (int i = 0; i < batchCount; i++) {
            long timestampMs = FIRST_TIMESTAMP_MS + i;
            AppendOutcome outcome = log.append(
                    RecordBatches.direct(1, RECORD_BYTES, timestampMs),
                    AppendOrigin.CLIENT,
                    LEADER_EPOCH,
                    timestampMs,
                    1);
            if (!(outcome instanceof AppendOutcome.Appended))
                throw new IllegalStateException("batch " + i + " is not taken: " + outcome);
        }
        offsetCount = where.equals("newest") ? Math.min(NEWEST_BATCHES, batchCount) : batchCount;
        firstOffset = (long) batchCount - offsetCount;
    }

    /** Removes the log. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        temporary.close();
    }

    /** Where the batch of an offset is: what every fetch begins with. */
    @Benchmark
    public long findOffset() {
        long offset = next();
        if (!(log.read(offset, ONE_BATCH_BYTES, true, batchCount) instanceof ReadOutcome.Slice slice))
            throw new IllegalStateException("offset " + offset + " is not found");
        slice.records().release();
        if (slice.batchBaseOffset() != offset)
            throw new IllegalStateException("offset " + offset + " is looked for at " + slice.batchBaseOffset());
        return slice.records().position();
    }

    /** The first offset of a time: what ListOffsets asks. */
    @Benchmark
    public TimestampOffset findTime() {
        long offset = next();
        Optional<TimestampOffset> found = log.offsetForTimestamp(FIRST_TIMESTAMP_MS + offset);
        if (found.isEmpty() || found.get().offset() != offset)
            throw new IllegalStateException("the time of offset " + offset + " is found at " + found);
        return found.get();
    }

    private long next() {
        return firstOffset + Long.remainderUnsigned(++step * STRIDE, offsetCount);
    }
}
