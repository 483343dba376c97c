package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Messages of formats 0 and 1 (KIP-32), as brokers before 0.11 left them in segments; read, never written. A message
 * without compression is a batch of one; a compressed one, the wrapper, holds others of its format.
 *
 * <pre>
 *  0 offset     i64   of the message; of a wrapper's last message
 *  8 size       i32   bytes after this field
 * 12 crc        u32   CRC-32 of everything from byte 16
 * 16 magic      i8    0 or 1
 * 17 attributes i8    0-2 compression, 3 time stamp type (format 1)
 * 18 timestamp  i64   format 1 only; of a wrapper, the highest in it
 *    keySize i32, -1 for null · key · valueSize i32, -1 for null · value
 * </pre>
 *
 * Within a wrapper of format 1 offsets count from the first message, with the last one's being the wrapper's; format 0 has
 * them as they are. As in {@link BatchHeader}, the buffer is big endian and where it stands does not matter.
 */
public final class LegacyBatch {
    /** The smallest message there can be, of format 0 without key and value. */
    public static final int SMALLEST_BYTES = 26;

    private static final int SMALLEST_BYTES_1 = 34;
    private static final int SIZE_AT = 8;
    private static final int CRC_AT = 12;
    private static final int MAGIC_AT = 16;
    private static final int ATTRIBUTES_AT = 17;
    private static final int TIMESTAMP_AT = 18;
    private static final int COMPRESSION_BITS = 0x07;
    private static final int LOG_APPEND_TIME_BIT = 0x08;

    private LegacyBatch() {}

    /** Whether what begins here says that it is of format 0 or 1; the first 17 bytes have to be there. */
    public static boolean isLegacy(ByteBuffer buffer, int at) {
        byte magic = buffer.get(at + MAGIC_AT);
        return magic == 0 || magic == 1;
    }

    /** The offset of the last message. */
    public static long lastOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** The highest time stamp, or -1: format 0 has none. */
    public static long maxTimestamp(ByteBuffer buffer, int at) {
        return buffer.get(at + MAGIC_AT) == 0 ? BatchHeader.NO_TIMESTAMP : buffer.getLong(at + TIMESTAMP_AT);
    }

    /** The compression's id as stored; formats 0 and 1 know 0 to 3. */
    public static int compressionId(ByteBuffer buffer, int at) {
        return buffer.get(at + ATTRIBUTES_AT) & COMPRESSION_BITS;
    }

    /** Whether a whole message is there and its checksum is right; nothing is unpacked. */
    public static BatchCheck check(ByteBuffer buffer, int at) {
        int available = buffer.limit() - at;
        if (available <= MAGIC_AT) return new BatchCheck.Torn(SMALLEST_BYTES - available);
        int smallest = buffer.get(at + MAGIC_AT) == 0 ? SMALLEST_BYTES : SMALLEST_BYTES_1;
        int size = buffer.getInt(at + SIZE_AT);
        if (size < smallest - BatchHeader.LOG_OVERHEAD || size > Integer.MAX_VALUE - BatchHeader.LOG_OVERHEAD)
            return new BatchCheck.Corrupt("message size " + size + " at byte " + (at + SIZE_AT) + ", want at least "
                    + (smallest - BatchHeader.LOG_OVERHEAD));
        int sizeBytes = BatchHeader.LOG_OVERHEAD + size;
        if (available < sizeBytes) return new BatchCheck.Torn(sizeBytes - available);
        CRC32 crc = new CRC32();
        crc.update(buffer.slice(at + MAGIC_AT, sizeBytes - MAGIC_AT));
        if ((int) crc.getValue() != buffer.getInt(at + CRC_AT))
            return new BatchCheck.Corrupt("checksum of the message at byte " + at + " is "
                    + Long.toHexString(crc.getValue()) + ", it says "
                    + Long.toHexString(Integer.toUnsignedLong(buffer.getInt(at + CRC_AT))));
        return new BatchCheck.Whole(sizeBytes);
    }

    /**
     * The records of a message or a wrapper that {@link #check} has found whole, in the order of their offsets.
     *
     * @throws InvalidBatch           if they are malformed or do not unpack within the limit
     * @throws CompressionUnavailable if the codec does not run on this machine
     */
    public static List<Record> records(ByteBuffer buffer, int at, DecompressionLimit limit) {
        Message outer = message(buffer, at, buffer.limit() - at);
        long offset = lastOffset(buffer, at);
        long timestamp = maxTimestamp(buffer, at);
        Compression compression = Compression.forId(compressionId(buffer, at))
                .filter(codec -> codec != Compression.ZSTD)
                .orElseThrow(() -> new InvalidBatch(
                        "compression id " + compressionId(buffer, at) + " names no codec of formats 0 and 1"));
        if (compression == Compression.NONE)
            return List.of(new Record(offset, timestamp, outer.key(), outer.value(), List.of()));
        ByteBuffer packed = outer.value();
        if (packed == null) throw new InvalidBatch("a compressed message has no value");
        byte[] in = new byte[packed.remaining()];
        packed.get(packed.position(), in);
        Scratch out = new Scratch(new byte[Math.min(4 * in.length + 64, 1 << 20)], limit.bytesAllowed(in.length));
        if (buffer.get(at + MAGIC_AT) == 0) Codec.decompressFormat0(compression, in, 0, in.length, out);
        else Codec.decompress(compression, in, 0, in.length, out);
        return inner(ByteBuffer.wrap(out.bytes(), 0, out.size()), buffer, at, offset, timestamp, limit);
    }

    private static List<Record> inner(
            ByteBuffer messages, ByteBuffer wrapper, int at, long offset, long timestamp, DecompressionLimit limit) {
        byte magic = wrapper.get(at + MAGIC_AT);
        boolean isAppendTime = magic == 1 && (wrapper.get(at + ATTRIBUTES_AT) & LOG_APPEND_TIME_BIT) != 0;
        List<Record> records = new ArrayList<>();
        long last = -1;
        for (int from = 0; from < messages.limit(); from += BatchHeader.sizeBytes(messages, from)) {
            int left = messages.limit() - from;
            if (left < SMALLEST_BYTES) throw new InvalidBatch(left + " bytes follow the last message of a wrapper");
            if (messages.get(from + MAGIC_AT) != magic || compressionId(messages, from) != 0)
                throw new InvalidBatch("a message within a wrapper has another format, or is packed once more");
            limit.checkRecord(BatchHeader.sizeBytes(messages, from) - BatchHeader.LOG_OVERHEAD, records.size());
            Message message = message(messages, from, left);
            long own = messages.getLong(from);
            if (own <= last) throw new InvalidBatch("offset " + own + " follows " + last + " within a wrapper");
            last = own;
            records.add(new Record(
                    own,
                    isAppendTime ? timestamp : maxTimestamp(messages, from),
                    message.key(),
                    message.value(),
                    List.of()));
        }
        if (records.isEmpty()) throw new InvalidBatch("a wrapper holds no message");
        long base = magic == 0 ? 0 : offset - last;
        if (base < 0 || (magic == 0 && last != offset))
            throw new InvalidBatch("a wrapper of offset " + offset + " ends with the message of offset " + last);
        if (base == 0) return records;
        List<Record> placed = new ArrayList<>(records.size());
        for (Record record : records)
            placed.add(new Record(
                    base + record.offset(), record.timestamp(), record.key(), record.value(), record.headers()));
        return placed;
    }

    private record Message(
            @Nullable ByteBuffer key, @Nullable ByteBuffer value) {}

    private static Message message(ByteBuffer buffer, int at, int available) {
        int sizeBytes = BatchHeader.sizeBytes(buffer, at);
        int keyAt = buffer.get(at + MAGIC_AT) == 0 ? TIMESTAMP_AT : TIMESTAMP_AT + Long.BYTES;
        if (sizeBytes < keyAt + 2 * Integer.BYTES || sizeBytes > available)
            throw new InvalidBatch("message of " + sizeBytes + " bytes, " + available + " are there");
        int end = at + sizeBytes;
        ByteBuffer key = field(buffer, at + keyAt, end - Integer.BYTES, "key");
        int valueAt = at + keyAt + Integer.BYTES + (key == null ? 0 : key.remaining());
        ByteBuffer value = field(buffer, valueAt, end, "value");
        int read = valueAt + Integer.BYTES + (value == null ? 0 : value.remaining());
        if (read != end) throw new InvalidBatch((end - read) + " bytes follow the value of a message");
        return new Message(key, value);
    }

    private static @Nullable ByteBuffer field(ByteBuffer buffer, int at, int until, String what) {
        int bytes = buffer.getInt(at);
        if (bytes < -1 || bytes > until - at - Integer.BYTES)
            throw new InvalidBatch(
                    what + " of " + bytes + " bytes, " + (until - at - Integer.BYTES) + " are left in its message");
        return bytes < 0 ? null : buffer.slice(at + Integer.BYTES, bytes);
    }
}
