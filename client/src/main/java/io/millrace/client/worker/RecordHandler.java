package io.millrace.client.worker;

import io.millrace.client.consumer.ConsumerRecord;

/**
 * What an application does with a record. Many threads call it at once, each for a record of its own; it may block. A record is
 * handled once at least: again after it failed, and after a crash or a rebalance that came before its commit.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
@FunctionalInterface
public interface RecordHandler<K, V> {
    /**
     * Handles a record; when it returns, the record is finished.
     *
     * @throws TryLater to be called again with the record, which is no failure
     * @throws Exception to be called again with it as {@link WorkerOptions#retries} says. An {@link Error} ends the workers
     */
    void handle(ConsumerRecord<K, V> record) throws Exception;
}
