package io.millrace.client.producer;

import org.jspecify.annotations.Nullable;

/**
 * Is told what became of a record, on the producer's callback thread: one at a time, those of a partition in the order of
 * their sends. While it runs, no other callback of the producer does; a slow one slows the producer down, as its memory is
 * given back only afterwards.
 */
@FunctionalInterface
public interface SendCallback {
    /**
     * One of the two is null.
     *
     * @param metadata where the record is
     * @param failure why it was not delivered
     */
    void onCompletion(@Nullable RecordMetadata metadata, @Nullable SendFailure failure);
}
