package io.millrace.records;

/**
 * How much zstd data can unpack to at most, by walking its frames and block headers (RFC 8878) without unpacking: a raw
 * or run-length block says its size, a packed one holds at most 128 KiB. The content size in a frame header may only
 * lower that.
 */
final class ZstdFrames {
    private static final int MAGIC = 0xFD2FB528;
    private static final int SKIPPABLE_MAGIC = 0x184D2A50;
    private static final int SKIPPABLE_MASK = 0xfffffff0;
    private static final int BLOCK_MAX_BYTES = 128 * 1024;
    private static final int RAW = 0;
    private static final int RUN_LENGTH = 1;
    private static final int PACKED = 2;

    private final byte[] in;
    private final int end;
    private int at;

    private ZstdFrames(byte[] in, int from, int end) {
        this.in = in;
        this.at = from;
        this.end = end;
    }

    /**
     * An upper bound for what {@code [from, end)} unpacks to.
     *
     * @throws InvalidBatch if that is not a sequence of whole frames
     */
    static long mostUnpackedBytes(byte[] in, int from, int end) {
        ZstdFrames frames = new ZstdFrames(in, from, end);
        long most = 0;
        do {
            most += frames.nextFrame();
        } while (frames.at < end);
        return most;
    }

    private long nextFrame() {
        int magic = (int) littleEndian(4);
        if ((magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC) {
            skip(littleEndian(4));
            return 0;
        }
        if (magic != MAGIC)
            throw new InvalidBatch(
                    "zstd magic is " + Integer.toHexString(magic) + ", want " + Integer.toHexString(MAGIC));
        int descriptor = (int) littleEndian(1);
        boolean singleSegment = (descriptor & 0x20) != 0;
        boolean hasChecksum = (descriptor & 0x04) != 0;
        long windowBytes = singleSegment ? Long.MAX_VALUE : windowBytes((int) littleEndian(1));
        int dictionaryIdBytes = (1 << (descriptor & 0x03)) >> 1;
        skip(dictionaryIdBytes);
        long contentBytes = contentBytes(descriptor >> 6, singleSegment);
        long most = blocks((int) Math.min(BLOCK_MAX_BYTES, windowBytes));
        if (hasChecksum) skip(4);
        return contentBytes < 0 ? most : Math.min(most, contentBytes);
    }

    private long blocks(int blockMaxBytes) {
        long most = 0;
        boolean last;
        do {
            int header = (int) littleEndian(3);
            last = (header & 1) != 0;
            int sizeBytes = header >> 3;
            switch ((header >> 1) & 3) {
                case RAW -> {
                    most += sizeBytes;
                    skip(sizeBytes);
                }
                case RUN_LENGTH -> {
                    most += Math.min(sizeBytes, blockMaxBytes);
                    skip(1);
                }
                case PACKED -> {
                    most += blockMaxBytes;
                    skip(sizeBytes);
                }
                default -> throw new InvalidBatch("zstd block has the reserved type");
            }
        } while (!last);
        return most;
    }

    private static long windowBytes(int descriptor) {
        long base = 1L << (10 + (descriptor >> 3));
        return base + (base >> 3) * (descriptor & 7);
    }

    /** -1 if the header does not say; a size from 2^63 does not fit any bound and counts as not said. */
    private long contentBytes(int sizeFlag, boolean singleSegment) {
        return switch (sizeFlag) {
            case 0 -> singleSegment ? littleEndian(1) : -1;
            case 1 -> littleEndian(2) + 256;
            case 2 -> littleEndian(4);
            default -> littleEndian(8);
        };
    }

    private long littleEndian(int bytes) {
        if (end - at < bytes) throw cut();
        long value = 0;
        for (int i = 0; i < bytes; i++) value |= (in[at + i] & 0xffL) << (8 * i);
        at += bytes;
        return value;
    }

    private void skip(long bytes) {
        if (bytes > end - at) throw cut();
        at += (int) bytes;
    }

    private static InvalidBatch cut() {
        return new InvalidBatch("zstd frame is cut off");
    }
}
