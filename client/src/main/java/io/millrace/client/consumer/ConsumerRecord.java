package io.millrace.client.consumer;

import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A record as it was read. Equal to another if all of it is; what keys and values are arrays is equal to itself only.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class ConsumerRecord<K, V> {
    // No Java record, as that would need topic and partition apart, which take 8 bytes more.
    private final TopicPartition topicPartition;
    private final long offset;
    private final int leaderEpoch;
    private final long timestamp;
    private final TimestampType timestampType;
    private final @Nullable K key;
    private final @Nullable V value;
    private final List<RecordHeader> headers;

    /**
     * A record of its own. Keeps its own list of headers.
     *
     * @param offset its place in the partition
     * @param leaderEpoch of the leader that appended it; -1 if it is not known
     * @param timestamp milliseconds since 1970, or -1 for none
     * @param headers in the producer's order
     */
    public ConsumerRecord(
            String topic,
            int partition,
            long offset,
            int leaderEpoch,
            long timestamp,
            TimestampType timestampType,
            @Nullable K key,
            @Nullable V value,
            List<RecordHeader> headers) {
        this(
                new TopicPartition(topic, partition),
                offset,
                leaderEpoch,
                timestamp,
                timestampType,
                key,
                value,
                List.copyOf(headers));
    }

    /** A record with headers that nobody changes. */
    ConsumerRecord(
            TopicPartition topicPartition,
            long offset,
            int leaderEpoch,
            long timestamp,
            TimestampType timestampType,
            @Nullable K key,
            @Nullable V value,
            List<RecordHeader> headers) {
        this.topicPartition = topicPartition;
        this.offset = offset;
        this.leaderEpoch = leaderEpoch;
        this.timestamp = timestamp;
        this.timestampType = timestampType;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    /** The topic it was read from. */
    public String topic() {
        return topicPartition.topic();
    }

    /** The number of the partition it was read from. */
    public int partition() {
        return topicPartition.partition();
    }

    /** Both. */
    public TopicPartition topicPartition() {
        return topicPartition;
    }

    /** Its place in the partition. */
    public long offset() {
        return offset;
    }

    /** The epoch of the leader that appended it; -1 if it is not known. */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** Milliseconds since 1970, or -1 for none. */
    public long timestamp() {
        return timestamp;
    }

    /** Who made the time stamp. */
    public TimestampType timestampType() {
        return timestampType;
    }

    /** What its key stands for; null for none. */
    public @Nullable K key() {
        return key;
    }

    /** What its value stands for; null for none. */
    public @Nullable V value() {
        return value;
    }

    /** In the producer's order; cannot be changed. */
    public List<RecordHeader> headers() {
        return headers;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ConsumerRecord<?, ?> that
                && offset == that.offset
                && topicPartition.equals(that.topicPartition)
                && leaderEpoch == that.leaderEpoch
                && timestamp == that.timestamp
                && timestampType == that.timestampType
                && Objects.equals(key, that.key)
                && Objects.equals(value, that.value)
                && headers.equals(that.headers);
    }

    @Override
    public int hashCode() {
        return Objects.hash(topicPartition, offset, leaderEpoch, timestamp, timestampType, key, value, headers);
    }

    @Override
    public String toString() {
        return "ConsumerRecord[topic=" + topic() + ", partition=" + partition() + ", offset=" + offset
                + ", leaderEpoch=" + leaderEpoch + ", timestamp=" + timestamp + ", timestampType=" + timestampType
                + ", key=" + key + ", value=" + value + ", headers=" + headers + "]";
    }
}
