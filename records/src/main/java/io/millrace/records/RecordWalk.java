package io.millrace.records;

import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.VarInt;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the records of one batch after the other without making an object per record. A record is
 *
 * <pre>
 * size varint, then that many bytes:
 * attributes i8 · timestampDelta varlong · offsetDelta varint
 * keySize varint, -1 for null · key · valueSize varint, -1 for null · value
 * headerCount varint · headers, each: keySize varint · key · valueSize varint, -1 for null · value
 * </pre>
 *
 * and every size, count and delta is checked against what is around it: a record ends where its size says, offsets rise
 * and stay within the header's, the batch ends with its last record. One walk serves one thread; it keeps its memory for
 * unpacking from batch to batch, within a bound.
 *
 * <pre>
 * walk.begin(buffer, at);
 * while (walk.next()) if (!walk.hasKey()) ...
 * </pre>
 *
 * <p>Guarded by {@code AppendBenchmark}.
 */
public final class RecordWalk {
    private static final int SMALLEST_RECORD_BYTES = 6;
    private static final int SMALLEST_HEADER_BYTES = 2;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final UnpackedRecords unpacked;
    private final DecompressionLimit limit;

    private ByteBuffer records = NOTHING;
    private int recordsAt;
    private int recordsEnd;
    private int cursor;
    private int end; // of the record that is being read
    private boolean isCompressed;
    private int recordCount;
    private int lastOffsetDelta;
    private long baseOffset;
    private long baseTimestamp;
    private long logAppendTime;
    private boolean isLogAppendTime;

    private int index = -1;
    private int sizeBytes;
    private int offsetDelta;
    private long timestampDelta;
    private int keyAt;
    private int keyBytes;
    private int valueAt;
    private int valueBytes;
    private int headersAt;
    private int headerCount;

    /** A walk that unpacks compressed batches, and reads their records, up to a limit. */
    public RecordWalk(DecompressionLimit limit) {
        this(limit, true);
    }

    RecordWalk(DecompressionLimit limit, boolean reuse) {
        this.limit = limit;
        this.unpacked = new UnpackedRecords(limit, reuse);
    }

    /**
     * Stands before the first record of a batch, which {@link BatchHeader#check} has found whole.
     *
     * @throws InvalidBatch           if the header contradicts itself, or the records do not unpack within the limit
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public void begin(ByteBuffer buffer, int at) {
        index = -1;
        recordCount = 0;
        Optional<String> contradiction = BatchHeader.contradiction(buffer, at);
        if (contradiction.isPresent()) throw new InvalidBatch(contradiction.get());
        records = unpacked.of(buffer, at);
        isCompressed = BatchHeader.isCompressed(buffer, at);
        recordsAt = records.position();
        recordsEnd = records.limit();
        cursor = recordsAt;
        recordCount = BatchHeader.recordCount(buffer, at);
        lastOffsetDelta = BatchHeader.lastOffsetDelta(buffer, at);
        baseOffset = BatchHeader.baseOffset(buffer, at);
        baseTimestamp = BatchHeader.baseTimestamp(buffer, at);
        logAppendTime = BatchHeader.maxTimestamp(buffer, at);
        isLogAppendTime = BatchHeader.timestampType(buffer, at) == TimestampType.LOG_APPEND_TIME;
        offsetDelta = -1;
    }

    /** Stands before the first record of the same batch again, without unpacking it once more. */
    public void rewind() {
        index = -1;
        offsetDelta = -1;
        cursor = recordsAt;
    }

    /**
     * Goes to the next record.
     *
     * @return false after the last one
     * @throws InvalidBatch if the record is malformed or larger than the limit lets it be, or if anything follows the last one
     */
    public boolean next() {
        if (index + 1 >= recordCount) {
            if (cursor < recordsEnd)
                throw new InvalidBatch((recordsEnd - cursor) + " bytes follow the last of " + recordCount + " records");
            return false;
        }
        index++;
        readRecord();
        return true;
    }

    private void readRecord() {
        int start = cursor;
        end = recordsEnd;
        int size = varInt();
        if (size < SMALLEST_RECORD_BYTES || size > recordsEnd - cursor)
            throw invalid("size " + size + ", " + (recordsEnd - cursor) + " bytes are left");
        if (isCompressed) limit.checkRecord(size, index);
        end = cursor + size;
        sizeBytes = end - start;
        cursor++; // no attribute is defined for records
        timestampDelta = varLong();
        int delta = varInt();
        if (delta <= offsetDelta || delta > lastOffsetDelta)
            throw invalid("offset delta " + delta + " after " + offsetDelta + ", the last is " + lastOffsetDelta);
        offsetDelta = delta;
        keyBytes = varInt();
        keyAt = skip("key", keyBytes);
        valueBytes = varInt();
        valueAt = skip("value", valueBytes);
        headerCount = varInt();
        headersAt = cursor;
        if (headerCount < 0 || headerCount > (end - cursor) / SMALLEST_HEADER_BYTES)
            throw invalid(headerCount + " headers in " + (end - cursor) + " bytes");
        for (int i = 0; i < headerCount; i++) {
            int headerKeyBytes = varInt();
            if (headerKeyBytes < 0) throw invalid("header " + i + " has no key");
            skip("header key", headerKeyBytes);
            skip("header value", varInt());
        }
        if (cursor < end) throw invalid((end - cursor) + " bytes follow its headers");
    }

    /** Numbers of one byte and of two, which are nearly all, are read here: this is what a small record costs. */
    private int varInt() {
        int at = cursor;
        if (at >= end) return longerVarInt();
        int bits = records.get(at);
        if (bits < 0) {
            if (at + 1 >= end) return longerVarInt();
            int second = records.get(at + 1);
            if (second < 0) return longerVarInt();
            bits = (bits & 0x7f) | (second << 7);
            at++;
        }
        cursor = at + 1;
        return (bits >>> 1) ^ -(bits & 1);
    }

    private int longerVarInt() {
        try {
            int value = VarInt.read(records.limit(end).position(cursor));
            cursor = records.position();
            return value;
        } catch (MalformedMessage malformed) {
            throw invalid(String.valueOf(malformed.getMessage()));
        } finally {
            records.limit(recordsEnd);
        }
    }

    private long varLong() {
        int at = cursor;
        if (at + 1 < end && (records.get(at) >= 0 || records.get(at + 1) >= 0)) return varInt();
        try {
            long value = VarInt.readLong(records.limit(end).position(cursor));
            cursor = records.position();
            return value;
        } catch (MalformedMessage malformed) {
            throw invalid(String.valueOf(malformed.getMessage()));
        } finally {
            records.limit(recordsEnd);
        }
    }

    private int skip(String what, int bytes) {
        int at = cursor;
        if (bytes > end - at) throw invalid(what + " of " + bytes + " bytes, " + (end - at) + " are left");
        if (bytes > 0) cursor = at + bytes;
        return at;
    }

    private InvalidBatch invalid(String what) {
        return new InvalidBatch("record " + index + " of " + recordCount + ": " + what);
    }

    /** Which record of the batch this is, from 0. */
    public int index() {
        return index;
    }

    /** The record's offset. */
    public long offset() {
        return baseOffset + offsetDelta;
    }

    /** The record's offset less the base offset. */
    public int offsetDelta() {
        return offsetDelta;
    }

    /** The time stamp readers are given: the record's own, or the batch's if the broker set it. */
    public long timestamp() {
        return isLogAppendTime ? logAppendTime : ownTimestamp();
    }

    /** The time stamp the record carries by itself, whoever's time the batch goes by. */
    public long ownTimestamp() {
        return baseTimestamp + timestampDelta;
    }

    /** The record's unpacked size with its size field. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** Where in {@link #bytes} the record ends; its size field begins {@link #sizeBytes} before. */
    int endAt() {
        return end;
    }

    /** Whether the key is not null. */
    public boolean hasKey() {
        return keyBytes >= 0;
    }

    /** Whether the value is not null. */
    public boolean hasValue() {
        return valueBytes >= 0;
    }

    /** How many headers the record has. */
    public int headerCount() {
        return headerCount;
    }

    /** The bytes {@link #keyAt} and {@link #valueAt} speak of; valid until the next {@link #begin}, and not to be moved. */
    public ByteBuffer bytes() {
        return records;
    }

    /** Where in {@link #bytes} the key begins. */
    public int keyAt() {
        return keyAt;
    }

    /** The key's size, negative for null. */
    public int keyBytes() {
        return keyBytes;
    }

    /** Where in {@link #bytes} the value begins. */
    public int valueAt() {
        return valueAt;
    }

    /** The value's size, negative for null. */
    public int valueBytes() {
        return valueBytes;
    }

    /** The record as an object; its buffers are slices of {@link #bytes}. */
    public Record record() {
        return new Record(offset(), timestamp(), slice(keyAt, keyBytes), slice(valueAt, valueBytes), headers());
    }

    private @Nullable ByteBuffer slice(int at, int bytes) {
        return bytes < 0 ? null : records.slice(at, bytes);
    }

    private List<RecordHeader> headers() {
        if (headerCount == 0) return List.of();
        List<RecordHeader> headers = new ArrayList<>(headerCount);
        ByteBuffer in = records.duplicate().position(headersAt);
        for (int i = 0; i < headerCount; i++) {
            byte[] key = new byte[VarInt.read(in)];
            in.get(key);
            int headerValueBytes = VarInt.read(in);
            int headerValueAt = in.position();
            headers.add(
                    new RecordHeader(new String(key, StandardCharsets.UTF_8), slice(headerValueAt, headerValueBytes)));
            if (headerValueBytes > 0) in.position(headerValueAt + headerValueBytes);
        }
        return headers;
    }

    /**
     * Walks through a whole batch and sums up what is in it; nothing is thrown for bad records.
     *
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public BatchContents validate(ByteBuffer buffer, int at) {
        int withoutKey = 0;
        long maxTimestamp = BatchHeader.NO_TIMESTAMP;
        long maxTimestampOffset = -1;
        int largestBytes = 0;
        boolean dense = true;
        try {
            begin(buffer, at);
            while (next()) {
                if (!hasKey()) withoutKey++;
                if (index == 0 || ownTimestamp() > maxTimestamp) {
                    maxTimestamp = ownTimestamp();
                    maxTimestampOffset = offset();
                }
                largestBytes = Math.max(largestBytes, sizeBytes);
                dense &= offsetDelta == index;
            }
        } catch (InvalidBatch invalid) {
            return new BatchContents.Faulty(String.valueOf(invalid.getMessage()));
        }
        dense &= offsetDelta == lastOffsetDelta;
        return new BatchContents.Sound(recordCount, maxTimestamp, maxTimestampOffset, withoutKey, dense, largestBytes);
    }
}
