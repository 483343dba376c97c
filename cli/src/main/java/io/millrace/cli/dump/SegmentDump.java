package io.millrace.cli.dump;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.protocol.ApiMessage;
import io.millrace.records.BatchCheck;
import io.millrace.records.BatchHeader;
import io.millrace.records.Compression;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import io.millrace.records.DecompressionLimit;
import io.millrace.records.InvalidBatch;
import io.millrace.records.Record;
import io.millrace.records.RecordHeader;
import io.millrace.records.RecordIterator;
import io.millrace.records.TimestampType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Dumps a file of batches: a segment of a log, or a snapshot of the metadata log. */
final class SegmentDump {
    /** A batch beyond this is not one that any broker takes; keeps a damaged length from claiming the heap. */
    private static final int MAX_BATCH_BYTES = 512 << 20;

    private final Disk disk;
    private final DumpOptions options;
    private final DumpOutput out;

    SegmentDump(Disk disk, DumpOptions options, DumpOutput out) {
        this.disk = disk;
        this.options = options;
        this.out = out;
    }

    /**
     * Prints its batches, and their records if they are wanted.
     *
     * @return whether the file is whole
     */
    boolean dump(Path path) throws IOException {
        RecordDecoder decoder = options.decoder(path);
        boolean whole = true;
        try (DiskFile file = disk.open(path, OpenMode.READ)) {
            long fileBytes = file.sizeBytes();
            long until = Math.min(fileBytes, options.maxBytes());
            long position = 0;
            while (position < until) {
                ByteBuffer batch = read(file, position, fileBytes);
                BatchCheck check = BatchHeader.check(batch, 0);
                if (!isFramed(batch)) {
                    print("damage", "position", position, "error", problem(check, fileBytes - position));
                    return false;
                }
                whole &= check instanceof BatchCheck.Whole;
                printBatch(batch, position, check);
                if (check instanceof BatchCheck.Whole && options.wantsRecords(decoder)) {
                    whole &= printRecords(batch, decoder);
                }
                position += batch.limit();
            }
        }
        return whole;
    }

    /** A whole batch if its length makes sense; else what there is of its header. */
    private static ByteBuffer read(DiskFile file, long position, long fileBytes) throws IOException {
        ByteBuffer header = ByteBuffer.allocate((int) Math.min(BatchHeader.HEADER_BYTES, fileBytes - position));
        file.read(position, header);
        header.flip();
        if (header.limit() < BatchHeader.HEADER_BYTES) return header;
        long batchBytes = BatchHeader.sizeBytes(header, 0);
        boolean isSane = batchBytes >= BatchHeader.HEADER_BYTES
                && batchBytes <= MAX_BATCH_BYTES
                && batchBytes <= fileBytes - position;
        if (!isSane) return header;
        ByteBuffer batch = ByteBuffer.allocate((int) batchBytes);
        file.read(position, batch);
        return batch.flip();
    }

    /** Whether the length leads on to the next batch, be this one damaged or not. */
    private static boolean isFramed(ByteBuffer batch) {
        return batch.limit() >= BatchHeader.HEADER_BYTES
                && BatchHeader.sizeBytes(batch, 0) == batch.limit()
                && BatchHeader.magic(batch, 0) == BatchHeader.MAGIC;
    }

    private static String problem(BatchCheck check, long bytesLeft) {
        return switch (check) {
            case BatchCheck.Torn(int missing) ->
                "the last " + bytesLeft + " bytes are the beginning of a batch, " + missing + " bytes are missing";
            case BatchCheck.Corrupt(String why) -> why;
            case BatchCheck.Whole ignored -> "the batch is larger than " + MAX_BATCH_BYTES + " bytes";
        };
    }

    private void printBatch(ByteBuffer batch, long position, BatchCheck check) {
        Map<String, @Nullable Object> fields = DumpItem.fields(
                "baseOffset",
                BatchHeader.baseOffset(batch, 0),
                "lastOffset",
                BatchHeader.lastOffset(batch, 0),
                "count",
                BatchHeader.recordCount(batch, 0),
                "baseSequence",
                BatchHeader.baseSequence(batch, 0),
                "lastSequence",
                BatchHeader.lastSequence(batch, 0),
                "producerId",
                BatchHeader.producerId(batch, 0),
                "producerEpoch",
                BatchHeader.producerEpoch(batch, 0),
                "partitionLeaderEpoch",
                BatchHeader.partitionLeaderEpoch(batch, 0),
                "isTransactional",
                BatchHeader.isTransactional(batch, 0),
                "isControl",
                BatchHeader.isControl(batch, 0),
                "deleteHorizonMs",
                BatchHeader.hasDeleteHorizon(batch, 0) ? BatchHeader.baseTimestamp(batch, 0) : null,
                "position",
                position,
                timestampName(batch),
                BatchHeader.maxTimestamp(batch, 0),
                "size",
                batch.limit(),
                "magic",
                BatchHeader.magic(batch, 0),
                "compression",
                compressionName(batch),
                "crc",
                BatchHeader.crc(batch, 0),
                "isValid",
                check instanceof BatchCheck.Whole);
        if (check instanceof BatchCheck.Corrupt(String why)) fields.put("error", why);
        out.print(new DumpItem("batch", 0, fields));
    }

    private static String timestampName(ByteBuffer batch) {
        return BatchHeader.timestampType(batch, 0) == TimestampType.LOG_APPEND_TIME ? "logAppendTime" : "createTime";
    }

    private static String compressionName(ByteBuffer batch) {
        int id = BatchHeader.compressionId(batch, 0);
        return Compression.forId(id)
                .map(compression -> compression.name().toLowerCase(Locale.ROOT))
                .orElse("unknown " + id);
    }

    private boolean printRecords(ByteBuffer batch, RecordDecoder decoder) {
        try {
            boolean isControl = BatchHeader.isControl(batch, 0);
            int baseSequence = BatchHeader.baseSequence(batch, 0);
            long baseOffset = BatchHeader.baseOffset(batch, 0);
            for (var records = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT); records.hasNext(); ) {
                Record record = records.next();
                int sequence = baseSequence < 0
                        ? baseSequence
                        : BatchHeader.sequenceAfter(baseSequence, (int) (record.offset() - baseOffset));
                Map<String, @Nullable Object> fields = DumpItem.fields(
                        "offset",
                        record.offset(),
                        timestampName(batch),
                        record.timestamp(),
                        "keySize",
                        sizeOf(record.key()),
                        "valueSize",
                        sizeOf(record.value()),
                        "sequence",
                        sequence);
                if (isControl) addControl(fields, record);
                else addContent(fields, record, decoder);
                out.print(new DumpItem("record", 1, fields));
            }
            return true;
        } catch (InvalidBatch | CompressionUnavailable unreadable) {
            out.print(new DumpItem("damage", 1, DumpItem.fields("error", unreadable.getMessage())));
            return false;
        }
    }

    private static int sizeOf(@Nullable ByteBuffer bytes) {
        return bytes == null ? -1 : bytes.remaining();
    }

    private static void addControl(Map<String, @Nullable Object> fields, Record record) {
        switch (ControlRecords.read(record)) {
            case ControlRecord.EndTransaction(boolean isCommit, int coordinatorEpoch) -> {
                fields.put("endTxnMarker", isCommit ? "COMMIT" : "ABORT");
                fields.put("coordinatorEpoch", coordinatorEpoch);
            }
            case ControlRecord.LeaderChange(var message) -> addMessage(fields, "LeaderChange", message);
            case ControlRecord.SnapshotHeader(var message) -> addMessage(fields, "SnapshotHeader", message);
            case ControlRecord.SnapshotFooter(var message) -> addMessage(fields, "SnapshotFooter", message);
            case ControlRecord.KRaftVersion(var message) -> addMessage(fields, "KRaftVersion", message);
            case ControlRecord.KRaftVoters(var message) -> addMessage(fields, "KRaftVoters", message);
            case ControlRecord.Unknown(int typeId) -> fields.put("controlType", typeId);
        }
    }

    private static void addMessage(Map<String, @Nullable Object> fields, String name, ApiMessage message) {
        fields.put(name, MessageFields.of(message));
    }

    private void addContent(Map<String, @Nullable Object> fields, Record record, RecordDecoder decoder) {
        Map<String, @Nullable Object> headers = new LinkedHashMap<>();
        for (RecordHeader header : record.headers()) headers.put(header.key(), shown(header.value()));
        if (!headers.isEmpty()) fields.put("headers", headers);
        Map<String, @Nullable Object> decoded = decoder.decode(record);
        fields.putAll(decoded);
        if (!options.printsData() || (!decoded.isEmpty() && !decoded.containsKey("undecodable"))) return;
        fields.put("key", shown(record.key()));
        fields.put("payload", shown(record.value()));
    }

    /** Text if the bytes are UTF-8, else base64. */
    private static @Nullable Object shown(@Nullable ByteBuffer bytes) {
        if (bytes == null) return null;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
        } catch (CharacterCodingException notText) {
            return Map.of("base64", Base64.getEncoder().encodeToString(toArray(bytes)));
        }
    }

    private static byte[] toArray(ByteBuffer bytes) {
        byte[] array = new byte[bytes.remaining()];
        bytes.duplicate().get(array);
        return array;
    }

    private void print(String kind, @Nullable Object... namesAndValues) {
        out.print(DumpItem.of(kind, namesAndValues));
    }
}
