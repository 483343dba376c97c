package io.millrace.coordinators.shard;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes records of what a coordinator's topic holds. Pure, and called from helper threads. */
@FunctionalInterface
public interface RecordReader {
    /**
     * Reads one record.
     *
     * @param value null in a tombstone
     * @return empty where the key is of a kind that this version does not know: such records are passed over
     * @throws RuntimeException if the bytes are not what their type and version say
     */
    Optional<CoordinatorRecord> read(ByteBuffer key, @Nullable ByteBuffer value);
}
