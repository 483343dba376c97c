package io.millrace.server.partitions;

import io.millrace.records.TopicPartition;

/** The partition a client names, which need not exist. */
public final class AskedPartition {
    private AskedPartition() {}

    /** A negative number names no partition, just as one that is too large: it becomes the largest there is. */
    public static TopicPartition of(String topic, int partition) {
        return new TopicPartition(topic, partition < 0 ? Integer.MAX_VALUE : partition);
    }
}
