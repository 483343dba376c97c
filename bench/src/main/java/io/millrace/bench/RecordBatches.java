package io.millrace.bench;

import io.millrace.records.BatchBuilder;
import io.millrace.records.Compression;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;

/** Batches as a producer sends them: no keys, random values, uncompressed, no producer id. */
final class RecordBatches {
    private static final long SEED = 0x4d696c6cL;

    private RecordBatches() {}

    /**
     * A batch in direct memory, as a lane receives it.
     *
     * @param recordCount   at least 1
     * @param recordBytes   size of each value
     * @param timestampMs   time stamp of every record, milliseconds since the epoch
     */
    static ByteBuffer direct(int recordCount, int recordBytes, long timestampMs) {
        SplittableRandom random = new SplittableRandom(SEED);
        byte[] value = new byte[recordBytes];
        random.nextBytes(value);
        BatchBuilder builder = BatchBuilder.forProducer(Compression.NONE, Compression.NONE.defaultLevel());
        for (int i = 0; i < recordCount; i++) builder.append(timestampMs, null, value, List.of());
        ByteBuffer built = builder.build();
        return ByteBuffer.allocateDirect(built.remaining()).put(built).flip();
    }
}
