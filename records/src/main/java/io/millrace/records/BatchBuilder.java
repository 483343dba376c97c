package io.millrace.records;

import io.millrace.protocol.VarInt;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes one batch of format 2. Records are written once, straight into the memory that {@link #build} hands out when
 * nothing is compressed; else they are packed in one go at the end, which for the sizes of batches costs less time and
 * memory than a compressing stream. For one thread, and one batch.
 */
public final class BatchBuilder {
    private static final int FIRST_BYTES = 512;
    private static final byte[] NOTHING = new byte[0];
    static final int MAX_BATCH_BYTES = Integer.MAX_VALUE - 64;

    private final Compression compression;
    private final int level;
    private final TimestampType timestampType;
    private final long baseOffset;
    private final int partitionLeaderEpoch;
    private final boolean isControl;
    private long producerId;
    private short producerEpoch;
    private int baseSequence;
    private boolean isTransactional;
    private long logAppendTime = BatchHeader.NO_TIMESTAMP;
    private boolean hasDeleteHorizon;

    private byte[] batch = NOTHING;
    private int end = BatchHeader.HEADER_BYTES;
    private boolean isBuilt;
    private int recordCount;
    private int lastOffsetDelta = -1;
    private long baseTimestamp = BatchHeader.NO_TIMESTAMP;
    private long maxTimestamp = BatchHeader.NO_TIMESTAMP;

    /**
     * A batch with everything a header may say.
     *
     * @param level         a level the codec has; {@link Compression#defaultLevel} if nothing better is known
     * @param timestampType {@code LOG_APPEND_TIME} asks for {@link #logAppendTime} before {@link #build}
     * @param baseOffset    the first record's offset, 0 for a batch that a leader is still to place
     * @param producerId    or {@link BatchHeader#NO_PRODUCER_ID}
     * @param producerEpoch or {@link BatchHeader#NO_PRODUCER_EPOCH}
     * @param baseSequence  or {@link BatchHeader#NO_SEQUENCE}
     * @param leaderEpoch   or {@link BatchHeader#NO_LEADER_EPOCH}
     * @throws IllegalArgumentException if the codec has no such level
     */
    public BatchBuilder(
            Compression compression,
            int level,
            TimestampType timestampType,
            long baseOffset,
            long producerId,
            short producerEpoch,
            int baseSequence,
            int leaderEpoch,
            boolean isTransactional,
            boolean isControl) {
        if (!compression.isLevel(level)) throw new IllegalArgumentException(compression + " has no level " + level);
        this.compression = compression;
        this.level = level;
        this.timestampType = timestampType;
        this.baseOffset = baseOffset;
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        this.partitionLeaderEpoch = leaderEpoch;
        this.isTransactional = isTransactional;
        this.isControl = isControl;
    }

    /** An uncompressed batch of plain records, as the broker writes for itself. */
    public static BatchBuilder plain(long baseOffset, int leaderEpoch) {
        return new BatchBuilder(
                Compression.NONE,
                Compression.NONE.defaultLevel(),
                TimestampType.CREATE_TIME,
                baseOffset,
                BatchHeader.NO_PRODUCER_ID,
                BatchHeader.NO_PRODUCER_EPOCH,
                BatchHeader.NO_SEQUENCE,
                leaderEpoch,
                false,
                false);
    }

    /** A batch as a client sends it, at offset 0 and of no leader. */
    public static BatchBuilder forProducer(Compression compression, int level) {
        return new BatchBuilder(
                compression,
                level,
                TimestampType.CREATE_TIME,
                0,
                BatchHeader.NO_PRODUCER_ID,
                BatchHeader.NO_PRODUCER_EPOCH,
                BatchHeader.NO_SEQUENCE,
                BatchHeader.NO_LEADER_EPOCH,
                false,
                false);
    }

    /**
     * Makes room at once for a batch of about that size before compression, instead of little by little.
     *
     * @param sizeBytes from 0; a wrong guess costs memory or time, nothing else
     * @throws IllegalStateException if there is a record already
     */
    public BatchBuilder expecting(int sizeBytes) {
        if (recordCount > 0) throw new IllegalStateException("there is a record already");
        batch = new byte[Math.max(sizeBytes, BatchHeader.HEADER_BYTES)];
        return this;
    }

    /**
     * Begins in memory of the caller's, which {@link #build} hands out if nothing is compressed and it was large enough.
     *
     * @param memory its content is of no matter; the builder's alone until the batch has been built and is done with
     * @throws IllegalStateException if there is a record already
     */
    public BatchBuilder in(byte[] memory) {
        if (recordCount > 0) throw new IllegalStateException("there is a record already");
        if (memory.length >= BatchHeader.HEADER_BYTES) batch = memory;
        return this;
    }

    /** Says who the producer is; a producer learns its sequence only when it sends. Until {@link #build}. */
    public BatchBuilder producer(long id, short epoch, int firstSequence, boolean transactional) {
        producerId = id;
        producerEpoch = epoch;
        baseSequence = firstSequence;
        isTransactional = transactional;
        return this;
    }

    /** The one time stamp of a {@code LOG_APPEND_TIME} batch, milliseconds since 1970. */
    public BatchBuilder logAppendTime(long timestampMs) {
        logAppendTime = timestampMs;
        return this;
    }

    /**
     * Notes from when on tombstones and markers in the batch may be removed (KIP-534). Before the first record.
     *
     * @param horizonMs milliseconds since 1970
     * @throws IllegalStateException if there is a record already
     */
    public BatchBuilder deleteHorizon(long horizonMs) {
        if (recordCount > 0) throw new IllegalStateException("the records' time stamps are relative to another base");
        hasDeleteHorizon = true;
        baseTimestamp = horizonMs;
        return this;
    }

    /**
     * Adds a record at the next offset.
     *
     * @param timestamp milliseconds since 1970, or -1
     * @param key       from its position to its limit, which stay where they are; null for none
     * @param value     likewise
     * @return the record's offset
     * @throws IllegalArgumentException if the batch would outgrow 2 GiB
     */
    public long append(
            long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        return appendAt(baseOffset + lastOffsetDelta + 1, timestamp, key, value, headers);
    }

    /** {@link #append(long, ByteBuffer, ByteBuffer, List)} for arrays, which makes no object. */
    public long append(long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        appendWithin(Integer.MAX_VALUE, timestamp, key, value, headers);
        return baseOffset + lastOffsetDelta;
    }

    /**
     * Adds a record at the next offset, unless the batch would outgrow a limit by it; the first record is always added. Makes
     * no object.
     *
     * @param limitBytes the most that {@link #sizeBytes} may come to
     * @return false if it was not added
     * @throws IllegalArgumentException if the batch would outgrow 2 GiB
     */
    public boolean appendWithin(
            int limitBytes,
            long timestamp,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers) {
        int delta = lastOffsetDelta + 1;
        if (recordCount == 0 && !hasDeleteHorizon) baseTimestamp = timestamp;
        long timestampDelta = timestamp - baseTimestamp;
        long bodyBytes = bodyBytes(timestampDelta, delta, nullableBytes(key) + nullableBytes(value), headers);
        long grownBytes = end + bodyBytes + VarInt.sizeOf((int) Math.min(bodyBytes, Integer.MAX_VALUE));
        if (grownBytes > limitBytes && recordCount > 0) return false;
        makeRoom(grownBytes - end);

        writeVarint((int) bodyBytes);
        batch[end++] = 0;
        writeVarlong(timestampDelta);
        writeVarint(delta);
        writeNullable(key);
        writeNullable(value);
        writeHeaders(headers);
        recordCount++;
        lastOffsetDelta = delta;
        if (timestamp > maxTimestamp) maxTimestamp = timestamp;
        return true;
    }

    /** The most bytes that a batch of this one record takes. */
    public static long mostBytesFor(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        long bodyBytes = bodyBytes(Long.MIN_VALUE, 0, nullableBytes(key) + nullableBytes(value), headers);
        return BatchHeader.HEADER_BYTES + VarInt.MAX_INT_BYTES + bodyBytes;
    }

    /**
     * Adds a record at a given offset, as compaction does.
     *
     * @return the record's offset
     * @throws IllegalArgumentException if the offset is not above the last record's, lies 2^31 or more above the base
     *                                  offset, or the batch would outgrow 2 GiB
     */
    public long appendAt(
            long offset,
            long timestamp,
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<RecordHeader> headers) {
        long delta = offset - baseOffset;
        if (delta <= lastOffsetDelta || delta > Integer.MAX_VALUE)
            throw new IllegalArgumentException("offset " + offset + " does not follow " + (baseOffset + lastOffsetDelta)
                    + " in a batch from " + baseOffset);
        if (recordCount == 0 && !hasDeleteHorizon) baseTimestamp = timestamp;
        long timestampDelta = timestamp - baseTimestamp;
        long bodyBytes = recordBodyBytes(timestampDelta, (int) delta, key, value, headers);
        makeRoom(bodyBytes + VarInt.MAX_INT_BYTES);

        writeVarint((int) bodyBytes);
        batch[end++] = 0;
        writeVarlong(timestampDelta);
        writeVarint((int) delta);
        writeNullable(key);
        writeNullable(value);
        writeHeaders(headers);
        recordCount++;
        lastOffsetDelta = (int) delta;
        if (timestamp > maxTimestamp) maxTimestamp = timestamp;
        return offset;
    }

    /** How many records there are. */
    public int recordCount() {
        return recordCount;
    }

    /** The size of the batch so far, before compression. */
    public int sizeBytes() {
        return end;
    }

    /** What {@link #sizeBytes} would be with this record too. */
    public long sizeBytesWith(
            long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        long timestampDelta = recordCount == 0 && !hasDeleteHorizon ? 0 : timestamp - baseTimestamp;
        long bodyBytes = recordBodyBytes(timestampDelta, lastOffsetDelta + 1, key, value, headers);
        return sizeBytes() + bodyBytes + VarInt.sizeOf((int) Math.min(bodyBytes, Integer.MAX_VALUE));
    }

    /** The offset the next appended record gets. */
    public long nextOffset() {
        return baseOffset + lastOffsetDelta + 1;
    }

    /**
     * Finishes the batch.
     *
     * @return the batch from position 0 to the limit, on the heap, its memory handed over; nothing can be added any more
     * @throws IllegalStateException  if there is no record, or the batch was built before
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public ByteBuffer build() {
        return build(null);
    }

    /**
     * {@link #build()}, packing by way of memory that is used again. What is packed lies in the memory the records were written
     * to, as long as it is no larger than they were.
     *
     * @param packing the builder's alone until this returns; null for memory of the batch's own
     */
    public ByteBuffer build(@Nullable PackingMemory packing) {
        if (recordCount == 0 || isBuilt) throw new IllegalStateException("a batch has records, and is built once");
        isBuilt = true;
        ByteBuffer built = compression == Compression.NONE ? ByteBuffer.wrap(batch, 0, end) : compressed(packing);
        writeHeader(built);
        batch = NOTHING;
        return built;
    }

    private ByteBuffer compressed(@Nullable PackingMemory packing) {
        int recordsBytes = end - BatchHeader.HEADER_BYTES;
        int firstBytes = BatchHeader.HEADER_BYTES + Codec.firstRoom(compression, recordsBytes);
        Scratch out = new Scratch(packing == null ? new byte[firstBytes] : packing.take(firstBytes), MAX_BATCH_BYTES);
        out.advance(BatchHeader.HEADER_BYTES);
        Codec.compress(compression, batch, BatchHeader.HEADER_BYTES, recordsBytes, level, out);
        if (packing == null || out.size() > batch.length) return ByteBuffer.wrap(out.bytes(), 0, out.size());
        System.arraycopy(out.bytes(), 0, batch, 0, out.size());
        packing.keep(out.bytes());
        return ByteBuffer.wrap(batch, 0, out.size());
    }

    private void writeHeader(ByteBuffer built) {
        boolean byAppendTime = timestampType == TimestampType.LOG_APPEND_TIME;
        BatchHeader.write(
                built,
                0,
                new BatchFields(
                        baseOffset,
                        built.limit(),
                        partitionLeaderEpoch,
                        compression,
                        timestampType,
                        isTransactional,
                        isControl,
                        hasDeleteHorizon,
                        lastOffsetDelta,
                        baseTimestamp,
                        byAppendTime ? logAppendTime : maxTimestamp,
                        producerId,
                        producerEpoch,
                        baseSequence,
                        recordCount));
    }

    private void makeRoom(long bytes) {
        if (isBuilt) throw new IllegalStateException("the batch is built already");
        long needed = end + bytes;
        if (needed <= batch.length) return;
        if (needed > MAX_BATCH_BYTES)
            throw new IllegalArgumentException("a batch of " + needed + " bytes is more than a batch can have");
        long grown = Math.max(needed, Math.max(FIRST_BYTES, 2L * batch.length));
        byte[] larger = new byte[(int) Math.min(grown, MAX_BATCH_BYTES)];
        System.arraycopy(batch, 0, larger, 0, Math.min(end, batch.length));
        batch = larger;
    }

    private static long recordBodyBytes(
            long timestampDelta,
            int offsetDelta,
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<RecordHeader> headers) {
        return bodyBytes(timestampDelta, offsetDelta, nullableBytes(key) + nullableBytes(value), headers);
    }

    private static long bodyBytes(
            long timestampDelta, int offsetDelta, long keyAndValueBytes, List<RecordHeader> headers) {
        int headerCount = headers.size();
        long bytes = 1L + VarInt.sizeOfLong(timestampDelta) + VarInt.sizeOf(offsetDelta);
        bytes += keyAndValueBytes + VarInt.sizeOf(headerCount);
        for (int i = 0; i < headerCount; i++) {
            RecordHeader header = headers.get(i);
            int keyBytes = utf8Bytes(header.key());
            bytes += VarInt.sizeOf(keyBytes) + keyBytes + nullableBytes(header.value());
        }
        return bytes;
    }

    private static long nullableBytes(byte @Nullable [] bytes) {
        if (bytes == null) return VarInt.sizeOf(-1);
        return VarInt.sizeOf(bytes.length) + (long) bytes.length;
    }

    private static long nullableBytes(@Nullable ByteBuffer bytes) {
        if (bytes == null) return VarInt.sizeOf(-1);
        return VarInt.sizeOf(bytes.remaining()) + (long) bytes.remaining();
    }

    private void writeNullable(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            writeVarint(-1);
            return;
        }
        int count = bytes.remaining();
        writeVarint(count);
        bytes.get(bytes.position(), batch, end, count);
        end += count;
    }

    private void writeNullable(byte @Nullable [] bytes) {
        if (bytes == null) {
            writeVarint(-1);
            return;
        }
        writeVarint(bytes.length);
        System.arraycopy(bytes, 0, batch, end, bytes.length);
        end += bytes.length;
    }

    private void writeHeaders(List<RecordHeader> headers) {
        int headerCount = headers.size();
        writeVarint(headerCount);
        for (int i = 0; i < headerCount; i++) {
            RecordHeader header = headers.get(i);
            writeText(header.key());
            writeNullable(header.value());
        }
    }

    private void writeText(String text) {
        if (isAscii(text)) {
            writeVarint(text.length());
            for (int i = 0; i < text.length(); i++) batch[end++] = (byte) text.charAt(i);
        } else {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            writeVarint(bytes.length);
            System.arraycopy(bytes, 0, batch, end, bytes.length);
            end += bytes.length;
        }
    }

    /** As {@link VarInt#write}, but into the array: several of them for every record a producer sends. */
    private void writeVarint(int value) {
        int rest = (value << 1) ^ (value >> 31);
        while ((rest & ~0x7f) != 0) {
            batch[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        batch[end++] = (byte) rest;
    }

    private void writeVarlong(long value) {
        long rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7fL) != 0) {
            batch[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        batch[end++] = (byte) rest;
    }

    private static int utf8Bytes(String text) {
        return isAscii(text) ? text.length() : text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) return false;
        }
        return true;
    }
}
