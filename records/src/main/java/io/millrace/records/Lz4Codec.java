package io.millrace.records;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHashFactory;

/**
 * LZ4 frames, all numbers little endian:
 *
 * <pre>
 * magic 184D2204 · FLG · BD · [content size u64] · header checksum u8
 * blocks, each: u32 size, top bit set if the bytes are not packed · bytes · [checksum u32]
 * u32 0 · [content checksum u32]
 * </pre>
 *
 * Written as Kafka's clients do: blocks of up to 64 KiB, independent of each other, no sizes and no checksums besides the
 * header's. Read in any legal form, including linked blocks, several frames and skippable ones; only a frame that needs
 * a dictionary is refused, for there is no agreement on any.
 */
final class Lz4Codec implements Codec {
    private final boolean magicMayBeSummed;

    Lz4Codec() {
        this(false);
    }

    /**
     * @param magicMayBeSummed whether a header checksum that covers the frame's magic too is taken: producers of format 0
     *                         made it so (KAFKA-3160)
     */
    Lz4Codec(boolean magicMayBeSummed) {
        this.magicMayBeSummed = magicMayBeSummed;
    }

    private static final int FRAME_MAGIC = 0x184D2204;
    private static final int SKIPPABLE_MAGIC = 0x184D2A50;
    private static final int SKIPPABLE_MASK = 0xfffffff0;

    private static final int FLG_VERSION_MASK = 0xc0;
    private static final int FLG_VERSION = 0x40;
    private static final int FLG_INDEPENDENT = 0x20;
    private static final int FLG_BLOCK_CHECKSUM = 0x10;
    private static final int FLG_CONTENT_SIZE = 0x08;
    private static final int FLG_CONTENT_CHECKSUM = 0x04;
    private static final int FLG_RESERVED = 0x02;
    private static final int FLG_DICTIONARY = 0x01;
    private static final int BD_RESERVED = 0x8f;
    private static final int BD_64_KIB = 0x40;

    private static final int BLOCK_BYTES = 64 * 1024;
    private static final int NOT_PACKED = 0x80000000;
    private static final int MOST_BYTES_PER_BYTE = 255;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    @Override
    public int firstRoom(int size) {
        int block = Math.min(size, BLOCK_BYTES);
        int frameBytes = 7 + 4; // Its header, and the empty block at its end.
        return frameBytes + Math.max(size / 2, 4 + block + block / 255 + 16);
    }

    @Override
    public void compress(byte[] in, int from, int size, int level, Scratch out) {
        // KIP-390: the default level stands for the fast compressor, every other for the high one at that level.
        LZ4Compressor compressor = level == Compression.LZ4.defaultLevel()
                ? LZ4Factory.fastestInstance().fastCompressor()
                : LZ4Factory.fastestInstance().highCompressor(level);
        byte[] descriptor = {(byte) (FLG_VERSION | FLG_INDEPENDENT), (byte) BD_64_KIB};
        appendInt(out, FRAME_MAGIC);
        out.append(descriptor, 0, descriptor.length);
        out.append(new byte[] {headerChecksum(descriptor, 0, descriptor.length)}, 0, 1);
        int end = from + size;
        for (int at = from; at < end; at += BLOCK_BYTES) {
            int blockBytes = Math.min(BLOCK_BYTES, end - at);
            out.makeRoom(4 + compressor.maxCompressedLength(blockBytes));
            int packed = compressor.compress(in, at, blockBytes, out.bytes(), out.size() + 4);
            if (packed < blockBytes) {
                INT.set(out.bytes(), out.size(), packed);
                out.advance(4 + packed);
            } else {
                appendInt(out, blockBytes | NOT_PACKED);
                out.append(in, at, blockBytes);
            }
        }
        appendInt(out, 0);
    }

    @Override
    public void decompress(byte[] in, int from, int size, Scratch out) {
        int end = from + size;
        int at = from;
        do {
            require(4, at, end);
            int magic = intAt(in, at);
            if ((magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC) {
                require(8, at, end);
                long skipped = Integer.toUnsignedLong(intAt(in, at + 4));
                if (skipped > end - at - 8) throw cut();
                at += 8 + (int) skipped;
            } else if (magic == FRAME_MAGIC) {
                at = decompressFrame(in, at + 4, end, out);
            } else {
                throw new InvalidBatch(
                        "lz4 magic is " + Integer.toHexString(magic) + ", want " + Integer.toHexString(FRAME_MAGIC));
            }
        } while (at < end);
    }

    private int decompressFrame(byte[] in, int descriptorAt, int end, Scratch out) {
        require(3, descriptorAt, end);
        int flg = in[descriptorAt] & 0xff;
        int bd = in[descriptorAt + 1] & 0xff;
        if ((flg & FLG_VERSION_MASK) != FLG_VERSION || (flg & FLG_RESERVED) != 0)
            throw new InvalidBatch("lz4 frame flags are " + flg + ", version 1 is known");
        if ((flg & FLG_DICTIONARY) != 0) throw new InvalidBatch("lz4 frame asks for a dictionary");
        if ((bd & BD_RESERVED) != 0 || bd < BD_64_KIB) throw new InvalidBatch("lz4 block size code is " + bd);
        int blockMaxBytes = 1 << (8 + 2 * (bd >> 4));

        int at = descriptorAt + 2;
        long contentBytes = -1;
        if ((flg & FLG_CONTENT_SIZE) != 0) {
            require(9, at, end);
            contentBytes = (long) LONG.get(in, at);
            at += 8;
        }
        require(1, at, end);
        if (in[at] != headerChecksum(in, descriptorAt, at - descriptorAt)
                && !(magicMayBeSummed && in[at] == headerChecksum(in, descriptorAt - 4, at - descriptorAt + 4)))
            throw new InvalidBatch("lz4 header checksum is wrong");
        at++;

        int frameStart = out.size();
        at = decompressBlocks(in, at, end, flg, blockMaxBytes, out);
        int unpackedBytes = out.size() - frameStart;
        if ((flg & FLG_CONTENT_CHECKSUM) != 0) {
            require(4, at, end);
            if (intAt(in, at) != hash(out.bytes(), frameStart, unpackedBytes))
                throw new InvalidBatch("lz4 content checksum is wrong");
            at += 4;
        }
        if ((flg & FLG_CONTENT_SIZE) != 0 && contentBytes != unpackedBytes)
            throw new InvalidBatch("lz4 content is " + unpackedBytes + " bytes, its header says "
                    + Long.toUnsignedString(contentBytes));
        return at;
    }

    private static int decompressBlocks(byte[] in, int from, int end, int flg, int blockMaxBytes, Scratch out) {
        boolean independent = (flg & FLG_INDEPENDENT) != 0;
        int frameStart = out.size();
        int at = from;
        while (true) {
            require(4, at, end);
            int header = intAt(in, at);
            at += 4;
            if (header == 0) return at;
            int blockBytes = header & ~NOT_PACKED;
            if (blockBytes > blockMaxBytes)
                throw new InvalidBatch("lz4 block of " + blockBytes + " bytes, the most is " + blockMaxBytes);
            require(blockBytes, at, end);
            if ((header & NOT_PACKED) != 0) out.append(in, at, blockBytes);
            else if (independent) decompressBlock(in, at, blockBytes, blockMaxBytes, out);
            else Lz4LinkedBlock.decompress(in, at, at + blockBytes, blockMaxBytes, frameStart, out);
            at += blockBytes;
            if ((flg & FLG_BLOCK_CHECKSUM) != 0) {
                require(4, at, end);
                if (intAt(in, at) != hash(in, at - blockBytes, blockBytes))
                    throw new InvalidBatch("lz4 block checksum is wrong");
                at += 4;
            }
        }
    }

    private static void decompressBlock(byte[] in, int at, int blockBytes, int blockMaxBytes, Scratch out) {
        LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
        int most = (int) Math.min(blockMaxBytes, (long) blockBytes * MOST_BYTES_PER_BYTE);
        out.makeRoom(most);
        int room = Math.min(most, out.room());
        try {
            out.advance(decompressor.decompress(in, at, blockBytes, out.bytes(), out.size(), room));
        } catch (LZ4Exception failure) {
            throw room < most ? out.tooLarge() : new InvalidBatch("lz4 block is damaged: " + failure.getMessage());
        }
    }

    private static byte headerChecksum(byte[] in, int from, int size) {
        return (byte) (hash(in, from, size) >> 8);
    }

    private static int hash(byte[] in, int from, int size) {
        return XXHashFactory.fastestInstance().hash32().hash(in, from, size, 0);
    }

    private static void appendInt(Scratch out, int value) {
        byte[] bytes = new byte[4];
        INT.set(bytes, 0, value);
        out.append(bytes, 0, 4);
    }

    private static int intAt(byte[] in, int at) {
        return (int) INT.get(in, at);
    }

    private static void require(int count, int at, int end) {
        if (end - at < count) throw cut();
    }

    private static InvalidBatch cut() {
        return new InvalidBatch("lz4 frame is cut off");
    }
}
