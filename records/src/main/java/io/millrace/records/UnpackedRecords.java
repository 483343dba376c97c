package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The records of one batch as plain bytes: a view of the batch if it is not compressed, else what it unpacks to. With
 * {@code reuse} the unpacked bytes of one batch are overwritten by the next one's; without, every batch has its own.
 */
final class UnpackedRecords {
    /** An array beyond this is not kept for the next batch: one huge batch must not cost its size for ever. */
    private static final int KEPT_BYTES = 512 * 1024;

    private static final int FIRST_BYTES = 4096;
    private static final int EXPECTED_RATIO = 4;
    private static final byte[] NOTHING = new byte[0];

    private final DecompressionLimit limit;
    private final boolean reuse;
    private byte[] packed = NOTHING;
    private byte[] unpacked = NOTHING;

    UnpackedRecords(DecompressionLimit limit, boolean reuse) {
        this.limit = limit;
        this.reuse = reuse;
    }

    /** A buffer with the records from its position to its limit. */
    ByteBuffer of(ByteBuffer buffer, int at) {
        int sizeBytes = BatchHeader.sizeBytes(buffer, at);
        if (sizeBytes < BatchHeader.HEADER_BYTES || sizeBytes > buffer.limit() - at)
            throw new InvalidBatch("batch of " + sizeBytes + " bytes, " + (buffer.limit() - at) + " are there");
        int recordsAt = at + BatchHeader.HEADER_BYTES;
        int recordsBytes = sizeBytes - BatchHeader.HEADER_BYTES;
        Compression compression = BatchHeader.compression(buffer, at);
        // Compaction keeps emptied batches for their producer's sequence; there is nothing in them to unpack.
        if (compression == Compression.NONE || recordsBytes == 0)
            return buffer.duplicate().limit(recordsAt + recordsBytes).position(recordsAt);
        if (buffer.hasArray())
            return unpack(compression, buffer.array(), buffer.arrayOffset() + recordsAt, recordsBytes);
        if (packed.length < recordsBytes) packed = new byte[recordsBytes];
        byte[] in = packed;
        buffer.get(recordsAt, in, 0, recordsBytes);
        ByteBuffer records = unpack(compression, in, 0, recordsBytes);
        if (!reuse || in.length > KEPT_BYTES) packed = NOTHING;
        return records;
    }

    private ByteBuffer unpack(Compression compression, byte[] in, int from, int packedBytes) {
        int allowed = limit.bytesAllowed(packedBytes);
        long expected = Math.max(FIRST_BYTES, (long) packedBytes * EXPECTED_RATIO);
        byte[] first = reuse && unpacked.length > 0 ? unpacked : new byte[(int) Math.min(expected, allowed)];
        Scratch out = new Scratch(first, allowed);
        Codec.decompress(compression, in, from, packedBytes, out);
        byte[] bytes = out.bytes();
        if (reuse) unpacked = bytes.length <= KEPT_BYTES ? bytes : NOTHING;
        // Slices of it may be kept for long by whoever reads them, so it should not be much larger than its content.
        else if (bytes.length / 2 > out.size()) bytes = Arrays.copyOf(bytes, out.size());
        return ByteBuffer.wrap(bytes, 0, out.size());
    }
}
