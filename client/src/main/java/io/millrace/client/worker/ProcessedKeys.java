package io.millrace.client.worker;

import io.millrace.client.consumer.ConsumerRecord;
import java.util.function.Function;

/**
 * Which business keys (of an order, a payment) have been dealt with, and which somebody is about: so that a record that comes again,
 * or a second record of the same matter, is not dealt with twice. Any thread may use it.
 *
 * <p>A key is claimed before it is dealt with, and done afterwards. Both expire: a claim, so that the key is free again after a
 * crash, and so has to last longer than any handler; what is done, so that the keys do not become more and more, and so has to last
 * longer than the same matter can come again.
 *
 * <p>What it cannot do: the effects of a handler and the word that the key is done are two things. If a process ends in between,
 * the effects come again once the claim has expired; so they want to be repeatable. Effects in the database of {@link
 * JdbcProcessedKeys} need not be: a handler that claims by itself can make them and say so in one transaction.
 */
public interface ProcessedKeys {
    /** What became of the wish to deal with a key. */
    enum Claim {
        /** It is the caller's until the claim expires. */
        CLAIMED,
        /** Somebody else is about it, or was when the process ended: it may be asked for again later. */
        IN_PROGRESS_ELSEWHERE,
        /** It has been dealt with. */
        DONE
    }

    /**
     * Wishes to deal with a key.
     *
     * @param claimId tells this claim from all others, at most 64 characters
     * @throws Exception if that cannot be found out; then it may be claimed or not
     */
    Claim claim(String key, String claimId) throws Exception;

    /**
     * The key has been dealt with. False if the claim had expired, and the key is somebody else's.
     *
     * @throws Exception if that cannot be written; then it may be or not
     */
    boolean done(String key, String claimId) throws Exception;

    /**
     * The key has not been dealt with, and is free again, if this claim still held it.
     *
     * @throws Exception if that cannot be written: it is free when the claim expires
     */
    void release(String key, String claimId) throws Exception;

    /**
     * A handler that has each business key dealt with once: it passes over records whose key is done, puts off those whose key
     * somebody is about, and gives the key back if the handler fails.
     *
     * @param keyOf the business key of a record; a record for which it is empty is handled without a claim
     */
    static <K, V> RecordHandler<K, V> once(
            ProcessedKeys keys, Function<ConsumerRecord<K, V>, String> keyOf, RecordHandler<K, V> handler) {
        return new OnceHandler<>(keys, keyOf, handler);
    }
}
