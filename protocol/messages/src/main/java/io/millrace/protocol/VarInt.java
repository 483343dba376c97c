package io.millrace.protocol;

import java.nio.ByteBuffer;

/**
 * Numbers of variable length: seven bits a byte, lowest first, the top bit set on all but the last byte.
 *
 * <p>Plain ("unsigned") in messages with tagged fields (KIP-482); zigzag ("signed", small negative numbers stay short) in
 * record batches.
 */
public final class VarInt {
    /** The most bytes a 32-bit number takes. */
    public static final int MAX_INT_BYTES = 5;

    /** The most bytes a 64-bit number takes. */
    public static final int MAX_LONG_BYTES = 10;

    private VarInt() {}

    /** How many bytes {@link #writeUnsigned} takes, 1 to 5. */
    public static int sizeOfUnsigned(int value) {
        int bits = 32 - Integer.numberOfLeadingZeros(value | 1);
        return (bits + 6) / 7;
    }

    /** How many bytes {@link #write} takes, 1 to 5. */
    public static int sizeOf(int value) {
        return sizeOfUnsigned((value << 1) ^ (value >> 31));
    }

    /** How many bytes {@link #writeLong} takes, 1 to 10. */
    public static int sizeOfLong(long value) {
        long zigzag = (value << 1) ^ (value >> 63);
        int bits = 64 - Long.numberOfLeadingZeros(zigzag | 1);
        return (bits + 6) / 7;
    }

    /** Writes 32 bits as they are, at the buffer's position. */
    public static void writeUnsigned(ByteBuffer out, int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            out.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    /** Writes a zigzag 32-bit number at the buffer's position. */
    public static void write(ByteBuffer out, int value) {
        writeUnsigned(out, (value << 1) ^ (value >> 31));
    }

    /** Writes a zigzag 64-bit number at the buffer's position. */
    public static void writeLong(ByteBuffer out, long value) {
        long rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7fL) != 0) {
            out.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    /**
     * Reads 32 bits as they are.
     *
     * @return the bits; negative where the number is 2^31 or more
     * @throws MalformedMessage if the number is cut off or has more than 32 bits
     */
    public static int readUnsigned(ByteBuffer in) {
        if (in.hasRemaining()) {
            byte only = in.get();
            if (only >= 0) return only;
            return readRest(in, only & 0x7f);
        }
        throw cut(in, in.position());
    }

    private static int readRest(ByteBuffer in, int firstBits) {
        int start = in.position() - 1;
        int value = firstBits;
        for (int shift = 7; shift < 35; shift += 7) {
            if (!in.hasRemaining()) throw cut(in, start);
            byte next = in.get();
            if (shift == 28 && (next & 0xf0) != 0) throw new MalformedMessage("varint", start, "more than 32 bits");
            value |= (next & 0x7f) << shift;
            if (next >= 0) return value;
        }
        throw new MalformedMessage("varint", start, "more than 32 bits");
    }

    /**
     * Reads a zigzag 32-bit number.
     *
     * @throws MalformedMessage if the number is cut off or has more than 32 bits
     */
    public static int read(ByteBuffer in) {
        int zigzag = readUnsigned(in);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    /**
     * Reads a zigzag 64-bit number.
     *
     * @throws MalformedMessage if the number is cut off or has more than 64 bits
     */
    public static long readLong(ByteBuffer in) {
        int start = in.position();
        long zigzag = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (!in.hasRemaining()) throw cut(in, start);
            byte next = in.get();
            if (shift == 63 && next != 0 && next != 1) break;
            zigzag |= (next & 0x7fL) << shift;
            if (next >= 0) return (zigzag >>> 1) ^ -(zigzag & 1);
        }
        throw new MalformedMessage("varlong", start, "more than 64 bits");
    }

    private static MalformedMessage cut(ByteBuffer in, int start) {
        return new MalformedMessage("varint", start, "cut off at the end, byte " + in.limit());
    }
}
