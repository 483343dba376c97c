package io.millrace.client.fetching.run;

/** What a fetcher has done since it began; touched on its lane only. */
public final class FetchCounters {
    long requests;
    long answers;
    long failedRequests;
    long ranges;
    long bytes;
    long answerMsSum;
    long answerMsMax;
    long throttleMsSum;

    FetchCounters() {}

    /**
     * The counts of one moment.
     *
     * @param ranges answers of single partitions that had records
     * @param bytes of record batches, as they came
     * @param answerMsSum milliseconds from a request to its answer, over all {@code answers}
     * @param bufferedBytes fetched and not yet read by the application
     */
    public record Snapshot(
            long requests,
            long answers,
            long failedRequests,
            long ranges,
            long bytes,
            long answerMsSum,
            long answerMsMax,
            long throttleMsSum,
            long bufferedBytes) {}

    Snapshot snapshot(long bufferedBytes) {
        return new Snapshot(
                requests,
                answers,
                failedRequests,
                ranges,
                bytes,
                answerMsSum,
                answerMsMax,
                throttleMsSum,
                bufferedBytes);
    }
}
