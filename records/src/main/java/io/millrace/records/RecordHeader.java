package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One header of a record (KIP-82). Keys may repeat.
 *
 * @param value from its position to its limit; null is not the same as empty
 */
public record RecordHeader(String key, @Nullable ByteBuffer value) {
    /** The key may be empty but not null. */
    public RecordHeader {
        Objects.requireNonNull(key, "key");
    }
}
