package io.millrace.client.consumer;

import io.millrace.records.TopicPartition;
import java.util.Set;

/**
 * Hears when a consumer that subscribes is given partitions, and when they are taken. It is called by the thread that polls,
 * within its poll (or {@link Consumer#unsubscribe} or {@link Consumer#close()}), and may use the consumer, save for polling. The
 * group waits for it.
 */
public interface RebalanceListener {
    /** One that does nothing. */
    RebalanceListener NONE = new RebalanceListener() {};

    /**
     * These are read from now on, besides those that were read before. The end of each rebalance; there may be none. A seek
     * decides where reading begins.
     */
    default void onAssigned(Set<TopicPartition> partitions) {}

    /** These are about to be given up; they can still be committed. Never none. */
    default void onRevoked(Set<TopicPartition> partitions) {}

    /**
     * These are gone: the group has put this consumer out, and others may read them already. They cannot be committed. Never none;
     * {@link #onRevoked} hears of them unless this is overridden.
     */
    default void onLost(Set<TopicPartition> partitions) {
        onRevoked(partitions);
    }
}
