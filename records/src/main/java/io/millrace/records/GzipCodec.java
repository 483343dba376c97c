package io.millrace.records;

import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Members of RFC 1952, one after the other: 10 bytes of header and options, deflate, CRC-32 and size, little endian. */
final class GzipCodec implements Codec {
    private static final int HEADER_BYTES = 10;
    private static final int TRAILER_BYTES = 8;
    private static final int FIRST_GROWTH_BYTES = 4096;
    private static final int DEFLATE = 8;
    private static final int UNKNOWN_SYSTEM = 255;

    private static final int FLAG_HEADER_CRC = 0x02;
    private static final int FLAG_EXTRA = 0x04;
    private static final int FLAG_NAME = 0x08;
    private static final int FLAG_COMMENT = 0x10;
    private static final int FLAGS_RESERVED = 0xe0;

    @Override
    public int firstRoom(int size) {
        return HEADER_BYTES + size / 2 + TRAILER_BYTES;
    }

    @Override
    public void compress(byte[] in, int from, int size, int level, Scratch out) {
        out.append(new byte[] {0x1f, (byte) 0x8b, DEFLATE, 0, 0, 0, 0, 0, 0, (byte) UNKNOWN_SYSTEM}, 0, HEADER_BYTES);
        Deflater deflater = new Deflater(level, true);
        try {
            deflater.setInput(in, from, size);
            deflater.finish();
            while (!deflater.finished()) {
                out.makeRoom(Math.max(FIRST_GROWTH_BYTES, size / 4));
                if (out.room() == 0) throw new IllegalStateException("gzip could not pack " + size + " bytes");
                out.advance(deflater.deflate(out.bytes(), out.size(), out.room()));
            }
        } finally {
            deflater.end();
        }
        CRC32 crc = new CRC32();
        crc.update(in, from, size);
        out.append(littleEndian((int) crc.getValue(), size), 0, TRAILER_BYTES);
    }

    @Override
    public void decompress(byte[] in, int from, int size, Scratch out) {
        int end = from + size;
        int at = from;
        do {
            at = inflateMember(in, at, end, out);
        } while (at < end);
    }

    private static int inflateMember(byte[] in, int from, int end, Scratch out) {
        int at = skipHeader(in, from, end);
        int outStart = out.size();
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(in, at, end - at);
            inflate(inflater, out);
            at = end - inflater.getRemaining();
        } catch (DataFormatException failure) {
            throw new InvalidBatch("gzip data is damaged: " + failure.getMessage());
        } finally {
            inflater.end();
        }
        if (end - at < TRAILER_BYTES) throw cut();
        CRC32 crc = new CRC32();
        crc.update(out.bytes(), outStart, out.size() - outStart);
        if (intAt(in, at) != (int) crc.getValue()) throw new InvalidBatch("gzip checksum is wrong");
        if (intAt(in, at + 4) != out.size() - outStart) throw new InvalidBatch("gzip size is wrong");
        return at + TRAILER_BYTES;
    }

    private static void inflate(Inflater inflater, Scratch out) throws DataFormatException {
        byte[] probe = new byte[1];
        while (!inflater.finished()) {
            out.makeRoom(Math.max(FIRST_GROWTH_BYTES, out.size()));
            // Even with no room left the end mark may still be unread, and one byte more shows that it is not the end.
            int count = out.room() == 0
                    ? inflater.inflate(probe, 0, 1)
                    : inflater.inflate(out.bytes(), out.size(), out.room());
            if (count > out.room()) throw out.tooLarge();
            out.advance(count);
            if (count == 0 && !inflater.finished()) {
                if (inflater.needsDictionary()) throw new InvalidBatch("gzip data asks for a dictionary");
                if (inflater.needsInput()) throw cut();
            }
        }
    }

    private static int skipHeader(byte[] in, int from, int end) {
        if (end - from < HEADER_BYTES) throw cut();
        if ((in[from] & 0xff) != 0x1f || (in[from + 1] & 0xff) != 0x8b || in[from + 2] != DEFLATE)
            throw new InvalidBatch("gzip magic is missing");
        int flags = in[from + 3] & 0xff;
        if ((flags & FLAGS_RESERVED) != 0) throw new InvalidBatch("gzip flags " + flags + " are not known");
        int at = from + HEADER_BYTES;
        if ((flags & FLAG_EXTRA) != 0) {
            if (end - at < 2) throw cut();
            at += 2 + (in[at] & 0xff) + ((in[at + 1] & 0xff) << 8);
        }
        if ((flags & FLAG_NAME) != 0) at = skipText(in, at, end);
        if ((flags & FLAG_COMMENT) != 0) at = skipText(in, at, end);
        if ((flags & FLAG_HEADER_CRC) != 0) at += 2;
        if (at > end) throw cut();
        return at;
    }

    private static int skipText(byte[] in, int from, int end) {
        for (int at = from; at < end; at++) {
            if (in[at] == 0) return at + 1;
        }
        throw cut();
    }

    private static int intAt(byte[] in, int at) {
        return (in[at] & 0xff) | (in[at + 1] & 0xff) << 8 | (in[at + 2] & 0xff) << 16 | (in[at + 3] & 0xff) << 24;
    }

    private static byte[] littleEndian(int first, int second) {
        byte[] bytes = new byte[8];
        for (int i = 0; i < 4; i++) {
            bytes[i] = (byte) (first >>> (8 * i));
            bytes[4 + i] = (byte) (second >>> (8 * i));
        }
        return bytes;
    }

    private static InvalidBatch cut() {
        return new InvalidBatch("gzip data is cut off");
    }
}
