package io.millrace.client.consumer;

import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final Map<TopicPartition, List<ConsumerRecord<K, V>>> byPartition = new LinkedHashMap<>();
    private int count;
    private @Nullable ConsumerRecord<K, V> taken;

    ConsumerRecords() {}

    /** No records. */
    public static <K, V> ConsumerRecords<K, V> none() {
        return new ConsumerRecords<>();
    }

    /** The list of a partition, for about so many. */
    List<ConsumerRecord<K, V>> of(TopicPartition partition, int expectedCount) {
        return byPartition.computeIfAbsent(partition, each -> new ArrayList<>(expectedCount));
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

    /** Those of one partition, in the order of its log. */
    public List<ConsumerRecord<K, V>> records(TopicPartition partition) {
        return Collections.unmodifiableList(byPartition.getOrDefault(partition, List.of()));
    }

    @Override
    public Iterator<ConsumerRecord<K, V>> iterator() {
        return new InOrder();
    }

    /** What the application was given last of these, for a person; empty for nothing. */
    String lastTaken() {
        ConsumerRecord<K, V> last = taken;
        if (last != null) return "record " + last.offset() + " of " + last.topic() + "-" + last.partition();
        if (count == 0) return "";
        ConsumerRecord<K, V> end = List.copyOf(byPartition.values()).getLast().getLast();
        return count + " records, the last of them record " + end.offset() + " of " + end.topic() + "-"
                + end.partition();
    }

    /** Partition by partition; a stream's own iterator costs more than a record does. */
    private final class InOrder implements Iterator<ConsumerRecord<K, V>> {
        private final Iterator<List<ConsumerRecord<K, V>>> lists =
                byPartition.values().iterator();
        private List<ConsumerRecord<K, V>> list = List.of();
        private int at;

        @Override
        public boolean hasNext() {
            return at < list.size() || lists.hasNext(); // No list is empty.
        }

        @Override
        public ConsumerRecord<K, V> next() {
            if (at == list.size()) {
                list = lists.next();
                at = 0;
            }
            ConsumerRecord<K, V> next = list.get(at++);
            taken = next;
            return next;
        }
    }

    /** All of them, partition by partition. */
    public Stream<ConsumerRecord<K, V>> stream() {
        return byPartition.values().stream().flatMap(List::stream);
    }
}
