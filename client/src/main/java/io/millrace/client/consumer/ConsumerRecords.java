package io.millrace.client.consumer;

import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one poll gave: records of some partitions, each partition's in the order of its log.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class ConsumerRecords<K, V> implements Iterable<ConsumerRecord<K, V>> {
    private final Map<TopicPartition, PartitionRecords<K, V>> byPartition = new LinkedHashMap<>();
    private int count;
    /** How many an iterator has given; no record, so that none has to be made for it. */
    private int takenCount;

    ConsumerRecords() {}

    /** No records. */
    public static <K, V> ConsumerRecords<K, V> none() {
        return new ConsumerRecords<>();
    }

    /** Those of a partition, for about so many. */
    PartitionRecords<K, V> of(TopicPartition partition, int expectedCount) {
        return byPartition.computeIfAbsent(partition, each -> new PartitionRecords<>(each, expectedCount));
    }

    void counted(int more) {
        count += more;
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return count == 0;
    }

    /** The partitions that have any. */
    public Set<TopicPartition> partitions() {
        return Set.copyOf(byPartition.keySet());
    }

    /** Those of one partition, in the order of its log, by index too. The list makes a record when it is asked for it. */
    public List<ConsumerRecord<K, V>> records(TopicPartition partition) {
        PartitionRecords<K, V> its = byPartition.get(partition);
        return its == null ? List.of() : its;
    }

    /**
     * Where reading goes on behind these, for a commit of exactly them, or for the transaction that writes what came of them (KIP-1094).
     *
     * @return by partition; those without records are not in it
     */
    public Map<TopicPartition, CommittedOffset> nextOffsets() {
        Map<TopicPartition, CommittedOffset> next = new LinkedHashMap<>();
        byPartition.forEach((partition, its) -> {
            int last = its.size() - 1;
            next.put(partition, new CommittedOffset(its.offset(last) + 1, its.leaderEpoch(last), ""));
        });
        return next;
    }

    /** All of them, partition by partition. Who keeps a record does not keep the others. */
    @Override
    public Iterator<ConsumerRecord<K, V>> iterator() {
        return new InOrder();
    }

    /** What the application was given last of these, for a person; empty for nothing. */
    String lastTaken() {
        if (count == 0) return "";
        int last = takenCount - 1;
        PartitionRecords<K, V> its = null;
        for (PartitionRecords<K, V> each : byPartition.values()) {
            its = each;
            if (last < 0) continue; // To the end of all.
            if (last < each.size()) return "record " + each.offset(last) + " of " + each.partition;
            last -= each.size();
        }
        PartitionRecords<K, V> end = Objects.requireNonNull(its, "no records");
        return count + " records, the last of them record " + end.offset(end.size() - 1) + " of " + end.partition;
    }

    /** A stream's own iterator costs more than a record does. */
    private final class InOrder implements Iterator<ConsumerRecord<K, V>> {
        private final Iterator<PartitionRecords<K, V>> rest =
                byPartition.values().iterator();
        private @Nullable PartitionRecords<K, V> its;
        private int size;
        private int at;
        private int given;

        @Override
        public boolean hasNext() {
            return at < size || rest.hasNext(); // None is empty.
        }

        @Override
        public ConsumerRecord<K, V> next() {
            PartitionRecords<K, V> from = its;
            if (from == null || at == size) {
                from = rest.next();
                its = from;
                size = from.size();
                at = 0;
            }
            takenCount = ++given;
            return from.get(at++);
        }
    }

    /** All of them, partition by partition. */
    public Stream<ConsumerRecord<K, V>> stream() {
        return byPartition.values().stream().flatMap(List::stream);
    }
}
