package io.millrace.client.consumer;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A consumer cannot go on as it was asked. The message is one sentence for a person. */
public final class ConsumerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode error;
    private final transient @Nullable TopicPartition partition;
    private final long offset;
    private final long nextOffset;

    /** Of no partition. */
    public ConsumerFailure(ErrorCode error, String sentence) {
        this(error, sentence, null, -1, null);
    }

    /**
     * Of a partition.
     *
     * @param offset of the record, or where reading stands; -1 if that is not known
     */
    public ConsumerFailure(
            ErrorCode error,
            String sentence,
            @Nullable TopicPartition partition,
            long offset,
            @Nullable Throwable cause) {
        this(error, sentence, partition, offset, offset < 0 ? -1 : offset + 1, cause);
    }

    /**
     * Of a partition, and of several offsets.
     *
     * @param nextOffset the first one behind; -1 if that is not known
     */
    ConsumerFailure(
            ErrorCode error,
            String sentence,
            @Nullable TopicPartition partition,
            long offset,
            long nextOffset,
            @Nullable Throwable cause) {
        super(sentence, cause);
        this.error = error;
        this.partition = partition;
        this.offset = offset;
        this.nextOffset = nextOffset;
    }

    /** The error, in the protocol's words; {@link ErrorCode#REQUEST_TIMED_OUT} for all that took too long. */
    public ErrorCode error() {
        return error;
    }

    /** The partition it is about. */
    public Optional<TopicPartition> partition() {
        return Optional.ofNullable(partition);
    }

    /** The offset it is about, or the first of them; -1 for none. */
    public long offset() {
        return offset;
    }

    /** Where a seek gets on, behind the record, or the batch, that it is about; -1 if that is not known. */
    public long nextOffset() {
        return nextOffset;
    }
}
