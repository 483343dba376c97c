package io.millrace.client.producer;

import org.jspecify.annotations.Nullable;

/**
 * Sees every record before it is sent and what became of it. What it throws is logged and otherwise of no effect.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public interface ProducerInterceptor<K, V> {
    /** Called on the thread that sends, before anything is serialized; the record it returns is sent instead. */
    default ProducerRecord<K, V> onSend(ProducerRecord<K, V> record) {
        return record;
    }

    /** Called on the producer's callback thread, before the record's own callback. One of the two is null. */
    default void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable SendFailure failure) {}
}
