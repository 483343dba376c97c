package io.millrace.replication.run;

import io.millrace.records.TopicPartition;
import io.millrace.storage.LogConfig;
import io.millrace.storage.PartitionLog;
import io.millrace.storage.PendingDeletion;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

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
     * Takes out what retention no longer wants, as {@link PartitionLog#expire} does.
     *
     * @param wallMs the time of day
     * @return files to be deleted
     */
    List<PendingDeletion> expire(long wallMs);

    /**
     * Sees to it that after a crash the log is scanned from its present end only, off the lane. No effect if nothing was
     * appended since the last time, or while another force is under way.
     *
     * @param then run on the lane once that is done, at once if there is nothing to do
     */
    void checkpoint(Runnable then);

    /**
     * Tells {@code copier} after each append how many bytes it had, before the next one can come; until the log changes. It must not
     * throw, nor touch this partition.
     */
    void copyWith(@Nullable IntConsumer copier);

    /**
     * Nothing is forced until {@link #releaseForces} or {@link #goOnIn}.
     *
     * @param then run once no force is under way, at once if none is
     */
    void holdForces(Runnable then);

    /** Ends {@link #holdForces}. */
    void releaseForces();

    /**
     * Goes on in a copy of the log that holds all records of it, and in which all is forced that was forced in it. Forces are
     * held when it is called, and are not any more when it returns.
     */
    void goOnIn(PartitionLog copy);

    /** Ends the role: whoever waits is woken, and finds that the partition has it no more. */
    void resign();

    /** After {@link #resign}: runs {@code then} once no force is under way, so that whoever has the log next is alone with it. */
    void whenIdle(Runnable then);
}
