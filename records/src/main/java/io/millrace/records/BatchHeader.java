package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The header of a batch of format 2 (KIP-98), read and changed in place. All numbers are big endian, and so has the
 * buffer's order to be:
 *
 * <pre>
 *  0 baseOffset           i64   outside the checksum: the leader assigns it
 *  8 batchLength          i32   bytes after this field
 * 12 partitionLeaderEpoch i32   outside the checksum: the leader assigns it
 * 16 magic                i8    2
 * 17 crc                  u32   CRC-32C of everything from byte 21
 * 21 attributes           i16   0-2 compression, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
 * 23 lastOffsetDelta      i32
 * 27 baseTimestamp        i64   the delete horizon instead, if its bit is set (KIP-534)
 * 35 maxTimestamp         i64
 * 43 producerId           i64
 * 51 producerEpoch        i16
 * 53 baseSequence         i32
 * 57 recordCount          i32
 * 61 records, compressed as a whole
 * </pre>
 *
 * The methods take the buffer and where in it the batch begins; none allocates per record, and each leaves the
 * buffer's position and limit where they were. They trust that the header is there: {@link #check} says so.
 */
public final class BatchHeader {
    /** Where the records begin. */
    public static final int HEADER_BYTES = 61;

    /** The offset and length that stand before every batch of every format. */
    public static final int LOG_OVERHEAD = 12;

    /** The format read and written here. */
    public static final byte MAGIC = 2;

    /** The producer id of batches without one. */
    public static final long NO_PRODUCER_ID = -1;

    /** The producer epoch of batches without one. */
    public static final short NO_PRODUCER_EPOCH = -1;

    /** The base sequence of batches without one. */
    public static final int NO_SEQUENCE = -1;

    /** The leader epoch of batches no leader has appended yet. */
    public static final int NO_LEADER_EPOCH = -1;

    /** The time stamp that says there is none. */
    public static final long NO_TIMESTAMP = -1;

    private static final int BATCH_LENGTH_AT = 8;
    private static final int LEADER_EPOCH_AT = 12;
    private static final int MAGIC_AT = 16;
    private static final int CRC_AT = 17;
    private static final int ATTRIBUTES_AT = 21;
    private static final int LAST_OFFSET_DELTA_AT = 23;
    private static final int BASE_TIMESTAMP_AT = 27;
    private static final int MAX_TIMESTAMP_AT = 35;
    private static final int PRODUCER_ID_AT = 43;
    private static final int PRODUCER_EPOCH_AT = 51;
    private static final int BASE_SEQUENCE_AT = 53;
    private static final int RECORD_COUNT_AT = 57;

    private static final int COMPRESSION_BITS = 0x07;
    private static final int LOG_APPEND_TIME_BIT = 0x08;
    private static final int TRANSACTIONAL_BIT = 0x10;
    private static final int CONTROL_BIT = 0x20;
    private static final int DELETE_HORIZON_BIT = 0x40;

    private BatchHeader() {}

    /** The offset of the first record the batch was made with; compaction may have removed that one. */
    public static long baseOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** The whole batch's size, header included. */
    public static int sizeBytes(ByteBuffer buffer, int at) {
        return LOG_OVERHEAD + buffer.getInt(at + BATCH_LENGTH_AT);
    }

    /** The epoch of the leader that appended the batch, {@link #NO_LEADER_EPOCH} before. */
    public static int partitionLeaderEpoch(ByteBuffer buffer, int at) {
        return buffer.getInt(at + LEADER_EPOCH_AT);
    }

    /** The format's number. */
    public static byte magic(ByteBuffer buffer, int at) {
        return buffer.get(at + MAGIC_AT);
    }

    /** The stored CRC-32C, 0 to 2^32-1. */
    public static long crc(ByteBuffer buffer, int at) {
        return Integer.toUnsignedLong(buffer.getInt(at + CRC_AT));
    }

    /** All attribute bits. */
    public static short attributes(ByteBuffer buffer, int at) {
        return buffer.getShort(at + ATTRIBUTES_AT);
    }

    /** The compression's id as stored, 0 to 7; 5 to 7 name no codec. */
    public static int compressionId(ByteBuffer buffer, int at) {
        return attributes(buffer, at) & COMPRESSION_BITS;
    }

    /** Whether the records are packed, by whatever codec. */
    public static boolean isCompressed(ByteBuffer buffer, int at) {
        return compressionId(buffer, at) != 0;
    }

    /**
     * The codec.
     *
     * @throws InvalidBatch if the id names none
     */
    public static Compression compression(ByteBuffer buffer, int at) {
        int id = compressionId(buffer, at);
        return Compression.forId(id).orElseThrow(() -> new InvalidBatch("compression id " + id + " names no codec"));
    }

    /** Who set the time stamps. */
    public static TimestampType timestampType(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & LOG_APPEND_TIME_BIT) == 0
                ? TimestampType.CREATE_TIME
                : TimestampType.LOG_APPEND_TIME;
    }

    /** Whether the batch is part of a transaction. */
    public static boolean isTransactional(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & TRANSACTIONAL_BIT) != 0;
    }

    /** Whether its records are {@link ControlRecord}s, which no application sees. */
    public static boolean isControl(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & CONTROL_BIT) != 0;
    }

    /** Whether compaction has noted when its tombstones and markers may go; the base time stamp holds that moment. */
    public static boolean hasDeleteHorizon(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & DELETE_HORIZON_BIT) != 0;
    }

    /** The last offset less the base offset. */
    public static int lastOffsetDelta(ByteBuffer buffer, int at) {
        return buffer.getInt(at + LAST_OFFSET_DELTA_AT);
    }

    /** What the records' time stamps are relative to: the first one's, or the delete horizon. */
    public static long baseTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BASE_TIMESTAMP_AT);
    }

    /** The highest time stamp of the records, or the one of them all if it is the log append time. */
    public static long maxTimestamp(ByteBuffer buffer, int at) {
        return buffer.getLong(at + MAX_TIMESTAMP_AT);
    }

    /** The producer's id, or {@link #NO_PRODUCER_ID}. */
    public static long producerId(ByteBuffer buffer, int at) {
        return buffer.getLong(at + PRODUCER_ID_AT);
    }

    /** Whether an idempotent or transactional producer wrote the batch. */
    public static boolean hasProducerId(ByteBuffer buffer, int at) {
        return producerId(buffer, at) > NO_PRODUCER_ID;
    }

    /** The producer's epoch, or {@link #NO_PRODUCER_EPOCH}. */
    public static short producerEpoch(ByteBuffer buffer, int at) {
        return buffer.getShort(at + PRODUCER_EPOCH_AT);
    }

    /** The first record's sequence, or {@link #NO_SEQUENCE}. */
    public static int baseSequence(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BASE_SEQUENCE_AT);
    }

    /** The last record's sequence, which begins again at 0 after 2^31-1; {@link #NO_SEQUENCE} if there is none. */
    public static int lastSequence(ByteBuffer buffer, int at) {
        int base = baseSequence(buffer, at);
        return base == NO_SEQUENCE ? NO_SEQUENCE : sequenceAfter(base, lastOffsetDelta(buffer, at));
    }

    /** The sequence {@code steps} records after another; both from 0, begins again at 0 after 2^31-1. */
    public static int sequenceAfter(int sequence, int steps) {
        return (sequence + steps) & Integer.MAX_VALUE;
    }

    /** How many records the batch holds; fewer than its offsets span after compaction, possibly none. */
    public static int recordCount(ByteBuffer buffer, int at) {
        return buffer.getInt(at + RECORD_COUNT_AT);
    }

    /** The offset of the last record the batch was made with. */
    public static long lastOffset(ByteBuffer buffer, int at) {
        return baseOffset(buffer, at) + lastOffsetDelta(buffer, at);
    }

    /** The offset just past the batch. */
    public static long nextOffset(ByteBuffer buffer, int at) {
        return lastOffset(buffer, at) + 1;
    }

    /** Gives the batch its place in the log; the checksum does not cover it. */
    public static void setBaseOffset(ByteBuffer buffer, int at, long baseOffset) {
        buffer.putLong(at, baseOffset);
    }

    /** Notes the leader that appends the batch; the checksum does not cover it. */
    public static void setPartitionLeaderEpoch(ByteBuffer buffer, int at, int leaderEpoch) {
        buffer.putInt(at + LEADER_EPOCH_AT, leaderEpoch);
    }

    /** Sets who gave the time stamps and the highest of them, and the checksum anew unless nothing changes. */
    public static void setMaxTimestamp(ByteBuffer buffer, int at, TimestampType type, long maxTimestamp) {
        if (timestampType(buffer, at) == type && maxTimestamp(buffer, at) == maxTimestamp) return;
        int attributes = attributes(buffer, at) & ~LOG_APPEND_TIME_BIT;
        if (type == TimestampType.LOG_APPEND_TIME) attributes |= LOG_APPEND_TIME_BIT;
        buffer.putShort(at + ATTRIBUTES_AT, (short) attributes);
        buffer.putLong(at + MAX_TIMESTAMP_AT, maxTimestamp);
        setCrc(buffer, at);
    }

    /**
     * Gives a finished batch its producer and first sequence, and the checksum anew.
     *
     * @param isTransactional whether its records belong to a transaction of that producer
     */
    public static void setProducer(
            ByteBuffer buffer,
            int at,
            long producerId,
            short producerEpoch,
            int baseSequence,
            boolean isTransactional) {
        int attributes = attributes(buffer, at) & ~TRANSACTIONAL_BIT;
        buffer.putShort(at + ATTRIBUTES_AT, (short) (isTransactional ? attributes | TRANSACTIONAL_BIT : attributes));
        buffer.putLong(at + PRODUCER_ID_AT, producerId);
        buffer.putShort(at + PRODUCER_EPOCH_AT, producerEpoch);
        buffer.putInt(at + BASE_SEQUENCE_AT, baseSequence);
        setCrc(buffer, at);
    }

    /** Notes another codec and size, for records that were packed anew, and the checksum with it. */
    static void setCompression(ByteBuffer buffer, int at, Compression compression, int sizeBytes) {
        buffer.putInt(at + BATCH_LENGTH_AT, sizeBytes - LOG_OVERHEAD);
        buffer.putShort(at + ATTRIBUTES_AT, (short) ((attributes(buffer, at) & ~COMPRESSION_BITS) | compression.id()));
        setCrc(buffer, at);
    }

    /**
     * The CRC-32C of the batch as it is, 0 to 2^32-1. The buffer's position and limit move meanwhile, and back. Guarded by
     * {@code AppendBenchmark}.
     */
    public static long computeCrc(ByteBuffer buffer, int at) {
        int position = buffer.position();
        int limit = buffer.limit();
        int end = at + sizeBytes(buffer, at);
        CRC32C crc = new CRC32C();
        try {
            buffer.limit(end).position(at + ATTRIBUTES_AT);
            crc.update(buffer);
        } finally {
            buffer.limit(limit).position(position);
        }
        return crc.getValue();
    }

    /**
     * Looks at what begins at {@code at} and may reach to the buffer's limit: whether a whole batch is there, and whether
     * its checksum is right. Nothing is unpacked. What the header says about its records is not judged here but by
     * {@link #contradiction} and {@link RecordWalk}.
     */
    public static BatchCheck check(ByteBuffer buffer, int at) {
        int available = buffer.limit() - at;
        if (available < LOG_OVERHEAD) return new BatchCheck.Torn(HEADER_BYTES - available);
        int batchLength = buffer.getInt(at + BATCH_LENGTH_AT);
        if (available > MAGIC_AT && magic(buffer, at) != MAGIC)
            return new BatchCheck.Corrupt(wrongMagic(magic(buffer, at), at));
        if (batchLength < HEADER_BYTES - LOG_OVERHEAD || batchLength > Integer.MAX_VALUE - LOG_OVERHEAD)
            return new BatchCheck.Corrupt("batch length " + batchLength + " at byte " + (at + BATCH_LENGTH_AT)
                    + ", want at least " + (HEADER_BYTES - LOG_OVERHEAD));
        int sizeBytes = LOG_OVERHEAD + batchLength;
        if (available < sizeBytes) return new BatchCheck.Torn(sizeBytes - available);
        long computed = computeCrc(buffer, at);
        long stored = crc(buffer, at);
        if (computed != stored)
            return new BatchCheck.Corrupt("checksum of the batch at byte " + at + " is " + Long.toHexString(computed)
                    + ", its header says " + Long.toHexString(stored));
        return new BatchCheck.Whole(sizeBytes);
    }

    /**
     * What in a header cannot be true whatever the records are: an unknown codec, more records than offsets, negative
     * numbers of either. A right checksum does not exclude it, for whoever wrote the header wrote the checksum too.
     *
     * @return a sentence about the first contradiction found, or nothing
     */
    public static Optional<String> contradiction(ByteBuffer buffer, int at) {
        int lastOffsetDelta = lastOffsetDelta(buffer, at);
        int recordCount = recordCount(buffer, at);
        if (lastOffsetDelta < 0) return Optional.of("last offset delta " + lastOffsetDelta + " is negative");
        if (recordCount < 0) return Optional.of("record count " + recordCount + " is negative");
        if (recordCount > lastOffsetDelta + 1L)
            return Optional.of(
                    recordCount + " records do not fit into the " + (lastOffsetDelta + 1L) + " offsets of the batch");
        if (Compression.forId(compressionId(buffer, at)).isEmpty())
            return Optional.of("compression id " + compressionId(buffer, at) + " names no codec");
        return Optional.empty();
    }

    static void write(ByteBuffer buffer, int at, BatchFields fields) {
        buffer.putLong(at, fields.baseOffset());
        buffer.putInt(at + BATCH_LENGTH_AT, fields.sizeBytes() - LOG_OVERHEAD);
        buffer.putInt(at + LEADER_EPOCH_AT, fields.partitionLeaderEpoch());
        buffer.put(at + MAGIC_AT, MAGIC);
        int attributes = fields.compression().id();
        if (fields.timestampType() == TimestampType.LOG_APPEND_TIME) attributes |= LOG_APPEND_TIME_BIT;
        if (fields.isTransactional()) attributes |= TRANSACTIONAL_BIT;
        if (fields.isControl()) attributes |= CONTROL_BIT;
        if (fields.hasDeleteHorizon()) attributes |= DELETE_HORIZON_BIT;
        buffer.putShort(at + ATTRIBUTES_AT, (short) attributes);
        buffer.putInt(at + LAST_OFFSET_DELTA_AT, fields.lastOffsetDelta());
        buffer.putLong(at + BASE_TIMESTAMP_AT, fields.baseTimestamp());
        buffer.putLong(at + MAX_TIMESTAMP_AT, fields.maxTimestamp());
        buffer.putLong(at + PRODUCER_ID_AT, fields.producerId());
        buffer.putShort(at + PRODUCER_EPOCH_AT, fields.producerEpoch());
        buffer.putInt(at + BASE_SEQUENCE_AT, fields.baseSequence());
        buffer.putInt(at + RECORD_COUNT_AT, fields.recordCount());
        setCrc(buffer, at);
    }

    private static void setCrc(ByteBuffer buffer, int at) {
        buffer.putInt(at + CRC_AT, (int) computeCrc(buffer, at));
    }

    private static String wrongMagic(byte magic, int at) {
        String found = "magic " + magic + " at byte " + (at + MAGIC_AT) + ", want " + MAGIC;
        return magic == 0 || magic == 1
                ? found + ": message formats 0 and 1, from before Kafka 0.11, are not taken here"
                : found;
    }
}
