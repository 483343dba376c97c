package io.millrace.records;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;

/**
 * Zstandard in one call over the whole batch. Unlike unpacking as a stream, this never allocates the window that a frame
 * header may claim (up to gigabytes); how much to allocate instead is worked out by {@link ZstdFrames}.
 */
final class ZstdCodec implements Codec {
    private static final int SMALL_BYTES = 128 << 10;
    private static final int HUGE_BYTES = 1 << 30;

    @Override
    public int firstRoom(int size) {
        if (size > HUGE_BYTES) return size / 2;
        // ZSTD_COMPRESSBOUND, which the library would have to be loaded for.
        return size + (size >> 8) + (Math.max(0, SMALL_BYTES - size) >> 11);
    }

    @Override
    public void compress(byte[] in, int from, int size, int level, Scratch out) {
        long bound = Zstd.compressBound(size);
        out.makeRoom((int) Math.min(bound, Integer.MAX_VALUE));
        long packed = Zstd.compressByteArray(out.bytes(), out.size(), out.room(), in, from, size, level);
        if (Zstd.isError(packed))
            throw new IllegalStateException(
                    "zstd could not pack " + size + " bytes: error " + Zstd.getErrorCode(packed));
        out.advance((int) packed);
    }

    @Override
    public void decompress(byte[] in, int from, int size, Scratch out) {
        long most = ZstdFrames.mostUnpackedBytes(in, from, from + size);
        boolean mayBeTooLarge = most > out.roomLeftAtMost();
        int room = (int) Math.min(most, out.roomLeftAtMost());
        out.makeRoom(room);
        long unpacked;
        try {
            unpacked = Zstd.decompressByteArray(out.bytes(), out.size(), room, in, from, size);
        } catch (ZstdException failure) {
            throw failed(mayBeTooLarge, failure.getErrorCode(), out);
        }
        if (Zstd.isError(unpacked)) throw failed(mayBeTooLarge, Zstd.getErrorCode(unpacked), out);
        out.advance((int) unpacked);
    }

    private static InvalidBatch failed(boolean mayBeTooLarge, long errorCode, Scratch out) {
        if (mayBeTooLarge && errorCode == Zstd.errDstSizeTooSmall()) return out.tooLarge();
        return new InvalidBatch("zstd data is damaged: error " + errorCode);
    }
}
