package io.millrace.cli.tail;

import io.millrace.client.consumer.ConsumerRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Keeps the youngest of many records, over all partitions, by their time stamps; those of one partition stay in their order. */
final class LastRecords {
    /** Time stamps of one partition need not ascend; among equals the offset decides. */
    private static final Comparator<ConsumerRecord<byte[], byte[]>> BY_AGE =
            Comparator.<ConsumerRecord<byte[], byte[]>>comparingLong(ConsumerRecord::timestamp)
                    .thenComparing(ConsumerRecord::topic)
                    .thenComparingInt(ConsumerRecord::partition)
                    .thenComparingLong(ConsumerRecord::offset);

    private final int most;
    private final PriorityQueue<ConsumerRecord<byte[], byte[]>> youngest = new PriorityQueue<>(BY_AGE);

    /**
     * Keeps none yet.
     *
     * @param most how many at most, from 0
     */
    LastRecords(int most) {
        this.most = most;
    }

    void add(ConsumerRecord<byte[], byte[]> record) {
        youngest.add(record);
        if (youngest.size() > most) youngest.remove();
    }

    /** The oldest first. */
    List<ConsumerRecord<byte[], byte[]>> inOrder() {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>(youngest);
        all.sort(BY_AGE);
        return all;
    }
}
