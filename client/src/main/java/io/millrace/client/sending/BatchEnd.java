package io.millrace.client.sending;

/** Is told what becomes of the records of one batch, on the lane. */
public interface BatchEnd {
    /**
     * It is known what became of some of the records, mostly of all. Every record is told of once.
     *
     * @param fromRecord the first one's place in the batch
     * @param recordCount how many, from there on
     */
    void ended(int fromRecord, int recordCount, SendResult result);

    /** The batch's memory is not in use any more. Called once, after or before {@link #ended}. */
    void released();
}
