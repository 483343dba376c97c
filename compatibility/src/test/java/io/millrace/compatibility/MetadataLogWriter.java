package io.millrace.compatibility;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.metadata.FeatureLevelRecord;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;

/** Adds to the metadata log of a stopped node, with the official classes, what a newer program might have left there. */
final class MetadataLogWriter {
    private static final int CONTROL_BATCH_BYTES = 1 << 10;

    private final Path directory;
    private final Path segment;
    private final long endOffset;
    private final int epoch;

    /** Finds the end of the log below that log directory. */
    MetadataLogWriter(Path logDirectory) throws IOException {
        directory = logDirectory.resolve("__cluster_metadata-0");
        try (var files = Files.list(directory)) {
            segment = files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .reduce((first, second) -> second)
                    .orElseThrow();
        }
        long end = 0;
        int last = 0;
        for (var batch : MemoryRecords.readableRecords(ByteBuffer.wrap(Files.readAllBytes(segment)))
                .batches()) {
            batch.ensureValid();
            end = batch.nextOffset();
            last = batch.partitionLeaderEpoch();
        }
        endOffset = end;
        epoch = last;
    }

    /** The offset that what is appended gets. */
    long endOffset() {
        return endOffset;
    }

    /** The value of a record that gives a feature a level. */
    static byte[] level(String feature, int level) {
        var record = new ApiMessageAndVersion(
                new FeatureLevelRecord().setName(feature).setFeatureLevel((short) level), (short) 0);
        var cache = new ObjectSerializationCache();
        ByteBuffer value = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(record, cache));
        MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(value));
        return value.array();
    }

    /** A value with that frame version, record type and record version, and some bytes behind them. */
    static byte[] framed(int frameVersion, int type, int version) {
        ByteBuffer value = ByteBuffer.allocate(64);
        var out = new ByteBufferAccessor(value);
        for (int number : List.of(frameVersion, type, version)) out.writeUnsignedVarint(number);
        value.put(new byte[] {1, 2, 3});
        return Arrays.copyOf(value.array(), value.position());
    }

    /** Appends one batch to the log. */
    void append(byte[]... values) throws IOException {
        var records = Arrays.stream(values)
                .map(value -> new SimpleRecord(System.currentTimeMillis(), null, value))
                .toArray(SimpleRecord[]::new);
        append(MemoryRecords.withRecords(endOffset, Compression.NONE, epoch, records));
    }

    /** Appends a control batch that gives {@code kraft.version} a level. */
    void appendKraftVersion(int level) throws IOException {
        append(MemoryRecords.withKRaftVersionRecord(
                endOffset, System.currentTimeMillis(), epoch, ByteBuffer.allocate(CONTROL_BATCH_BYTES), kraft(level)));
    }

    private void append(MemoryRecords batch) throws IOException {
        Files.write(segment, bytes(batch), StandardOpenOption.APPEND);
    }

    /** Writes a snapshot of these records at the end of the log. */
    void snapshot(byte[]... values) throws IOException {
        String name = String.format(Locale.ROOT, "%020d-%010d.checkpoint", endOffset, epoch);
        var records = Arrays.stream(values)
                .map(value -> new SimpleRecord(System.currentTimeMillis(), null, value))
                .toArray(SimpleRecord[]::new);
        long nowMs = System.currentTimeMillis();
        var header = new SnapshotHeaderRecord().setVersion((short) 0).setLastContainedLogTimestamp(nowMs);
        var footer = new SnapshotFooterRecord().setVersion((short) 0);
        try (var file = Files.newOutputStream(directory.resolve(name), StandardOpenOption.CREATE_NEW)) {
            file.write(bytes(MemoryRecords.withSnapshotHeaderRecord(
                    0, nowMs, epoch, ByteBuffer.allocate(CONTROL_BATCH_BYTES), header)));
            file.write(bytes(MemoryRecords.withRecords(1, Compression.NONE, epoch, records)));
            file.write(bytes(MemoryRecords.withSnapshotFooterRecord(
                    1 + records.length, nowMs, epoch, ByteBuffer.allocate(CONTROL_BATCH_BYTES), footer)));
        }
    }

    private static KRaftVersionRecord kraft(int level) {
        return new KRaftVersionRecord().setVersion((short) 0).setKRaftVersion((short) level);
    }

    private static byte[] bytes(MemoryRecords records) {
        ByteBuffer buffer = records.buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
