package io.millrace.bench;

import io.millrace.records.BatchContents;
import io.millrace.records.BatchHeader;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.RecordWalk;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.AppendOutcome;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;
import java.io.IOException;
import java.nio.ByteBuffer;
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
 * What a leader does with one batch of a producer: check its header, CRC and records, set offsets, write it to a real
 * file, index it. {@link #checkCrc} is the part of it that touches every byte and no file.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH sets up before it measures.
public class AppendBenchmark {
    /** The log is begun anew when it holds this much, so that no iteration pays for an ever larger page cache. */
    private static final long MAX_LOG_BYTES = 64L << 20;

    private static final long TIMESTAMP_MS = 1_700_000_000_000L;
    private static final int LEADER_EPOCH = 3;
    private static final int BASE_OFFSET_AT = 0;

    /** Records of a batch, and bytes of each: {@code rawsmall}, {@code rawbig}, and many small ones. */
    @Param({"1x100", "64x1000", "1000x100"})
    public String shape = "1x100";

    private TemporaryLog temporary;
    private PartitionLog log;
    private ByteBuffer batch;
    private final RecordWalk walk = new RecordWalk(DecompressionLimit.DEFAULT);

    /** Opens the log and builds the batch. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        String[] counts = shape.split("x", -1);
        batch = RecordBatches.direct(Integer.parseInt(counts[0]), Integer.parseInt(counts[1]), TIMESTAMP_MS);
        temporary = TemporaryLog.open(LogConfig.DEFAULT);
        log = temporary.log();
    }

    /** Removes the log. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        temporary.close();
    }

    /** One batch through the whole way into the log. */
    @Benchmark
    public AppendOutcome append() {
        if (log.sizeBytes() > MAX_LOG_BYTES) log.truncateFullyAndStartAt(0);
        batch.putLong(BASE_OFFSET_AT, 0); // As producers send it; the last append has set it.
        AppendOutcome outcome = log.append(batch, AppendOrigin.CLIENT, LEADER_EPOCH, TIMESTAMP_MS, 1);
        if (!(outcome instanceof AppendOutcome.Appended))
            throw new IllegalStateException("the batch is not taken: " + outcome);
        return outcome;
    }

    /** The CRC of the batch alone. */
    @Benchmark
    public boolean checkCrc() {
        return BatchHeader.computeCrc(batch, 0) == BatchHeader.crc(batch, 0);
    }

    /** The look at each record that an uncompressed batch is taken with. */
    @Benchmark
    public BatchContents walk() {
        return walk.validate(batch, 0);
    }
}
