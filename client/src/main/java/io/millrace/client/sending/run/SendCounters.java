package io.millrace.client.sending.run;

/** What a sender has done since it began; touched on its lane only. */
public final class SendCounters {
    long requests;
    long batches;
    long records;
    long bytes;
    long rawBytes;
    long acknowledgedRecords;
    long failedRecords;
    long retriedRecords;
    long splits;
    long answers;
    long answerMsSum;
    long answerMsMax;
    long queueMsSum;
    long queueMsMax;
    long throttleMsSum;

    SendCounters() {}

    /**
     * The counts of one moment. Times are in milliseconds.
     *
     * @param bytes of batches as they were sent; {@code rawBytes} before compression
     * @param answerMsSum from a request to its answer, over all {@code answers}
     * @param queueMsSum from a batch's first record to its first send, over all {@code batches}
     */
    public record Snapshot(
            long requests,
            long batches,
            long records,
            long bytes,
            long rawBytes,
            long acknowledgedRecords,
            long failedRecords,
            long retriedRecords,
            long splits,
            long answers,
            long answerMsSum,
            long answerMsMax,
            long queueMsSum,
            long queueMsMax,
            long throttleMsSum) {}

    /** The counts now. */
    public Snapshot snapshot() {
        return new Snapshot(
                requests,
                batches,
                records,
                bytes,
                rawBytes,
                acknowledgedRecords,
                failedRecords,
                retriedRecords,
                splits,
                answers,
                answerMsSum,
                answerMsMax,
                queueMsSum,
                queueMsMax,
                throttleMsSum);
    }
}
