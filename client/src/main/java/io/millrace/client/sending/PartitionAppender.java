package io.millrace.client.sending;

import io.millrace.records.BatchBuilder;
import io.millrace.records.Compression;
import io.millrace.records.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The batch of one partition that takes records. Used by one thread at a time; whoever has several sees to that.
 *
 * <p>With compression a batch takes more bytes than {@code batch.size}, as many as are expected to shrink to it, by what
 * earlier batches shrank to.
 */
public final class PartitionAppender {
    /** There is no batch that takes records. */
    public static final int NO_BATCH = -1;

    /** The record does not fit into the batch; it is to be sealed. */
    public static final int FULL = -2;

    /** A batch before compression has at most so many times {@code batch.size}. */
    public static final int MOST_TIMES = 16;

    private static final float STEP_DOWN = 0.125f;

    private final AppendRules rules;
    private @Nullable BatchBuilder open;
    private @Nullable BatchEnd end;
    private long openedAtMs;
    private int limitBytes;
    /** What is left of a byte by compression; told by the threads that pack. */
    private volatile float ratio = 1;

    /** There is no batch yet. */
    public PartitionAppender(AppendRules rules) {
        this.rules = rules;
    }

    /**
     * Adds a record.
     *
     * @return its place in the batch from 0; or {@link #NO_BATCH}, or {@link #FULL}
     */
    public int append(long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        BatchBuilder batch = open;
        if (batch == null) return NO_BATCH;
        if (!batch.appendWithin(limitBytes, timestamp, key, value, headers)) return FULL;
        return batch.recordCount() - 1;
    }

    /**
     * How much memory a new batch wants whose first record is this: {@code batch.size} times a whole number up to {@link #MOST_TIMES},
     * unless the record needs more.
     */
    public int memoryFor(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        long firstBytes = Math.min(BatchBuilder.mostBytesFor(key, value, headers), Integer.MAX_VALUE);
        return (int) Math.max(firstBytes, plannedBytes());
    }

    private int plannedBytes() {
        int batchBytes = rules.batchBytes();
        if (rules.compression() == Compression.NONE || batchBytes == 0) return batchBytes;
        int most = Math.min(MOST_TIMES, rules.maxRequestBytes() / batchBytes);
        return batchBytes * (int) Math.max(1, Math.min(most, 1 / Math.max(ratio, 1e-3f)));
    }

    /**
     * Begins a batch; there must be none.
     *
     * @param memory as much as {@link #memoryFor} said
     * @param batchEnd is told what becomes of its records
     */
    public void open(byte[] memory, BatchEnd batchEnd, long nowMs) {
        if (open != null) throw new IllegalStateException("there is a batch that takes records");
        open = BatchBuilder.forProducer(rules.compression(), rules.level()).in(memory);
        end = batchEnd;
        openedAtMs = nowMs;
        limitBytes = memory.length;
    }

    /** Whether there is a batch that takes records. */
    public boolean isOpen() {
        return open != null;
    }

    /** Ends the batch that takes records; null if there is none with a record. */
    public @Nullable Batch seal() {
        BatchBuilder batch = open;
        BatchEnd itsEnd = end;
        if (batch == null || itsEnd == null || batch.recordCount() == 0) return null;
        open = null;
        end = null;
        return new Batch(batch, itsEnd, openedAtMs, rules.level(), rules.compression() != Compression.NONE);
    }

    /** Learns from a packed batch how well records compress. May be called by any thread. */
    public void packed(Batch batch) {
        if (rules.compression() == Compression.NONE) return;
        float seen = (float) batch.sizeBytes() / batch.rawBytes();
        float known = ratio;
        ratio = seen > known ? seen : known + (seen - known) * STEP_DOWN;
    }
}
