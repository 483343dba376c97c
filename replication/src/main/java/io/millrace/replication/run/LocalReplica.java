package io.millrace.replication.run;

import io.millrace.records.TopicPartition;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;

/** One replica of a partition on this broker, whichever its role: what the upkeep of its log needs. Touched only on the partition's lane. */
public sealed interface LocalReplica permits LeaderPartition, FollowerPartition {
    /** Which partition. */
    TopicPartition name();

    /** Its log, for reads and look-ups on this lane. */
    PartitionLog log();

    /** The leadership it takes part in. */
    int leaderEpoch();

    /** Everything below it is committed. */
    long highWatermark();

    /** Takes over changed properties of the log. */
    void updateConfig(LogConfig config);

    /**
     * Sees to it that after a crash the log is scanned from its present end only, off the lane. No effect if nothing was
     * appended since the last time, or while another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    void checkpoint(Runnable then);

    /** Ends the role: whoever waits is woken, and finds that the partition has it no more. */
    void resign();

    /** After {@link #resign}: runs {@code then} once no force is under way, so that whoever has the log next is alone with it. */
    void whenIdle(Runnable then);
}
