package io.millrace.records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Small batches for tests that are about one thing. */
final class BatchBuilders {
    private BatchBuilders() {}

    static ByteBuffer ofValues(String... values) {
        return ofValues(Compression.NONE, values);
    }

    static ByteBuffer ofValues(Compression compression, String... values) {
        BatchBuilder builder = BatchBuilder.forProducer(compression, compression.defaultLevel());
        for (String value : values)
            builder.append(1000, null, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)), List.of());
        return builder.build();
    }

    /** A batch that says it is compressed so, with bytes that somebody else made. */
    static ByteBuffer ofPacked(Compression compression, int recordCount, byte[] packed) {
        ByteBuffer batch = ByteBuffer.allocate(BatchHeader.HEADER_BYTES + packed.length);
        batch.put(BatchHeader.HEADER_BYTES, packed);
        BatchHeader.write(
                batch,
                0,
                new BatchFields(
                        0,
                        batch.limit(),
                        0,
                        compression,
                        TimestampType.CREATE_TIME,
                        false,
                        false,
                        false,
                        recordCount - 1,
                        1000,
                        1000,
                        -1,
                        (short) -1,
                        -1,
                        recordCount));
        return batch;
    }

    /** The bytes of the records of an uncompressed batch. */
    static byte[] records(ByteBuffer batch) {
        byte[] records = new byte[batch.limit() - BatchHeader.HEADER_BYTES];
        batch.get(BatchHeader.HEADER_BYTES, records);
        return records;
    }

    static ByteBuffer copy(ByteBuffer batch) {
        return ByteBuffer.allocate(batch.limit()).put(batch.duplicate()).flip();
    }
}
