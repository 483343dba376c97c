package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.coordinators.shard.RecordReader;
import io.millrace.protocol.CoordinatorKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.messages.GroupCoordinatorRecordType;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the records of {@code __consumer_offsets}: key type i16 and its fields, value version i16 and its fields. */
public final class GroupRecordReader implements RecordReader {
    /** The version-0 key of offsets, from before key types were types: it has the same fields as OffsetCommitKey. */
    private static final short LEGACY_OFFSET_COMMIT = 0;

    @Override
    public Optional<CoordinatorRecord> read(ByteBuffer key, @Nullable ByteBuffer value) {
        ProtocolReader keyReader = new ProtocolReader(key);
        short typeId = keyReader.readInt16("key type");
        if (typeId == LEGACY_OFFSET_COMMIT) typeId = GroupCoordinatorRecordType.OFFSET_COMMIT.id();
        Optional<GroupCoordinatorRecordType> known = GroupCoordinatorRecordType.forId(typeId);
        if (known.isEmpty()) return Optional.empty();
        GroupCoordinatorRecordType type = known.get();
        CoordinatorKey readKey = type.readKey(keyReader);
        if (value == null) return Optional.of(CoordinatorRecord.tombstone(readKey));
        ProtocolReader valueReader = new ProtocolReader(value);
        short version = valueReader.readInt16("value version");
        return Optional.of(CoordinatorRecord.of(readKey, type.readValue(valueReader, version), version));
    }
}
