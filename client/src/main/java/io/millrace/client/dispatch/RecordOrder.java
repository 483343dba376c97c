package io.millrace.client.dispatch;

/** Which records wait for each other when many are handled at once. */
public enum RecordOrder {
    /** A record is handled when all before it in its partition have been. */
    PARTITION,
    /**
     * A record is handled when all before it in its partition with the same key have been; keys are the same when their bytes are.
     * Records without a key wait for nobody.
     */
    KEY,
    /** Records wait for nobody. */
    NONE
}
