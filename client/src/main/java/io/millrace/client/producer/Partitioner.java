package io.millrace.client.producer;

import org.jspecify.annotations.Nullable;

/** Chooses partitions in place of the producer. Called by all threads that send. */
@FunctionalInterface
public interface Partitioner {
    /**
     * What a topic's partitions are like now.
     *
     * @param count how many there are, at least 1; they are numbered from 0
     * @param available those that have a leader, in order; may be empty. Not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // Made once per change of the cluster, read for every record.
    record Partitions(int count, int[] available) {}

    /**
     * Chooses.
     *
     * @param keyBytes null for none; not to be changed
     * @param valueBytes null for none; not to be changed
     * @return from 0 to {@code partitions.count()}, not included
     */
    int partition(
            String topic,
            @Nullable Object key,
            byte @Nullable [] keyBytes,
            @Nullable Object value,
            byte @Nullable [] valueBytes,
            Partitions partitions);
}
