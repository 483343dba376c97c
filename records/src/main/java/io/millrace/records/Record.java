package io.millrace.records;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record, as an application sees it. Its buffers are slices of the batch it was read from, or of what that batch was
 * unpacked to; they hold that memory as long as they live.
 *
 * @param timestamp milliseconds since 1970, or -1 for none
 * @param key       from its position to its limit; null is not the same as empty
 * @param value     from its position to its limit; null is a tombstone where the topic is compacted
 * @param headers   in the producer's order
 */
@SuppressWarnings("AvoidCommonTypeNames") // Kafka's own word, and nobody names java.lang.Record in source
public record Record(
        long offset,
        long timestamp,
        @Nullable ByteBuffer key,
        @Nullable ByteBuffer value,
        List<RecordHeader> headers) {
    /** Keeps its own list of headers. */
    public Record {
        headers = List.copyOf(headers);
    }
}
