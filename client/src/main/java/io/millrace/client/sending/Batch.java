package io.millrace.client.sending;

import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.PackingMemory;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A batch that takes no more records. It is packed once, by whoever has the time to; from then on it belongs to the
 * {@link PartitionSends} it was handed to.
 */
public final class Batch {
    private final @Nullable BatchBuilder builder;
    private final BatchEnd end;
    private final int firstRecord;
    private final int recordCount;
    private final int rawBytes;
    private final long openedAtMs;
    private final int level;
    private @Nullable ByteBuffer bytes;

    // What its sends have come to; touched by PartitionSends.
    ProducerIdAndEpoch stream = ProducerIdAndEpoch.NONE;
    int baseSequence = BatchHeader.NO_SEQUENCE;
    /** Its place among the batches of its partition, given when it is first sent. */
    long order = -1;

    int attempts;
    /** Whether it can be sent: it need not be compressed, or has been. */
    boolean isReady;
    /** Whether an earlier send may have put it into the log, for all that is known. */
    boolean mayBeWritten;
    /** Whether its records were told what became of them. */
    boolean isOver;

    /** What became of its last send. */
    String lastTrouble = "";

    Batch(BatchBuilder builder, BatchEnd end, long openedAtMs, int level, boolean isCompressed) {
        this.isReady = !isCompressed;
        this.builder = builder;
        this.end = end;
        this.firstRecord = 0;
        this.recordCount = builder.recordCount();
        this.rawBytes = builder.sizeBytes();
        this.openedAtMs = openedAtMs;
        this.level = level;
    }

    /** A piece of another batch, packed already. */
    Batch(ByteBuffer bytes, BatchEnd end, int firstRecord, long openedAtMs, int level) {
        this.isReady = true;
        this.builder = null;
        this.bytes = bytes;
        this.end = end;
        this.firstRecord = firstRecord;
        this.recordCount = BatchHeader.recordCount(bytes, 0);
        this.rawBytes = bytes.remaining();
        this.openedAtMs = openedAtMs;
        this.level = level;
    }

    /** {@link #pack(PackingMemory)} in memory that is not used again. */
    public void pack() {
        pack(null);
    }

    /**
     * Compresses it, if it is to be; done once, before it can be sent.
     *
     * @param packing to do it in, free afterwards; null for memory of its own
     * @throws io.millrace.records.CompressionUnavailable if the codec does not run on this machine
     */
    public void pack(@Nullable PackingMemory packing) {
        if (builder != null && bytes == null) bytes = builder.build(packing);
    }

    /** Whether it waits for somebody to {@link #pack} it. Told on the lane. */
    public boolean isToBePacked() {
        return !isReady;
    }

    /** Its bytes, once it has been taken to be sent. */
    public ByteBuffer bytes() {
        ByteBuffer packed = bytes;
        if (packed == null) throw new IllegalStateException("a batch is used before it is packed");
        return packed;
    }

    /** How many bytes it has on the wire, once it is packed; until then, how many before compression. */
    public int sizeBytes() {
        return bytes == null ? rawBytes : bytes.remaining();
    }

    /** How many bytes it had before it was compressed. */
    public int rawBytes() {
        return rawBytes;
    }

    /** How many records are in it. */
    public int recordCount() {
        return recordCount;
    }

    /** How often it has been sent. */
    public int attempts() {
        return attempts;
    }

    /** When its first record came. */
    public long openedAtMs() {
        return openedAtMs;
    }

    int firstRecord() {
        return firstRecord;
    }

    /** The level it was compressed with. */
    int level() {
        return level;
    }

    BatchEnd end() {
        return end;
    }

    /** Tells its records what became of them. */
    public void tell(SendResult result) {
        end.ended(firstRecord, recordCount, result);
    }

    /** Gives its memory back. */
    public void release() {
        end.released();
    }

    /** Gives it a place in a sequence. One that need not be compressed is built only now, so that its CRC is computed once. */
    void belongsTo(ProducerIdAndEpoch newStream, int sequence, boolean isTransactional) {
        stream = newStream;
        baseSequence = sequence;
        if (bytes == null && builder != null) {
            builder.producer(newStream.id(), newStream.epoch(), sequence, isTransactional);
            pack();
        } else {
            BatchHeader.setProducer(bytes(), 0, newStream.id(), newStream.epoch(), sequence, isTransactional);
        }
    }

    /** Whether it comes before another one of its partition. */
    boolean precedes(Batch other) {
        return order < other.order || (order == other.order && firstRecord < other.firstRecord);
    }
}
