package io.millrace.records;

import io.millrace.protocol.Uuid;
import java.util.Objects;

/**
 * A partition by its topic's id (KIP-516), which no later topic of the same name shares, and by its name for people and
 * for older clients.
 */
public record TopicIdPartition(Uuid topicId, TopicPartition topicPartition) {
    /** Neither part may be null. */
    public TopicIdPartition {
        Objects.requireNonNull(topicId, "topicId");
        Objects.requireNonNull(topicPartition, "topicPartition");
    }

    /** From the three parts. */
    public TopicIdPartition(Uuid topicId, int partition, String topic) {
        this(topicId, new TopicPartition(topic, partition));
    }

    /** The topic's name. */
    public String topic() {
        return topicPartition.topic();
    }

    /** The partition's number. */
    public int partition() {
        return topicPartition.partition();
    }

    @Override
    public String toString() {
        return topicId + ":" + topicPartition;
    }
}
