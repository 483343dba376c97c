package io.millrace.client.producer;

import io.millrace.records.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes bytes of keys or values, on the thread that sends.
 *
 * @param <T> of what
 */
@FunctionalInterface
public interface Serializer<T> {
    /**
     * The bytes; they are not changed until the send returns.
     *
     * @param data null is for the serializer to decide on; null for no bytes is the usual answer
     */
    byte @Nullable [] serialize(String topic, List<RecordHeader> headers, @Nullable T data);
}
