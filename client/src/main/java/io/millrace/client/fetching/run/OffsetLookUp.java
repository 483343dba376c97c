package io.millrace.client.fetching.run;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.function.Consumer;

/** An offset that the application asked for, by time; asked of each leader in turn until one answers or its time is over. */
final class OffsetLookUp {
    final TopicPartition partition;
    final long timestamp;
    final long deadlineMs;
    private final Consumer<FoundOffset> then;
    int failures;
    long againFromMs = Long.MIN_VALUE;
    boolean isAsking;
    ErrorCode lastError = ErrorCode.REQUEST_TIMED_OUT;
    private boolean isDone;

    OffsetLookUp(TopicPartition partition, long timestamp, long deadlineMs, Consumer<FoundOffset> then) {
        this.partition = partition;
        this.timestamp = timestamp;
        this.deadlineMs = deadlineMs;
        this.then = then;
    }

    boolean isDone() {
        return isDone;
    }

    void end(ErrorCode error, long offset, long foundTimestamp, int leaderEpoch) {
        if (isDone) return;
        isDone = true;
        then.accept(new FoundOffset(partition, error, offset, foundTimestamp, leaderEpoch));
    }
}
