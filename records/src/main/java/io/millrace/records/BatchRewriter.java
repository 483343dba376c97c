package io.millrace.records;

import io.millrace.protocol.VarInt;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Takes some records of a batch over into a new one, as compaction does: offsets, time stamps, codec, producer, sequence and
 * leader epoch stay what they were. Records are copied as bytes; only where the delete horizon takes the base time stamp's
 * place (KIP-534) are their time stamps written anew. One rewriter serves one thread, batch after batch, and keeps its memory.
 */
public final class BatchRewriter {
    /** An array beyond this is not kept for the next batch. */
    private static final int KEPT_BYTES = 1 << 20;

    /** Stands for a batch whose delete horizon stays as it is. */
    public static final long SAME_HORIZON = -1;

    private static final int LENGTH_AT = 8;
    private static final int CRC_AT = 17;
    private static final int ATTRIBUTES_AT = 21;
    private static final int BASE_TIMESTAMP_AT = 27;
    private static final int MAX_TIMESTAMP_AT = 35;
    private static final int RECORD_COUNT_AT = 57;
    private static final int COMPRESSION_BITS = 0x07;
    private static final int DELETE_HORIZON_BIT = 0x40;

    private byte[] records = new byte[4096];
    private int end;
    private int recordCount;
    private long maxTimestamp;

    /** Begins a batch without records. */
    public void begin() {
        if (records.length > KEPT_BYTES) records = new byte[4096];
        end = BatchHeader.HEADER_BYTES;
        recordCount = 0;
        maxTimestamp = BatchHeader.NO_TIMESTAMP;
    }

    /** Takes over the record a walk stands on. */
    public void keep(RecordWalk walk) {
        int sizeBytes = walk.sizeBytes();
        makeRoom(sizeBytes);
        walk.bytes().get(walk.endAt() - sizeBytes, records, end, sizeBytes);
        end += sizeBytes;
        recordCount++;
        maxTimestamp = Math.max(maxTimestamp, walk.ownTimestamp());
    }

    /** How many records were kept. */
    public int recordCount() {
        return recordCount;
    }

    /**
     * The new batch: the header of the one at {@code at}, with the records kept.
     *
     * @param deleteHorizonMs from when on tombstones and markers in it may go, in milliseconds since 1970; or
     *                        {@link #SAME_HORIZON}
     * @return from position to limit; valid until the next {@link #begin}
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public ByteBuffer build(ByteBuffer buffer, int at, long deleteHorizonMs) {
        if (recordCount == 0) throw new IllegalStateException("no record was kept; that is an empty batch");
        boolean setsHorizon = deleteHorizonMs != SAME_HORIZON;
        if (setsHorizon) moveBase(BatchHeader.baseTimestamp(buffer, at), deleteHorizonMs);
        ByteBuffer built = pack(BatchHeader.compression(buffer, at));
        built.put(0, buffer, at, BatchHeader.HEADER_BYTES);
        if (setsHorizon) {
            built.putShort(ATTRIBUTES_AT, (short) (BatchHeader.attributes(buffer, at) | DELETE_HORIZON_BIT));
            built.putLong(BASE_TIMESTAMP_AT, deleteHorizonMs);
        }
        if (BatchHeader.timestampType(buffer, at) == TimestampType.CREATE_TIME)
            built.putLong(MAX_TIMESTAMP_AT, maxTimestamp);
        built.putInt(RECORD_COUNT_AT, recordCount);
        finish(built);
        return built;
    }

    private ByteBuffer pack(Compression compression) {
        if (compression == Compression.NONE) return ByteBuffer.wrap(records, 0, end);
        int recordsBytes = end - BatchHeader.HEADER_BYTES;
        Scratch out = new Scratch(
                new byte[BatchHeader.HEADER_BYTES + Codec.firstRoom(compression, recordsBytes)],
                Integer.MAX_VALUE - 64);
        out.advance(BatchHeader.HEADER_BYTES);
        Codec.compress(compression, records, BatchHeader.HEADER_BYTES, recordsBytes, compression.defaultLevel(), out);
        return ByteBuffer.wrap(out.bytes(), 0, out.size());
    }

    private static void finish(ByteBuffer batch) {
        batch.putInt(LENGTH_AT, batch.limit() - BatchHeader.LOG_OVERHEAD);
        batch.putInt(CRC_AT, (int) BatchHeader.computeCrc(batch, 0));
    }

    private void moveBase(long fromBase, long toBase) {
        ByteBuffer old = ByteBuffer.wrap(records, 0, end).position(BatchHeader.HEADER_BYTES);
        int mostBytes = end + recordCount * (VarInt.MAX_LONG_BYTES + VarInt.MAX_INT_BYTES);
        ByteBuffer moved = ByteBuffer.allocate(mostBytes).position(BatchHeader.HEADER_BYTES);
        while (old.hasRemaining()) {
            int recordEnd = VarInt.read(old);
            recordEnd += old.position();
            byte attributes = old.get();
            long delta = VarInt.readLong(old) + fromBase - toBase;
            int restBytes = recordEnd - old.position();
            VarInt.write(moved, 1 + VarInt.sizeOfLong(delta) + restBytes);
            moved.put(attributes);
            VarInt.writeLong(moved, delta);
            moved.put(moved.position(), records, old.position(), restBytes);
            moved.position(moved.position() + restBytes);
            old.position(recordEnd);
        }
        records = moved.array();
        end = moved.position();
    }

    private void makeRoom(int bytes) {
        long needed = (long) end + bytes;
        if (needed <= records.length) return;
        if (needed > Integer.MAX_VALUE - 64)
            throw new InvalidBatch("the records kept of one batch have " + needed + " bytes");
        records = Arrays.copyOf(records, (int) Math.min(Math.max(needed, 2L * records.length), Integer.MAX_VALUE - 64));
    }

    /**
     * The batch at {@code at} without its records, which a log keeps for its producer's sequence or for its last offset. It
     * keeps its highest time stamp.
     */
    public static ByteBuffer emptied(ByteBuffer buffer, int at) {
        ByteBuffer empty = ByteBuffer.allocate(BatchHeader.HEADER_BYTES);
        empty.put(0, buffer, at, BatchHeader.HEADER_BYTES);
        int attributes = BatchHeader.attributes(buffer, at) & ~COMPRESSION_BITS & ~DELETE_HORIZON_BIT;
        empty.putShort(ATTRIBUTES_AT, (short) attributes);
        empty.putLong(BASE_TIMESTAMP_AT, BatchHeader.NO_TIMESTAMP);
        empty.putInt(RECORD_COUNT_AT, 0);
        finish(empty);
        return empty;
    }
}
