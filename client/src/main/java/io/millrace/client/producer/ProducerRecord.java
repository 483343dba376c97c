package io.millrace.client.producer;

import io.millrace.records.RecordHeader;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A record to be sent. Immutable.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class ProducerRecord<K, V> {
    /** No partition is asked for: the producer's partitioner chooses. */
    public static final int ANY_PARTITION = -1;

    /** No time stamp is given: the record gets the time of its send. */
    public static final long NOW = -1;

    private final String topic;
    private final int partition;
    private final long timestamp;
    private final @Nullable K key;
    private final @Nullable V value;
    private final List<RecordHeader> headers;

    /** A record without a key. */
    public ProducerRecord(String topic, @Nullable V value) {
        this(topic, ANY_PARTITION, NOW, null, value, List.of());
    }

    /** A record with a key; all with the same key go to the same partition, unless the partitioner does otherwise. */
    public ProducerRecord(String topic, @Nullable K key, @Nullable V value) {
        this(topic, ANY_PARTITION, NOW, key, value, List.of());
    }

    /** A record for a given partition. */
    public ProducerRecord(String topic, int partition, @Nullable K key, @Nullable V value) {
        this(topic, partition, NOW, key, value, List.of());
    }

    /**
     * A record with everything it may have.
     *
     * @param partition from 0, or {@link #ANY_PARTITION}
     * @param timestamp milliseconds since 1970, or {@link #NOW}
     * @throws IllegalArgumentException if one of the two is below -1
     */
    public ProducerRecord(
            String topic,
            int partition,
            long timestamp,
            @Nullable K key,
            @Nullable V value,
            List<RecordHeader> headers) {
        this.topic = Objects.requireNonNull(topic, "topic");
        if (partition < ANY_PARTITION) throw new IllegalArgumentException("partition " + partition + " is negative");
        if (timestamp < NOW) throw new IllegalArgumentException("time stamp " + timestamp + " is before 1970");
        this.partition = partition;
        this.timestamp = timestamp;
        this.key = key;
        this.value = value;
        this.headers = List.copyOf(headers);
    }

    /** Where to. */
    public String topic() {
        return topic;
    }

    /** The partition asked for, or {@link #ANY_PARTITION}. */
    public int partition() {
        return partition;
    }

    /** Milliseconds since 1970, or {@link #NOW}. */
    public long timestamp() {
        return timestamp;
    }

    /** Null for none. */
    public @Nullable K key() {
        return key;
    }

    /** Null is a tombstone where the topic is compacted. */
    public @Nullable V value() {
        return value;
    }

    /** In their order; keys may repeat. */
    public List<RecordHeader> headers() {
        return headers;
    }

    @Override
    public String toString() {
        return "record for " + topic + (partition < 0 ? "" : "-" + partition) + ", key " + key;
    }
}
