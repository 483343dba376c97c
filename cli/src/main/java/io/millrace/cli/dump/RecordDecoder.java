package io.millrace.cli.dump;

import io.millrace.protocol.ApiMessage;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.UnsupportedVersion;
import io.millrace.protocol.messages.GroupCoordinatorRecordType;
import io.millrace.protocol.messages.ShareCoordinatorRecordType;
import io.millrace.protocol.messages.TransactionCoordinatorRecordType;
import io.millrace.records.Record;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says what the records of Kafka's own topics mean. Bytes that cannot be read become a field that says why. */
enum RecordDecoder {
    /** Bytes are bytes. */
    NONE,
    /** {@code __cluster_metadata} and its snapshots (KIP-631). */
    METADATA,
    /** {@code __consumer_offsets}: groups and their offsets. */
    OFFSETS,
    /** {@code __transaction_state}. */
    TRANSACTIONS,
    /** {@code __share_group_state} (KIP-932). */
    SHARE;

    /** The one for the topic whose directory, or snapshot, a file is; NONE for an ordinary topic's. */
    static RecordDecoder forFile(Path file) {
        if (file.toString().contains(".checkpoint")) return METADATA;
        Path directory = file.toAbsolutePath().normalize().getParent();
        String name = directory == null ? "" : String.valueOf(directory.getFileName());
        if (name.startsWith("__cluster_metadata-")) return METADATA;
        if (name.startsWith("__consumer_offsets-")) return OFFSETS;
        if (name.startsWith("__transaction_state-")) return TRANSACTIONS;
        if (name.startsWith("__share_group_state-")) return SHARE;
        return NONE;
    }

    /** What is to be printed of a data record's content; nothing if it is bytes to this decoder. */
    Map<String, @Nullable Object> decode(Record record) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        if (this == NONE) return fields;
        try {
            if (this == METADATA) {
                fields.put("payload", metadata(record.value()));
            } else {
                coordinator(record, fields);
            }
        } catch (MalformedMessage | UnsupportedVersion | IllegalArgumentException unreadable) {
            fields.put("undecodable", String.valueOf(unreadable.getMessage()));
        }
        return fields;
    }

    private static @Nullable Object metadata(@Nullable ByteBuffer value) {
        if (value == null) return null;
        MetadataRecordFrame.Framed framed = MetadataRecordFrame.read(value);
        return DumpItem.fields(
                "type", framed.record().recordType().name(),
                "version", framed.version(),
                "data", MessageFields.of(framed.record()));
    }

    /** Key: type i16 and message; value: version i16 and message. */
    private void coordinator(Record record, Map<String, @Nullable Object> fields) {
        ByteBuffer keyBytes = record.key();
        if (keyBytes == null) throw new IllegalArgumentException("the key is null");
        var in = new ProtocolReader(keyBytes);
        short typeId = in.readInt16("type");
        Coordinator type = coordinator(typeId)
                .orElseThrow(() -> new IllegalArgumentException("records of type " + typeId + " are not known"));
        fields.put(
                "key",
                DumpItem.fields(
                        "type", type.name(), "data", MessageFields.of(type.key().apply(in))));
        ByteBuffer value = record.value();
        if (value == null) {
            fields.put("payload", null);
            return;
        }
        var valueIn = new ProtocolReader(value);
        short version = valueIn.readInt16("version");
        fields.put(
                "payload",
                DumpItem.fields(
                        "version",
                        version,
                        "data",
                        MessageFields.of(type.value().read(valueIn, version))));
    }

    private record Coordinator(
            String name, java.util.function.Function<ProtocolReader, ? extends ApiMessage> key, ValueReader value) {}

    private interface ValueReader {
        ApiMessage read(ProtocolReader in, int version);
    }

    private Optional<Coordinator> coordinator(short typeId) {
        return switch (this) {
            case OFFSETS ->
                GroupCoordinatorRecordType.forId(typeId)
                        .map(type -> new Coordinator(type.name(), type::readKey, type::readValue));
            case TRANSACTIONS ->
                TransactionCoordinatorRecordType.forId(typeId)
                        .map(type -> new Coordinator(type.name(), type::readKey, type::readValue));
            case SHARE ->
                ShareCoordinatorRecordType.forId(typeId)
                        .map(type -> new Coordinator(type.name(), type::readKey, type::readValue));
            case NONE, METADATA -> Optional.empty();
        };
    }
}
