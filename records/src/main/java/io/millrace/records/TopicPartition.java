package io.millrace.records;

import java.util.Comparator;
import java.util.Objects;

/** A partition by its topic's name. Written {@code topic-0}, as directories and log lines have it. */
public record TopicPartition(String topic, int partition) implements Comparable<TopicPartition> {
    private static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /**
     * Checks what every partition has.
     *
     * @throws IllegalArgumentException if the partition is negative
     */
    public TopicPartition {
        Objects.requireNonNull(topic, "topic");
        if (partition < 0)
            throw new IllegalArgumentException("partition " + partition + " of " + topic + " is negative");
    }

    /** By topic name, then by partition number. */
    @Override
    public int compareTo(TopicPartition other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
