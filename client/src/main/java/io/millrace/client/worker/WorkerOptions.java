package io.millrace.client.worker;

import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.dispatch.DispatchLimits;
import io.millrace.client.dispatch.RecordOrder;
import io.millrace.client.dispatch.RetryRules;
import io.millrace.client.producer.ProducerOptions;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How {@link RecordWorkers} work. Immutable.
 *
 * @param order which records wait for each other
 * @param limits how many are handled at once, and held
 * @param retries how often a record is handed to its handler again
 * @param isRetriable whether another attempt may go better after that exception
 * @param whenGivenUp what becomes of a record after that
 * @param commitIntervalMs how often what is finished is committed, in milliseconds, from 1
 * @param handOverMs how long a rebalance, or the end after a failure, waits for handlers that have begun, in milliseconds, from 0;
 *     below the consumer's {@code max.poll.interval.ms}
 * @param threads makes the threads that handlers run on; null for virtual threads
 */
public record WorkerOptions(
        RecordOrder order,
        DispatchLimits limits,
        RetryRules retries,
        Predicate<Exception> isRetriable,
        WhenGivenUp whenGivenUp,
        long commitIntervalMs,
        long handOverMs,
        @Nullable ThreadFactory threads) {
    private static final int PARTITION_RECORDS = 1_000;
    private static final int RECORDS = 10_000;
    private static final long BYTES = 64L << 20;
    private static final RetryRules FIVE_TIMES = new RetryRules(5, Long.MAX_VALUE, new RetryBackoff(200, 10_000));
    private static final long COMMIT_INTERVAL_MS = 1_000;
    private static final long HAND_OVER_MS = 30_000;

    /** Checks the ranges. */
    public WorkerOptions {
        if (commitIntervalMs < 1)
            throw new IllegalArgumentException("a commit every " + commitIntervalMs + " ms; want 1 at least");
        if (handOverMs < 0) throw new IllegalArgumentException("waiting " + handOverMs + " ms for handlers");
    }

    /**
     * Up to so many handlers at once, on virtual threads; five attempts with 200 ms to 10 s between them, after which the workers
     * stop; at most 1,000 records of a partition (or twice the concurrency), 10,000 in all (or four times) and 64 MiB are held; a
     * commit every second.
     */
    public static WorkerOptions of(int concurrency, RecordOrder order) {
        return new WorkerOptions(
                order,
                new DispatchLimits(
                        concurrency,
                        (int) Math.max(PARTITION_RECORDS, Math.min(2L * concurrency, Integer.MAX_VALUE)),
                        (int) Math.max(RECORDS, Math.min(4L * concurrency, Integer.MAX_VALUE)),
                        BYTES),
                FIVE_TIMES,
                each -> true,
                new WhenGivenUp.Stop(),
                COMMIT_INTERVAL_MS,
                HAND_OVER_MS,
                null);
    }

    /** The same with other bounds. */
    public WorkerOptions withLimits(DispatchLimits chosen) {
        return new WorkerOptions(
                order, chosen, retries, isRetriable, whenGivenUp, commitIntervalMs, handOverMs, threads);
    }

    /** The same with other retries. */
    public WorkerOptions withRetries(RetryRules chosen) {
        return new WorkerOptions(
                order, limits, chosen, isRetriable, whenGivenUp, commitIntervalMs, handOverMs, threads);
    }

    /** The same with retries after some exceptions only; a record that fails with another one is given up at once. */
    public WorkerOptions retryingIf(Predicate<Exception> chosen) {
        return new WorkerOptions(order, limits, retries, chosen, whenGivenUp, commitIntervalMs, handOverMs, threads);
    }

    /** The same, passing over records that are given up. */
    public WorkerOptions skipping() {
        return withGivenUp(new WhenGivenUp.Skip());
    }

    /** The same, sending records that are given up to that topic, by a producer with these options. */
    public WorkerOptions deadLettersTo(String topic, ProducerOptions producerOptions) {
        return withGivenUp(new WhenGivenUp.DeadLetter(topic, producerOptions));
    }

    private WorkerOptions withGivenUp(WhenGivenUp chosen) {
        return new WorkerOptions(order, limits, retries, isRetriable, chosen, commitIntervalMs, handOverMs, threads);
    }

    /** The same with commits as often. */
    public WorkerOptions committingEvery(Duration interval) {
        return new WorkerOptions(
                order, limits, retries, isRetriable, whenGivenUp, interval.toMillis(), handOverMs, threads);
    }

    /** The same with rebalances that wait as long for handlers. */
    public WorkerOptions handingOverWithin(Duration timeout) {
        return new WorkerOptions(
                order, limits, retries, isRetriable, whenGivenUp, commitIntervalMs, timeout.toMillis(), threads);
    }

    /** The same with threads of the application's making: handlers that compute, or hold monitors on Java 21, want platform threads. */
    public WorkerOptions onThreads(ThreadFactory chosen) {
        return new WorkerOptions(
                order, limits, retries, isRetriable, whenGivenUp, commitIntervalMs, handOverMs, chosen);
    }
}
