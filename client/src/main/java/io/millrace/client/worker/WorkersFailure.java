package io.millrace.client.worker;

import io.millrace.records.TopicPartition;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The workers have ended by themselves. The message is one sentence for a person; the cause is what a handler, the consumer or the
 * producer of dead letters threw. What was not finished has not been committed.
 */
public final class WorkersFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable TopicPartition partition;
    private final long offset;

    WorkersFailure(String sentence, @Nullable TopicPartition partition, long offset, Throwable cause) {
        super(sentence, cause);
        this.partition = partition;
        this.offset = offset;
    }

    /** The partition of the record it is about. */
    public Optional<TopicPartition> partition() {
        return Optional.ofNullable(partition);
    }

    /** The offset of the record it is about; -1 for none. */
    public long offset() {
        return offset;
    }
}
