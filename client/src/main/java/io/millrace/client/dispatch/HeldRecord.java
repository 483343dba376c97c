package io.millrace.client.dispatch;

import io.millrace.records.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A record that was polled and is not finished.
 *
 * @param <R> what the one who handles it knows it as
 */
public final class HeldRecord<R> {
    /** Where it is in its life. */
    enum State {
        /** Others come first, or there is no room yet. */
        WAITING,
        /** It has been handed out. */
        RUNNING,
        /** It failed, or is to be handed out later. */
        DELAYED,
        FINISHED
    }

    final PartitionWork<R> work;
    final long offset;
    final long bytes;
    /** Of those that are handled one after the other; null for a record that waits for nobody. */
    final @Nullable Object laneKey;

    private final R content;

    State state = State.WAITING;
    /** The next one of its lane. */
    @Nullable
    HeldRecord<R> next;

    int failures;
    long firstFailedAtMs;
    long dueAtMs;
    /** Among those that are due at the same time. */
    long delayNumber;

    HeldRecord(PartitionWork<R> work, long offset, long bytes, @Nullable Object laneKey, R content) {
        this.work = work;
        this.offset = offset;
        this.bytes = bytes;
        this.laneKey = laneKey;
        this.content = content;
    }

    /** Where it is from. */
    public TopicPartition partition() {
        return work.partition;
    }

    /** Its place there. */
    public long offset() {
        return offset;
    }

    /** What it was added as. */
    public R content() {
        return content;
    }

    /** How often it has failed. */
    public int failures() {
        return failures;
    }

    @Override
    public String toString() {
        return "record " + offset + " of " + work.partition;
    }
}
