package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the primitives of Kafka's messages, in one pass, into one buffer that grows.
 *
 * <p>Record batches above {@link #MAX_COPIED_PAYLOAD_BYTES}, and all that are not in memory, are not copied: the place
 * where they belong is remembered, and {@link #finish} returns the pieces in order. A writer can be used again after
 * {@link #reset}. "Compact" is as in {@link ProtocolReader}.
 *
 * <p>Guarded by {@code FrameBenchmark}.
 */
public final class ProtocolWriter {
    /** Payloads in memory up to this size are cheaper to copy than to send as a segment of their own. */
    public static final int MAX_COPIED_PAYLOAD_BYTES = 4096;

    private static final int DEFAULT_INITIAL_BYTES = 256;

    private ByteBuffer out;
    private final List<Splice> splices = new ArrayList<>(0);

    /** A payload that belongs in front of the byte at a position of the buffer. */
    private record Splice(int at, RecordsPayload payload) {}

    /** A writer that begins with a small heap buffer. */
    public ProtocolWriter() {
        this(DEFAULT_INITIAL_BYTES);
    }

    /** A writer that begins with a heap buffer of this many bytes. */
    public ProtocolWriter(int initialBytes) {
        this(ByteBuffer.allocate(initialBytes));
    }

    /**
     * A writer that begins with a buffer of the caller's, from its start to its capacity.
     *
     * @param initial heap or direct; what it grows to is of the same kind
     */
    public ProtocolWriter(ByteBuffer initial) {
        this.out = initial.duplicate().clear().order(ByteOrder.BIG_ENDIAN);
    }

    /** Forgets what was written. The pieces that {@link #finish} returned must not be used any more. */
    public void reset() {
        out.clear();
        splices.clear();
    }

    /** How many bytes were written, those of uncopied payloads included. */
    public long sizeBytes() {
        long size = out.position();
        for (Splice splice : splices) size += splice.payload.sizeBytes();
        return size;
    }

    /** What was written, as pieces that share this writer's buffer and live until {@link #reset}. */
    public Written finish() {
        if (splices.isEmpty()) {
            int end = out.position();
            return new Written(end == 0 ? List.of() : List.of(new Segment.Bytes(out.slice(0, end))), end);
        }
        List<Segment> segments = new ArrayList<>(2 * splices.size() + 1);
        int from = 0;
        for (Splice splice : splices) {
            if (splice.at > from) segments.add(new Segment.Bytes(out.slice(from, splice.at - from)));
            segments.add(new Segment.Payload(splice.payload));
            from = splice.at;
        }
        if (out.position() > from) segments.add(new Segment.Bytes(out.slice(from, out.position() - from)));
        return new Written(segments, sizeBytes());
    }

    /**
     * A message alone, as one buffer.
     *
     * @throws UnsupportedVersion    if the message has no such version or cannot be said in it
     * @throws IllegalStateException if it holds record batches that are not in memory
     */
    public static ByteBuffer toBuffer(ApiMessage message, int version) {
        ProtocolWriter writer = new ProtocolWriter();
        message.write(writer, version);
        return writer.finish().toBuffer();
    }

    /** Writes one byte, 0 or 1. */
    public void writeBoolean(boolean value) {
        ensure(1);
        out.put((byte) (value ? 1 : 0));
    }

    /** Writes one byte. */
    public void writeInt8(byte value) {
        ensure(1);
        out.put(value);
    }

    /** Writes two bytes. */
    public void writeInt16(short value) {
        ensure(2);
        out.putShort(value);
    }

    /**
     * Writes two bytes.
     *
     * @throws IllegalArgumentException if the number is not within 0 to 65535
     */
    public void writeUint16(int value) {
        if (value < 0 || value > 0xffff) throw new IllegalArgumentException(value + " is not within 0 to 65535");
        ensure(2);
        out.putShort((short) value);
    }

    /** Writes four bytes. */
    public void writeInt32(int value) {
        ensure(4);
        out.putInt(value);
    }

    /**
     * Writes four bytes.
     *
     * @throws IllegalArgumentException if the number is not within 0 to 2^32 - 1
     */
    public void writeUint32(long value) {
        if (value < 0 || value > 0xffff_ffffL) throw new IllegalArgumentException(value + " is not within 0 to 2^32-1");
        ensure(4);
        out.putInt((int) value);
    }

    /** Writes eight bytes. */
    public void writeInt64(long value) {
        ensure(8);
        out.putLong(value);
    }

    /** Writes an IEEE 754 number of eight bytes. */
    public void writeFloat64(double value) {
        ensure(8);
        out.putDouble(value);
    }

    /** Writes sixteen bytes. */
    public void writeUuid(Uuid value) {
        ensure(16);
        out.putLong(value.mostSignificantBits());
        out.putLong(value.leastSignificantBits());
    }

    /** Writes 32 bits as a varint of one to five bytes. */
    public void writeUnsignedVarint(int value) {
        ensure(VarInt.MAX_INT_BYTES);
        VarInt.writeUnsigned(out, value);
    }

    /**
     * Writes UTF-8 text.
     *
     * @throws IllegalArgumentException if it takes more than 32767 bytes
     */
    public void writeString(String value, boolean compact) {
        int length = value.length();
        if (isAscii(value)) {
            writeStringLength(length, compact);
            ensure(length);
            for (int i = 0; i < length; i++) out.put((byte) value.charAt(i));
        } else {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            writeStringLength(bytes.length, compact);
            writeRaw(bytes);
        }
    }

    /**
     * Writes UTF-8 text or null.
     *
     * @throws IllegalArgumentException if it takes more than 32767 bytes
     */
    public void writeNullableString(@Nullable String value, boolean compact) {
        if (value != null) writeString(value, compact);
        else if (compact) writeUnsignedVarint(0);
        else writeInt16((short) -1);
    }

    /** Writes bytes. */
    public void writeBytes(byte[] value, boolean compact) {
        writeArrayCount(value.length, compact);
        writeRaw(value);
    }

    /** Writes bytes or null. */
    public void writeNullableBytes(byte @Nullable [] value, boolean compact) {
        if (value == null) writeNullArray(compact);
        else writeBytes(value, compact);
    }

    /** Writes record batches: small ones copied, others left for {@link #finish}. */
    public void writeRecords(RecordsPayload value, boolean compact) {
        int size = value.sizeBytes();
        writeArrayCount(size, compact);
        if (size == 0) return;
        if (size <= MAX_COPIED_PAYLOAD_BYTES && value instanceof RecordsPayload.Buffer(ByteBuffer bytes)) {
            writeRaw(bytes.duplicate());
        } else {
            splices.add(new Splice(out.position(), value));
        }
    }

    /** Writes record batches or null. */
    public void writeNullableRecords(@Nullable RecordsPayload value, boolean compact) {
        if (value == null) writeNullArray(compact);
        else writeRecords(value, compact);
    }

    /** Writes whether an optional struct follows. */
    public void writeIsPresent(boolean present) {
        writeInt8((byte) (present ? 1 : -1));
    }

    /** Writes whether an optional struct follows, in a tagged field. */
    public void writeTaggedIsPresent(boolean present) {
        writeUnsignedVarint(present ? 1 : 0);
    }

    /** Writes how many elements, or bytes, follow. */
    public void writeArrayCount(int count, boolean compact) {
        if (compact) writeUnsignedVarint(count + 1);
        else writeInt32(count);
    }

    /** Writes null for a collection or bytes. */
    public void writeNullArray(boolean compact) {
        if (compact) writeUnsignedVarint(0);
        else writeInt32(-1);
    }

    /**
     * Begins a tagged field, whose content is written next.
     *
     * @return what {@link #endTaggedField} wants
     */
    public int beginTaggedField(int tag) {
        writeUnsignedVarint(tag);
        ensure(1);
        int sizeAt = out.position();
        out.put((byte) 0); // most are below 128 bytes, so that one byte of size suffices
        return sizeAt;
    }

    /**
     * Ends a tagged field: puts its size in front, which moves the content where the size takes more than one byte.
     *
     * @param sizeAt what {@link #beginTaggedField} returned
     */
    public void endTaggedField(int sizeAt) {
        int from = sizeAt + 1;
        int size = out.position() - from;
        int more = VarInt.sizeOfUnsigned(size) - 1;
        if (more > 0) {
            ensure(more);
            out.put(from + more, out, from, size);
        }
        out.position(sizeAt);
        VarInt.writeUnsigned(out, size);
        out.position(from + more + size);
    }

    /** Writes bytes without a length. */
    public void writeRaw(byte[] bytes) {
        ensure(bytes.length);
        out.put(bytes);
    }

    /** Writes the buffer's bytes from its position, which moves to its limit, without a length. */
    public void writeRaw(ByteBuffer bytes) {
        ensure(bytes.remaining());
        out.put(bytes);
    }

    /**
     * Overwrites four bytes, such as a length that stands in front of what it counts.
     *
     * @param at counted from the first byte written; no uncopied payload before it
     */
    public void setInt32(int at, int value) {
        if (at < 0 || at + 4 > out.position())
            throw new IllegalArgumentException("bytes " + at + " to " + (at + 4) + " are not written yet");
        out.putInt(at, value);
    }

    private void writeStringLength(int length, boolean compact) {
        if (length > Short.MAX_VALUE)
            throw new IllegalArgumentException("text of " + length + " bytes, the most is " + Short.MAX_VALUE);
        if (compact) writeUnsignedVarint(length + 1);
        else writeInt16((short) length);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) if (text.charAt(i) >= 0x80) return false;
        return true;
    }

    private void ensure(int bytes) {
        if (out.remaining() < bytes) grow(bytes);
    }

    private void grow(int bytes) {
        long wanted = (long) out.position() + bytes;
        if (wanted > Integer.MAX_VALUE - 8) throw new IllegalStateException("message of more than 2 GiB");
        int capacity = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(wanted, 2L * out.capacity()));
        ByteBuffer larger = out.isDirect() ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
        out = larger.put(out.flip());
    }
}
