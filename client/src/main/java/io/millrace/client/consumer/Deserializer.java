package io.millrace.client.consumer;

import io.millrace.records.RecordHeader;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a key or a value of bytes, on the thread that polls.
 *
 * @param <T> what it makes
 */
@FunctionalInterface
public interface Deserializer<T> {
    /**
     * What the bytes stand for.
     *
     * @param data from its position to its limit, valid during the call only, and as a rule without an array
     *     ({@link ByteBuffer#hasArray}); null if there is no key or value
     * @throws RuntimeException if they stand for nothing: the poll fails with it, naming the record, and the record stays the
     *     next one
     */
    @Nullable
    T deserialize(String topic, List<RecordHeader> headers, @Nullable ByteBuffer data);
}
