package io.millrace.records;

import java.io.IOException;
import java.util.Arrays;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/**
 * Snappy as Kafka's clients write it: the framing of snappy-java, or one bare block.
 *
 * <pre>
 *  0 magic              82 "SNAPPY" 00
 *  8 version            i32, 1
 * 12 lowest compatible  i32, 1
 * 16 blocks, each: i32 size, then a snappy block of that size; a whole header may stand between two blocks
 * </pre>
 *
 * A snappy block begins with its unpacked size. It is believed only as far as the block could possibly reach: an element
 * of three bytes yields at most 64.
 */
final class SnappyCodec implements Codec {
    private static final byte[] HEADER = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
    private static final int MAGIC_BYTES = 8;
    private static final int BLOCK_BYTES = 32 * 1024;
    private static final int MOST_BYTES_PER_BYTE = 22;

    @Override
    public int firstRoom(int size) {
        int block = Math.min(size, BLOCK_BYTES);
        return HEADER.length + Math.max(size / 2, 4 + 32 + block + block / 6);
    }

    @Override
    public void compress(byte[] in, int from, int size, int level, Scratch out) {
        out.append(HEADER, 0, HEADER.length);
        int end = from + size;
        try {
            for (int at = from; at < end; at += BLOCK_BYTES) {
                int blockBytes = Math.min(BLOCK_BYTES, end - at);
                out.makeRoom(4 + Snappy.maxCompressedLength(blockBytes));
                int compressed = Snappy.compress(in, at, blockBytes, out.bytes(), out.size() + 4);
                putInt(out.bytes(), out.size(), compressed);
                out.advance(4 + compressed);
            }
        } catch (IOException failure) {
            throw new IllegalStateException("snappy could not pack " + size + " bytes", failure);
        } catch (SnappyError failure) {
            throw new CompressionUnavailable(Compression.SNAPPY, failure);
        }
    }

    @Override
    public void decompress(byte[] in, int from, int size, Scratch out) {
        try {
            if (isHeader(in, from, size)) decompressBlocks(in, from + HEADER.length, from + size, out);
            else decompressBlock(in, from, size, out);
        } catch (IOException failure) {
            throw new InvalidBatch("snappy data is damaged: " + failure.getMessage());
        } catch (SnappyError failure) {
            throw new CompressionUnavailable(Compression.SNAPPY, failure);
        }
    }

    private static void decompressBlocks(byte[] in, int from, int end, Scratch out) throws IOException {
        int at = from;
        while (at < end) {
            if (isHeader(in, at, end - at)) {
                at += HEADER.length;
                continue;
            }
            if (end - at < 4) throw new InvalidBatch("snappy block size is cut off");
            int blockBytes = intAt(in, at);
            at += 4;
            if (blockBytes < 0 || blockBytes > end - at)
                throw new InvalidBatch("snappy block of " + blockBytes + " bytes, " + (end - at) + " are left");
            decompressBlock(in, at, blockBytes, out);
            at += blockBytes;
        }
    }

    private static void decompressBlock(byte[] in, int at, int blockBytes, Scratch out) throws IOException {
        int unpackedBytes = unpackedBytes(in, at, at + blockBytes);
        if (unpackedBytes < 0 || unpackedBytes > (long) blockBytes * MOST_BYTES_PER_BYTE)
            throw new InvalidBatch("snappy block of " + blockBytes + " bytes says it unpacks to "
                    + Integer.toUnsignedString(unpackedBytes));
        out.makeRoom(unpackedBytes);
        if (out.room() < unpackedBytes) throw out.tooLarge();
        out.advance(Snappy.uncompress(in, at, blockBytes, out.bytes(), out.size()));
    }

    /** The varint a snappy block begins with; negative from 2^31. */
    private static int unpackedBytes(byte[] in, int from, int end) {
        int value = 0;
        for (int i = 0; i < 5 && from + i < end; i++) {
            value |= (in[from + i] & 0x7f) << (7 * i);
            if (in[from + i] >= 0) return value;
        }
        throw new InvalidBatch("snappy block has no size");
    }

    private static boolean isHeader(byte[] in, int at, int available) {
        return available >= HEADER.length && Arrays.equals(in, at, at + MAGIC_BYTES, HEADER, 0, MAGIC_BYTES);
    }

    private static int intAt(byte[] in, int at) {
        return in[at] << 24 | (in[at + 1] & 0xff) << 16 | (in[at + 2] & 0xff) << 8 | (in[at + 3] & 0xff);
    }

    private static void putInt(byte[] out, int at, int value) {
        out[at] = (byte) (value >>> 24);
        out[at + 1] = (byte) (value >>> 16);
        out[at + 2] = (byte) (value >>> 8);
        out[at + 3] = (byte) value;
    }
}
