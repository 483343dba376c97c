package io.millrace.client.worker;

import io.millrace.client.consumer.ConsumerRecord;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;

/** Claims the business key of a record around a handler. */
final class OnceHandler<K, V> implements RecordHandler<K, V> {
    /** Until a key that somebody else is about is asked for again. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(500);

    private final ProcessedKeys keys;
    private final Function<ConsumerRecord<K, V>, String> keyOf;
    private final RecordHandler<K, V> handler;

    OnceHandler(ProcessedKeys keys, Function<ConsumerRecord<K, V>, String> keyOf, RecordHandler<K, V> handler) {
        this.keys = keys;
        this.keyOf = keyOf;
        this.handler = handler;
    }

    @Override
    public void handle(ConsumerRecord<K, V> record) throws Exception {
        String key = keyOf.apply(record);
        if (key.isEmpty()) {
            handler.handle(record);
            return;
        }
        String claimId = UUID.randomUUID().toString();
        switch (keys.claim(key, claimId)) {
            case CLAIMED -> handle(record, key, claimId);
            case DONE -> {}
            case IN_PROGRESS_ELSEWHERE -> throw new TryLater(ASK_AGAIN, "somebody else is about " + key);
        }
    }

    private void handle(ConsumerRecord<K, V> record, String key, String claimId) throws Exception {
        try {
            handler.handle(record);
        } catch (Throwable failure) {
            release(key, claimId, failure);
            throw failure;
        }
        if (!keys.done(key, claimId))
            throw new TryLater(
                    ASK_AGAIN, "the claim of " + key + " expired before its handler ended, and it is claimed anew");
    }

    private void release(String key, String claimId, Throwable failure) {
        try {
            keys.release(key, claimId);
        } catch (Exception second) {
            failure.addSuppressed(second); // The claim expires by itself.
        }
    }
}
