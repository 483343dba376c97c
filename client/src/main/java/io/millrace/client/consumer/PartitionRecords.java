package io.millrace.client.consumer;

import io.millrace.records.RecordHeader;
import io.millrace.records.TimestampType;
import io.millrace.records.TopicPartition;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * What one poll gave of one partition, in the order of its log. It lies in columns, of which those take no memory that say the same of
 * all records, and a record object is made when it is asked for: the JIT compiler leaves it out of loops that do not keep it
 * ({@code bench/consumers}). The object has no way back to here, so that who keeps one does not keep the others of its poll.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
final class PartitionRecords<K, V> extends AbstractList<ConsumerRecord<K, V>> implements RandomAccess {
    final TopicPartition partition;
    private final NumberColumn offsets;
    private final NumberColumn timestamps;
    /** What all records of a batch share: twice the leader epoch, and 1 more if their times are those of appending. */
    private final NumberColumn batches;

    private final ArrayList<@Nullable V> values;
    /** As many as up to the last record that has one; null for none. */
    private @Nullable ArrayList<@Nullable K> keys;
    /** Likewise. */
    private @Nullable ArrayList<List<RecordHeader>> headers;

    private final int expectedCount;

    /**
     * No records.
     *
     * @param expectedCount room is made for so many, from 1
     */
    PartitionRecords(TopicPartition partition, int expectedCount) {
        this.partition = partition;
        this.expectedCount = expectedCount;
        offsets = new NumberColumn(1, expectedCount);
        timestamps = new NumberColumn(0, expectedCount);
        batches = new NumberColumn(0, expectedCount);
        values = new ArrayList<>(expectedCount);
    }

    /** Takes the next record. */
    void add(
            long offset,
            int leaderEpoch,
            long timestamp,
            TimestampType timestampType,
            @Nullable K key,
            @Nullable V value,
            List<RecordHeader> itsHeaders) {
        int at = values.size();
        if (key != null) keysBefore(at).add(key);
        if (!itsHeaders.isEmpty()) headersBefore(at).add(List.copyOf(itsHeaders));
        offsets.add(at, offset);
        timestamps.add(at, timestamp);
        batches.add(at, 2L * leaderEpoch + (timestampType == TimestampType.LOG_APPEND_TIME ? 1 : 0));
        values.add(value);
    }

    private List<@Nullable K> keysBefore(int at) {
        ArrayList<@Nullable K> known = keys;
        if (known == null) {
            known = new ArrayList<>(Math.max(expectedCount, at + 1));
            keys = known;
        }
        while (known.size() < at) known.add(null);
        return known;
    }

    private List<List<RecordHeader>> headersBefore(int at) {
        ArrayList<List<RecordHeader>> known = headers;
        if (known == null) {
            known = new ArrayList<>(Math.max(expectedCount, at + 1));
            headers = known;
        }
        while (known.size() < at) known.add(List.of());
        return known;
    }

    @Override
    public ConsumerRecord<K, V> get(int index) {
        long batch = batches.get(index);
        ArrayList<@Nullable K> itsKeys = keys;
        ArrayList<List<RecordHeader>> itsHeaders = headers;
        return new ConsumerRecord<>(
                partition,
                offsets.get(index),
                (int) (batch >> 1),
                timestamps.get(index),
                (batch & 1) == 1 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                itsKeys == null || index >= itsKeys.size() ? null : itsKeys.get(index),
                values.get(index),
                itsHeaders == null || index >= itsHeaders.size() ? List.of() : itsHeaders.get(index));
    }

    /** The offset of a record, from 0. */
    long offset(int index) {
        return offsets.get(index);
    }

    /** The leader epoch of a record. */
    int leaderEpoch(int index) {
        return (int) (batches.get(index) >> 1);
    }

    @Override
    public int size() {
        return values.size();
    }
}
