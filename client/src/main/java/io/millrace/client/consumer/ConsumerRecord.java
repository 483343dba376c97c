package io.millrace.client.consumer;

import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record as it was read.
 *
 * @param offset its place in the partition
 * @param leaderEpoch of the leader that appended it; -1 if it is not known
 * @param timestamp milliseconds since 1970, or -1 for none
 * @param headers in the producer's order
 * @param <K> type of keys
 * @param <V> type of values
 */
public record ConsumerRecord<K, V>(
        String topic,
        int partition,
        long offset,
        int leaderEpoch,
        long timestamp,
        TimestampType timestampType,
        @Nullable K key,
        @Nullable V value,
        List<RecordHeader> headers) {
    /** Keeps its own list. */
    public ConsumerRecord {
        headers = List.copyOf(headers);
    }
}
