package io.millrace.client.committing.run;

/** What has been committed so far, and how long it took. The lane's. */
public final class CommitCounters {
    long requests;
    long failedRequests;
    private long answers;
    private long answerMsSum;
    private long answerMsMax;

    CommitCounters() {}

    void answered(long ms) {
        answers++;
        answerMsSum += ms;
        answerMsMax = Math.max(answerMsMax, ms);
    }

    /**
     * The counts at a moment.
     *
     * @param requests commits sent; those that waited in a row went in one
     * @param failedRequests commits sent that were not answered
     * @param answerMsSum milliseconds from a request to its answer, over all {@code answers}
     */
    public record Snapshot(long requests, long answers, long failedRequests, long answerMsSum, long answerMsMax) {
        /** Nothing so far. */
        public static final Snapshot NONE = new Snapshot(0, 0, 0, 0, 0);
    }

    Snapshot snapshot() {
        return new Snapshot(requests, answers, failedRequests, answerMsSum, answerMsMax);
    }
}
