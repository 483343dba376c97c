package io.millrace.client.producer;

import org.jspecify.annotations.Nullable;

/**
 * Which partition a record goes to.
 *
 * @param own the application's partitioner; null for the built-in rules
 * @param ignoresKeys whether the built-in rules do not look at keys
 */
record PartitionChoice(@Nullable Partitioner own, boolean ignoresKeys) {
    /** The partition asked for, or chosen by key; -1 if it is to be the one that sticks. */
    int partition(TopicPartitions topic, ProducerRecord<?, ?> record, byte @Nullable [] key, byte @Nullable [] value) {
        if (record.partition() >= 0) return record.partition();
        if (own != null) {
            Partitioner.Partitions view = topic.view();
            int chosen = own.partition(topic.name(), record.key(), key, record.value(), value, view);
            if (chosen < 0 || chosen >= view.count()) {
                throw new IllegalArgumentException(
                        "the partitioner chose " + chosen + " of " + view.count() + " partitions");
            }
            return chosen;
        }
        return key == null || ignoresKeys ? -1 : Partitioners.forKey(key, topic.all().length);
    }
}
