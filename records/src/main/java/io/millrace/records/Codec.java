package io.millrace.records;

/** Packs and unpacks the records of one batch. Implementations hold no state; each loads its library when it is first asked. */
interface Codec {
    /** Packs {@code [from, from + size)} and appends the result. */
    void compress(byte[] in, int from, int size, int level, Scratch out);

    /**
     * How many bytes to begin with, for packing that many: what is wanted at once in any case, since growing would copy, or half,
     * which most records shrink to. A wrong guess costs time and memory only.
     */
    int firstRoom(int size);

    /**
     * Unpacks all of {@code [from, from + size)} and appends the result.
     *
     * @throws InvalidBatch if the bytes are not what this codec writes, or the bound of {@code out} is too small for them
     */
    void decompress(byte[] in, int from, int size, Scratch out);

    /** The codec of a compression, which must not be {@link Compression#NONE}. */
    static Codec of(Compression compression) {
        return switch (compression) {
            case NONE -> throw new IllegalArgumentException("there is nothing to pack or unpack without compression");
            case GZIP -> new GzipCodec();
            case SNAPPY -> new SnappyCodec();
            case LZ4 -> new Lz4Codec();
            case ZSTD -> new ZstdCodec();
        };
    }

    /** {@link #compress} with the codec of that name. */
    static void compress(Compression compression, byte[] in, int from, int size, int level, Scratch out) {
        try {
            of(compression).compress(in, from, size, level, out);
        } catch (LinkageError failure) {
            throw new CompressionUnavailable(compression, failure);
        }
    }

    /** {@link #firstRoom} of the codec of that name. */
    static int firstRoom(Compression compression, int size) {
        return of(compression).firstRoom(size);
    }

    /** {@link #decompress} for messages of format 0, whose producers had an error of their own in LZ4. */
    static void decompressFormat0(Compression compression, byte[] in, int from, int size, Scratch out) {
        if (compression != Compression.LZ4) {
            decompress(compression, in, from, size, out);
            return;
        }
        try {
            new Lz4Codec(true).decompress(in, from, size, out);
        } catch (LinkageError failure) {
            throw new CompressionUnavailable(compression, failure);
        }
    }

    /** {@link #decompress} with the codec of that name. */
    static void decompress(Compression compression, byte[] in, int from, int size, Scratch out) {
        try {
            of(compression).decompress(in, from, size, out);
        } catch (LinkageError failure) {
            throw new CompressionUnavailable(compression, failure);
        }
    }
}
