package io.millrace.client.worker;

import io.millrace.client.consumer.DeadLetterHeaders;
import io.millrace.client.producer.ProducerOptions;

/** What becomes of a record that cannot be deserialized, or whose handler failed as often as {@link WorkerOptions#retries} says. */
public sealed interface WhenGivenUp {
    /** The workers end; the record is the first that is not committed. */
    record Stop() implements WhenGivenUp {}

    /** It is logged, counted, and passed over. */
    record Skip() implements WhenGivenUp {}

    /**
     * It is sent to another topic, as it was, with headers that say where it is from and what happened ({@link DeadLetterHeaders}),
     * and is finished when that is acknowledged. Records of its lane wait for it. If it is not delivered, the workers end.
     *
     * @param producerOptions of the producer that is opened for it; not transactional
     */
    record DeadLetter(String topic, ProducerOptions producerOptions) implements WhenGivenUp {
        /** Checks what can be. */
        public DeadLetter {
            if (topic.isBlank()) throw new IllegalArgumentException("the dead-letter topic has no name");
            if (producerOptions.isTransactional())
                throw new IllegalArgumentException("dead letters are not sent in transactions; unset transactional.id");
            if (producerOptions.get("acks").equals("0"))
                throw new IllegalArgumentException("acks=0 acknowledges no dead letter");
        }
    }
}
