package io.millrace.client.membership;

import io.millrace.records.TopicPartition;
import java.util.List;

/** What an application is to do with partitions. Partitions are in ascending order. */
public sealed interface Handover {
    /** By which it is said to be done. */
    long number();

    /** The partitions it is about. */
    List<TopicPartition> partitions();

    /** Give them up, while they are still this member's: offsets may be committed. Never empty. */
    record Revoke(long number, List<TopicPartition> partitions) implements Handover {}

    /** Give them up; others may read them already, and commits would be refused. Never empty. */
    record Lose(long number, List<TopicPartition> partitions) implements Handover {}

    /**
     * Take them on, besides those it has.
     *
     * @param partitions may be empty: a rebalance that gave this member nothing new
     * @param generation in which they were given
     */
    record Assign(long number, List<TopicPartition> partitions, int generation) implements Handover {}
}
