package io.millrace.client.sending.run;

import io.millrace.client.sending.SendResult;

/** What a {@link SenderLane} asks and tells the transactions of its producer, all of it on the lane. */
public interface TransactionGate {
    /** Whose transactions they are: {@code transactional.id}. */
    String transactionalId();

    /** The highest version of Produce that the transaction can be written with. */
    short maxProduceVersion();

    /** Whether a batch of this partition may be sent now. If not, {@link SenderLane#resume} says when to ask again. */
    boolean maySend(String topic, int partition);

    /** A batch is being sent; from here on the transaction may be known to the cluster. */
    void sent();

    /** Records have been given up. The gate does not call the sender meanwhile. */
    void failed(SendResult.Failed failure);

    /** Batches have come a step further, or more is known of the cluster. */
    void progressed();
}
