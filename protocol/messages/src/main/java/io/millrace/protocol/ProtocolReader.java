package io.millrace.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads the primitives of Kafka's messages from bytes that somebody else made.
 *
 * <p>Nothing is believed: a length is compared with the bytes that are left, and a count with the bytes left over the
 * smallest size of an element, before anything is allocated for it. Every read names the field it is for, as
 * {@code Struct.field}, which appears in {@link MalformedMessage}. Fields that are "compact" have their length as an
 * unsigned varint plus one, as in flexible versions (KIP-482); the others as an int16 (strings) or int32.
 *
 * <p>Guarded by {@code FrameBenchmark}.
 */
public final class ProtocolReader {
    /** No message of Kafka's has more elements in one collection (CVE-2026-111108 and its kind). */
    public static final int MAX_ARRAY_ELEMENTS = 1_000_000;

    /** The most tagged fields in one struct (CVE-2026-111115). */
    public static final int MAX_TAGGED_FIELDS = 10_000;

    private static final byte[] NO_BYTES = {};
    private static final int SMALLEST_TAGGED_FIELD_BYTES = 2; // tag and size, no content

    private final ByteBuffer in;
    private final int start;

    /**
     * A reader of a buffer's bytes from its position to its limit; the buffer's own position stays as it is.
     *
     * @param bytes heap or direct; {@code records} fields of messages become slices of it
     */
    public ProtocolReader(ByteBuffer bytes) {
        this.in = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
        this.start = bytes.position();
    }

    /** How many bytes have not been read. */
    public int remaining() {
        return in.remaining();
    }

    /** How many bytes have been read. */
    public int position() {
        return in.position() - start;
    }

    /**
     * Checks that the message ends here.
     *
     * @param message for the exception
     * @throws MalformedMessage if bytes are left over
     */
    public void requireEnd(String message) {
        if (in.hasRemaining()) throw malformed(message, in.remaining() + " bytes are left over");
    }

    /** Reads one byte; anything but 0 is true. */
    public boolean readBoolean(String field) {
        require(field, 1);
        return in.get() != 0;
    }

    /** Reads a signed byte. */
    public byte readInt8(String field) {
        require(field, 1);
        return in.get();
    }

    /** Reads two bytes. */
    public short readInt16(String field) {
        require(field, 2);
        return in.getShort();
    }

    /** Reads two bytes as 0 to 65535. */
    public int readUint16(String field) {
        require(field, 2);
        return in.getShort() & 0xffff;
    }

    /** Reads four bytes. */
    public int readInt32(String field) {
        require(field, 4);
        return in.getInt();
    }

    /** Reads four bytes as 0 to 2^32 - 1. */
    public long readUint32(String field) {
        require(field, 4);
        return in.getInt() & 0xffff_ffffL;
    }

    /** Reads eight bytes. */
    public long readInt64(String field) {
        require(field, 8);
        return in.getLong();
    }

    /** Reads an IEEE 754 number of eight bytes. */
    public double readFloat64(String field) {
        require(field, 8);
        return in.getDouble();
    }

    /** Reads sixteen bytes. */
    public Uuid readUuid(String field) {
        require(field, 16);
        long mostSignificantBits = in.getLong();
        long leastSignificantBits = in.getLong();
        if (mostSignificantBits == 0 && leastSignificantBits == 0) return Uuid.ZERO;
        return new Uuid(mostSignificantBits, leastSignificantBits);
    }

    /** Reads a number of 0 to 2^31 - 1; larger ones are refused, because lengths, tags and ids never are. */
    public int readUnsignedVarint(String field) {
        int at = in.position();
        int value;
        try {
            value = VarInt.readUnsigned(in);
        } catch (MalformedMessage e) {
            throw new MalformedMessage(field, at - start, "not a varint of at most 32 bits");
        }
        if (value < 0)
            throw new MalformedMessage(
                    field, at - start, "number " + Integer.toUnsignedString(value) + " is too large");
        return value;
    }

    /** Reads UTF-8 text; null is refused. */
    public String readString(String field, boolean compact) {
        int length = stringLength(field, compact);
        if (length < 0) throw malformed(field, "null in a field that cannot be null");
        return text(length);
    }

    /** Reads UTF-8 text or null. */
    public @Nullable String readNullableString(String field, boolean compact) {
        int length = stringLength(field, compact);
        return length < 0 ? null : text(length);
    }

    /** Reads bytes, copied out of the input; null is refused. */
    public byte[] readBytes(String field, boolean compact) {
        int length = bytesLength(field, compact);
        if (length < 0) throw malformed(field, "null in a field that cannot be null");
        return copy(length);
    }

    /** Reads bytes, copied out of the input, or null. */
    public byte @Nullable [] readNullableBytes(String field, boolean compact) {
        int length = bytesLength(field, compact);
        return length < 0 ? null : copy(length);
    }

    /** Reads record batches as a slice of the input; null is refused. */
    public RecordsPayload readRecords(String field, boolean compact) {
        RecordsPayload records = readNullableRecords(field, compact);
        if (records == null) throw malformed(field, "null in a field that cannot be null");
        return records;
    }

    /** Reads record batches as a slice of the input, or null. */
    public @Nullable RecordsPayload readNullableRecords(String field, boolean compact) {
        int length = bytesLength(field, compact);
        if (length < 0) return null;
        if (length == 0) return RecordsPayload.EMPTY;
        return new RecordsPayload.Buffer(slice(length));
    }

    /**
     * Reads whether an optional struct follows.
     *
     * @return false for null
     */
    public boolean readIsPresent(String field) {
        return readInt8(field) >= 0;
    }

    /**
     * Reads whether an optional struct follows, in a tagged field: there the mark is a varint, 0 for null.
     *
     * @return false for null
     */
    public boolean readTaggedIsPresent(String field) {
        return readUnsignedVarint(field) > 0;
    }

    /**
     * Reads how many elements follow; null is refused.
     *
     * @param minElementBytes the least that an element takes in this version, at least 1
     */
    public int readArrayCount(String field, boolean compact, int minElementBytes) {
        int count = readNullableArrayCount(field, compact, minElementBytes);
        if (count < 0) throw malformed(field, "null in a field that cannot be null");
        return count;
    }

    /**
     * Reads how many elements follow, or -1 for null.
     *
     * @param minElementBytes the least that an element takes in this version, at least 1
     */
    public int readNullableArrayCount(String field, boolean compact, int minElementBytes) {
        int count = compact ? readUnsignedVarint(field) - 1 : readInt32(field);
        if (count < 0) {
            if (count == -1) return -1;
            throw malformed(field, "count " + count + " is negative");
        }
        if (count > in.remaining() / minElementBytes)
            throw malformed(field, count + " elements do not fit the " + in.remaining() + " bytes left");
        if (count > MAX_ARRAY_ELEMENTS) throw malformed(field, count + " elements, the most is " + MAX_ARRAY_ELEMENTS);
        return count;
    }

    /** Reads how many tagged fields follow. */
    public int readTaggedFieldCount(String struct) {
        int count = readUnsignedVarint(struct);
        if (count > in.remaining() / SMALLEST_TAGGED_FIELD_BYTES)
            throw malformed(struct, count + " tagged fields do not fit the " + in.remaining() + " bytes left");
        if (count > MAX_TAGGED_FIELDS)
            throw malformed(struct, count + " tagged fields, the most is " + MAX_TAGGED_FIELDS);
        return count;
    }

    /**
     * Reads the number of a tagged field.
     *
     * @param previousTag the tag before it, -1 at first; tags must ascend
     */
    public int readTag(String struct, int previousTag) {
        int tag = readUnsignedVarint(struct);
        if (tag <= previousTag) throw malformed(struct, "tag " + tag + " after tag " + previousTag);
        return tag;
    }

    /**
     * Reads how large a tagged field is.
     *
     * @return the {@link #position} at which it ends
     */
    public int readTaggedFieldEnd(String struct) {
        int size = readUnsignedVarint(struct);
        require(struct, size);
        return position() + size;
    }

    /**
     * Checks that a tagged field had the size it was said to have.
     *
     * @param end what {@link #readTaggedFieldEnd} returned
     */
    public void requireTaggedFieldEnd(String field, int end) {
        if (position() != end) throw malformed(field, "the field ends here, but was said to end at byte " + end);
    }

    /**
     * Skips a tagged field nobody here knows.
     *
     * @param end what {@link #readTaggedFieldEnd} returned
     */
    public void skipTaggedField(int end) {
        in.position(start + end);
    }

    /** A tag that the struct knows, in a version where it does not exist. */
    public MalformedMessage misplacedTag(String field, int version) {
        return malformed(field, "this tagged field does not exist in version " + version);
    }

    /** Reads over the tagged fields of a struct that knows none. */
    public void skipTaggedFields(String struct) {
        int count = readTaggedFieldCount(struct);
        int tag = -1;
        for (int i = 0; i < count; i++) {
            tag = readTag(struct, tag);
            skipTaggedField(readTaggedFieldEnd(struct));
        }
    }

    /** The next bytes as a slice of the input. */
    public ByteBuffer readSlice(String field, int sizeBytes) {
        require(field, sizeBytes);
        return slice(sizeBytes);
    }

    private ByteBuffer slice(int sizeBytes) {
        ByteBuffer slice = in.slice(in.position(), sizeBytes);
        in.position(in.position() + sizeBytes);
        return slice;
    }

    private int stringLength(String field, boolean compact) {
        int length = compact ? readUnsignedVarint(field) - 1 : readInt16(field);
        if (length > Short.MAX_VALUE) throw malformed(field, "text of " + length + " bytes, the most is 32767");
        return checked(field, length);
    }

    private int bytesLength(String field, boolean compact) {
        return checked(field, compact ? readUnsignedVarint(field) - 1 : readInt32(field));
    }

    private int checked(String field, int length) {
        if (length < -1) throw malformed(field, "length " + length + " is negative");
        if (length > 0) require(field, length);
        return length;
    }

    private String text(int length) {
        if (length == 0) return "";
        if (!in.hasArray()) return new String(copy(length), StandardCharsets.UTF_8);
        int at = in.position();
        in.position(at + length);
        return new String(in.array(), in.arrayOffset() + at, length, StandardCharsets.UTF_8);
    }

    private byte[] copy(int length) {
        if (length == 0) return NO_BYTES;
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private void require(String field, int sizeBytes) {
        if (in.remaining() < sizeBytes)
            throw malformed(field, sizeBytes + " bytes wanted, " + in.remaining() + " are left");
    }

    private MalformedMessage malformed(String field, String why) {
        return new MalformedMessage(field, position(), why);
    }
}
