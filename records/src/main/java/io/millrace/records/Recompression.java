package io.millrace.records;

import java.nio.ByteBuffer;

/**
 * Packs the records of a batch with another codec. Only the codec, the length and the checksum of the header change:
 * offsets, time stamps, producer and attributes stay, and so do the records byte for byte.
 */
public final class Recompression {
    private Recompression() {}

    /**
     * Makes a new batch.
     *
     * @param batch a batch that {@link BatchHeader#check} has found whole, from {@code at}; not changed
     * @param level one that {@link Compression#isLevel} knows
     * @return the batch on the heap, from position 0 to the limit
     * @throws InvalidBatch           if the records do not unpack within the limit, or pack to more than a batch can have
     * @throws CompressionUnavailable if one of the codecs does not run on this machine
     */
    public static ByteBuffer of(ByteBuffer batch, int at, Compression target, int level, DecompressionLimit limit) {
        ByteBuffer records = new UnpackedRecords(limit, false).of(batch, at);
        int recordsBytes = records.remaining();
        Scratch out = new Scratch(
                new byte
                        [BatchHeader.HEADER_BYTES
                                + (target == Compression.NONE ? recordsBytes : Codec.firstRoom(target, recordsBytes))],
                BatchBuilder.MAX_BATCH_BYTES);
        byte[] header = new byte[BatchHeader.HEADER_BYTES];
        batch.get(at, header);
        out.append(header, 0, header.length);
        byte[] plain;
        int from;
        if (records.hasArray()) {
            plain = records.array();
            from = records.arrayOffset() + records.position();
        } else {
            plain = new byte[recordsBytes];
            from = 0;
            records.get(records.position(), plain);
        }
        if (target == Compression.NONE || recordsBytes == 0) out.append(plain, from, recordsBytes);
        else Codec.compress(target, plain, from, recordsBytes, level, out);
        ByteBuffer packed = ByteBuffer.wrap(out.bytes(), 0, out.size());
        BatchHeader.setCompression(packed, 0, target, out.size());
        return packed;
    }
}
