package io.millrace.records;

import io.millrace.protocol.ApiMessage;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.protocol.messages.SnapshotFooterRecord;
import io.millrace.protocol.messages.SnapshotHeaderRecord;
import io.millrace.protocol.messages.VotersRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads control batches. The key of a control record is {@code version i16 · type i16}; the value of an end of
 * transaction is {@code version i16 · coordinatorEpoch i32}, of all others a message whose first field is its version.
 */
public final class ControlRecords {
    private static final short KEY_VERSION = 0;
    private static final short END_TRANSACTION_VERSION = 0;
    private static final short LEADER_CHANGE_VERSION = 0;
    private static final int KEY_BYTES = 4;
    private static final int END_TRANSACTION_BYTES = 6;

    private ControlRecords() {}

    /**
     * The marker that ends a producer's transaction on a partition.
     *
     * @param timestampMs when, milliseconds since 1970
     */
    public static ByteBuffer endTransactionBatch(
            long baseOffset,
            int leaderEpoch,
            long timestampMs,
            long producerId,
            short producerEpoch,
            ControlRecord.EndTransaction end) {
        BatchBuilder builder = builder(baseOffset, leaderEpoch, producerId, producerEpoch, true);
        append(builder, timestampMs, end);
        return builder.build();
    }

    /**
     * A control batch of the metadata log or of a snapshot.
     *
     * @param timestampMs when, milliseconds since 1970
     * @throws IllegalArgumentException if there is no record, or one that cannot be written here: an end of transaction,
     *                                  which has a producer; an unknown one; a leader change of another version than 0,
     *                                  because Apache Kafka up to 4.4.0 reads every one of them as version 0
     */
    public static ByteBuffer batch(
            long baseOffset, int leaderEpoch, long timestampMs, List<? extends ControlRecord> records) {
        if (records.isEmpty()) throw new IllegalArgumentException("a control batch has at least one record");
        BatchBuilder builder =
                builder(baseOffset, leaderEpoch, BatchHeader.NO_PRODUCER_ID, BatchHeader.NO_PRODUCER_EPOCH, false);
        for (ControlRecord record : records) {
            if (record instanceof ControlRecord.EndTransaction)
                throw new IllegalArgumentException("an end of transaction has a producer");
            append(builder, timestampMs, record);
        }
        return builder.build();
    }

    /** {@link #batch(long, int, long, List)} of one record. */
    public static ByteBuffer batch(long baseOffset, int leaderEpoch, long timestampMs, ControlRecord record) {
        return batch(baseOffset, leaderEpoch, timestampMs, List.of(record));
    }

    /**
     * Reads a record of a control batch. Versions above those known here are read as the last known one, which they
     * extend.
     *
     * @throws InvalidBatch if key or value is missing or malformed
     */
    public static ControlRecord read(Record record) {
        int typeId = typeId(record.key());
        ByteBuffer value = record.value();
        return ControlRecordType.forId(typeId)
                .<ControlRecord>map(type -> switch (type) {
                    case ABORT -> endTransaction(false, value);
                    case COMMIT -> endTransaction(true, value);
                    case LEADER_CHANGE ->
                        new ControlRecord.LeaderChange(message(
                                value, LeaderChangeMessage.HIGHEST_SUPPORTED_VERSION, LeaderChangeMessage::read));
                    case SNAPSHOT_HEADER ->
                        new ControlRecord.SnapshotHeader(message(
                                value, SnapshotHeaderRecord.HIGHEST_SUPPORTED_VERSION, SnapshotHeaderRecord::read));
                    case SNAPSHOT_FOOTER ->
                        new ControlRecord.SnapshotFooter(message(
                                value, SnapshotFooterRecord.HIGHEST_SUPPORTED_VERSION, SnapshotFooterRecord::read));
                    case KRAFT_VERSION ->
                        new ControlRecord.KRaftVersion(
                                message(value, KRaftVersionRecord.HIGHEST_SUPPORTED_VERSION, KRaftVersionRecord::read));
                    case KRAFT_VOTERS ->
                        new ControlRecord.KRaftVoters(
                                message(value, VotersRecord.HIGHEST_SUPPORTED_VERSION, VotersRecord::read));
                })
                .orElseGet(() -> new ControlRecord.Unknown(typeId));
    }

    private static BatchBuilder builder(
            long baseOffset, int leaderEpoch, long producerId, short producerEpoch, boolean isTransactional) {
        return new BatchBuilder(
                Compression.NONE,
                Compression.NONE.defaultLevel(),
                TimestampType.CREATE_TIME,
                baseOffset,
                producerId,
                producerEpoch,
                BatchHeader.NO_SEQUENCE,
                leaderEpoch,
                isTransactional,
                true);
    }

    private static void append(BatchBuilder builder, long timestampMs, ControlRecord record) {
        switch (record) {
            case ControlRecord.EndTransaction(boolean isCommit, int coordinatorEpoch) ->
                append(
                        builder,
                        timestampMs,
                        isCommit ? ControlRecordType.COMMIT : ControlRecordType.ABORT,
                        ByteBuffer.allocate(END_TRANSACTION_BYTES)
                                .putShort(END_TRANSACTION_VERSION)
                                .putInt(coordinatorEpoch)
                                .flip());
            case ControlRecord.LeaderChange(LeaderChangeMessage message) -> {
                if (message.version() != LEADER_CHANGE_VERSION)
                    throw new IllegalArgumentException("a leader change is written in version " + LEADER_CHANGE_VERSION
                            + ", not " + message.version());
                append(builder, timestampMs, ControlRecordType.LEADER_CHANGE, bytes(message, LEADER_CHANGE_VERSION));
            }
            case ControlRecord.SnapshotHeader(SnapshotHeaderRecord message) ->
                append(builder, timestampMs, ControlRecordType.SNAPSHOT_HEADER, bytes(message, message.version()));
            case ControlRecord.SnapshotFooter(SnapshotFooterRecord message) ->
                append(builder, timestampMs, ControlRecordType.SNAPSHOT_FOOTER, bytes(message, message.version()));
            case ControlRecord.KRaftVersion(KRaftVersionRecord message) ->
                append(builder, timestampMs, ControlRecordType.KRAFT_VERSION, bytes(message, message.version()));
            case ControlRecord.KRaftVoters(VotersRecord message) ->
                append(builder, timestampMs, ControlRecordType.KRAFT_VOTERS, bytes(message, message.version()));
            case ControlRecord.Unknown(int typeId) ->
                throw new IllegalArgumentException("nobody knows what a control record of type " + typeId + " says");
        }
    }

    private static void append(BatchBuilder builder, long timestampMs, ControlRecordType type, ByteBuffer value) {
        ByteBuffer key = ByteBuffer.allocate(KEY_BYTES)
                .putShort(KEY_VERSION)
                .putShort(type.id())
                .flip();
        builder.append(timestampMs, key, value, List.of());
    }

    private static ByteBuffer bytes(ApiMessage message, short version) {
        return ProtocolWriter.toBuffer(message, version);
    }

    private static int typeId(@Nullable ByteBuffer key) {
        if (key == null || key.remaining() < KEY_BYTES)
            throw new InvalidBatch("a control record's key has " + KEY_BYTES + " bytes, found " + sizeOf(key));
        short version = key.getShort(key.position());
        if (version < 0) throw new InvalidBatch("version " + version + " of a control record's key is negative");
        return key.getShort(key.position() + 2);
    }

    private static ControlRecord.EndTransaction endTransaction(boolean isCommit, @Nullable ByteBuffer value) {
        if (value == null || value.remaining() < END_TRANSACTION_BYTES)
            throw new InvalidBatch(
                    "an end of transaction has " + END_TRANSACTION_BYTES + " bytes, found " + sizeOf(value));
        short version = value.getShort(value.position());
        if (version < 0) throw new InvalidBatch("version " + version + " of an end of transaction is negative");
        return new ControlRecord.EndTransaction(isCommit, value.getInt(value.position() + 2));
    }

    private static <T> T message(
            @Nullable ByteBuffer value, short highestVersion, BiFunction<ProtocolReader, Integer, T> read) {
        if (value == null || value.remaining() < 2)
            throw new InvalidBatch(
                    "a control record's value begins with its version, found " + sizeOf(value) + " bytes");
        short version = value.getShort(value.position());
        if (version < 0) throw new InvalidBatch("version " + version + " of a control record is negative");
        try {
            return read.apply(new ProtocolReader(value), (int) (short) Math.min(version, highestVersion));
        } catch (MalformedMessage malformed) {
            throw new InvalidBatch("control record of version " + version + ": " + malformed.getMessage());
        }
    }

    private static int sizeOf(@Nullable ByteBuffer bytes) {
        return bytes == null ? 0 : bytes.remaining();
    }
}
