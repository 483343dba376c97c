package io.millrace.client.worker;

import io.millrace.client.CommittedOffset;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.RebalanceListener;
import io.millrace.client.consumer.WokenUp;
import io.millrace.client.dispatch.Dispatcher;
import io.millrace.client.dispatch.RecordOrder;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The one thread that uses the workers' consumer: it polls, pauses, commits, and hands partitions over. */
final class PollLoop {
    private static final System.Logger LOG = System.getLogger(PollLoop.class.getName());
    /** A commit before partitions go, and what is said at the end, may take so long on top of the wait for handlers. */
    private static final long LAST_WORDS_MS = 5_000;

    private static final long NOT_ENDING = Long.MAX_VALUE;
    /** The wait of a poll that is only to see what is there. */
    private static final Duration NONE = Duration.ZERO;

    private final Consumer<byte[], byte[]> consumer;
    private final HandlerPool<?, ?> pool;
    private final WorkerOptions options;
    private final @Nullable DeadLetters deadLetters;
    private final java.util.function.Consumer<WorkersFailure> whenFailed;
    /** When to stop waiting for handlers; {@link #NOT_ENDING} while they are to go on. */
    private final AtomicLong endByMs = new AtomicLong(NOT_ENDING);

    private Runnable reading = () -> {};
    private List<TopicPartition> assignedHere = List.of();
    private long nextCommitAtMs = HandlerPool.nowMs();
    private Map<TopicPartition, CommittedOffset> committing = Map.of();
    private @Nullable CompletableFuture<Void> commit;

    PollLoop(
            Consumer<byte[], byte[]> consumer,
            HandlerPool<?, ?> pool,
            WorkerOptions options,
            @Nullable DeadLetters deadLetters,
            java.util.function.Consumer<WorkersFailure> whenFailed) {
        this.consumer = consumer;
        this.pool = pool;
        this.options = options;
        this.deadLetters = deadLetters;
        this.whenFailed = whenFailed;
    }

    /** Has this begin what is read, once {@link #run} does. */
    void readsBy(Runnable begin) {
        reading = begin;
    }

    void subscribe(List<String> topics) {
        consumer.subscribe(topics, new Handover());
    }

    void subscribe(Pattern pattern) {
        consumer.subscribe(pattern, new Handover());
    }

    void assign(List<TopicPartition> partitions) {
        assignedHere = partitions;
        consumer.assign(partitions);
        pool.assign(partitions, committedOf(partitions));
    }

    /** Has it end, once handlers that have begun have ended, or that long from now. Any thread may say so; the sooner time counts. */
    void stop(long waitMs) {
        long byMs = HandlerPool.nowMs() + Math.max(0, Math.min(waitMs, Long.MAX_VALUE / 4));
        endByMs.accumulateAndGet(byMs, Math::min);
        pool.stop();
        consumer.wakeup();
    }

    private boolean isEnding() {
        return endByMs.get() != NOT_ENDING;
    }

    void run() {
        try {
            reading.run();
            while (!isEnding()) turn();
        } catch (RuntimeException | Error thrown) {
            whenFailed.accept(
                    new WorkersFailure("the workers cannot read on: " + thrown.getMessage(), null, -1, thrown));
        } finally {
            end();
        }
    }

    private void turn() {
        Dispatcher.Flow flow = pool.advance();
        if (!flow.pause().isEmpty()) consumer.pause(flow.pause());
        if (!flow.resume().isEmpty()) consumer.resume(flow.resume());
        commitIfDue();
        pool.add(poll());
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        Duration wait = Duration.ofMillis(pool.beginPoll(nextCommitAtMs));
        try {
            return consumer.poll(wait);
        } catch (WokenUp news) {
            pool.endPoll();
            return pollOnce(); // However often it is woken, it gets on.
        } catch (ConsumerFailure failure) {
            return afterFailure(failure);
        } finally {
            pool.endPoll();
        }
    }

    private ConsumerRecords<byte[], byte[]> pollOnce() {
        try {
            return consumer.poll(NONE);
        } catch (WokenUp again) { // They are to end.
            return ConsumerRecords.none();
        } catch (ConsumerFailure failure) {
            return afterFailure(failure);
        }
    }

    /** A member that was not polled in time, as a rebalance took long, joins again; anything else is the end. */
    private static ConsumerRecords<byte[], byte[]> afterFailure(ConsumerFailure failure) {
        if (failure.error() != ErrorCode.UNKNOWN_MEMBER_ID) throw failure;
        LOG.log(System.Logger.Level.WARNING, String.valueOf(failure.getMessage()));
        return ConsumerRecords.none();
    }

    private void commitIfDue() {
        CompletableFuture<Void> before = commit;
        if (before != null) {
            if (!before.isDone()) return;
            commit = null;
            ended(before, committing);
        }
        long nowMs = HandlerPool.nowMs();
        if (nowMs < nextCommitAtMs) return;
        nextCommitAtMs = nowMs + options.commitIntervalMs();
        committing = pool.uncommitted();
        if (!committing.isEmpty()) commit = consumer.commitAsync(committing);
    }

    private void ended(CompletableFuture<Void> done, Map<TopicPartition, CommittedOffset> offsets) {
        try {
            done.get(0, TimeUnit.MILLISECONDS);
            pool.committed(offsets);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof ConsumerFailure failure))
                throw new IllegalStateException("a commit failed", e);
            if (isTooMuchSaid(failure)) return;
            if (!isPassing(failure.error())) throw failure;
            LOG.log(System.Logger.Level.WARNING, failure.getMessage() + "; it is tried again");
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException("a commit that has ended is waited for", e);
        }
    }

    /** Whether brokers do not take what is said beside the offsets, which is then left out. */
    private boolean isTooMuchSaid(@Nullable Throwable failure) {
        if (!(failure instanceof ConsumerFailure why) || why.error() != ErrorCode.OFFSET_METADATA_TOO_LARGE)
            return false;
        LOG.log(
                System.Logger.Level.WARNING,
                why.getMessage()
                        + "; commits say nothing from now on of records that are finished behind an unfinished one,"
                        + " and these may be handled again. Set offset.metadata.max.bytes of the brokers to 4096, its default");
        pool.commitOffsetsOnly();
        return true;
    }

    /** Whether a later commit may go better; what becomes of the membership, polls tell. */
    private static boolean isPassing(ErrorCode error) {
        return error.isRetriable()
                || error == ErrorCode.UNKNOWN_MEMBER_ID
                || error == ErrorCode.ILLEGAL_GENERATION
                || error == ErrorCode.FENCED_INSTANCE_ID
                || error == ErrorCode.REBALANCE_IN_PROGRESS;
    }

    /** What the group does with partitions, on this thread. */
    private final class Handover implements RebalanceListener {
        @Override
        public void onAssigned(Set<TopicPartition> partitions) {
            pool.assign(partitions, committedOf(partitions));
        }

        @Override
        public void onRevoked(Set<TopicPartition> partitions) {
            handOver(partitions);
        }

        @Override
        public void onLost(Set<TopicPartition> partitions) {
            pool.forget(partitions);
        }
    }

    /** What is committed, which may say that records behind it are finished; nothing if that cannot be had: then those are handled again. */
    private Map<TopicPartition, CommittedOffset> committedOf(Collection<TopicPartition> partitions) {
        if (options.order() == RecordOrder.PARTITION || partitions.isEmpty())
            return Map.of(); // None is finished before another.
        boolean wasWoken = false;
        try {
            while (!isEnding()) {
                try {
                    return consumer.committed(partitions);
                } catch (WokenUp news) {
                    wasWoken = true;
                }
            }
        } catch (ConsumerFailure failure) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "it is not known what is finished of " + partitions + ", and may be handled again: "
                            + failure.getMessage());
        } finally {
            if (wasWoken) consumer.wakeup(); // For the poll that this is part of.
        }
        return Map.of();
    }

    private void handOver(Collection<TopicPartition> partitions) {
        long byMs = isEnding() ? endByMs.get() : HandlerPool.nowMs() + options.handOverMs();
        Map<TopicPartition, CommittedOffset> offsets = pool.finish(partitions, byMs);
        try {
            commitLast(offsets, partitions);
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "what was finished of " + partitions + " could not be committed; it will be handled again: "
                            + (e instanceof TimeoutException
                                    ? "no answer within " + LAST_WORDS_MS + " ms"
                                    : e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            pool.forget(partitions);
        }
    }

    private void commitLast(Map<TopicPartition, CommittedOffset> offsets, Collection<TopicPartition> partitions)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (offsets.isEmpty()) return;
        try {
            consumer.commitAsync(offsets).get(LAST_WORDS_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (!isTooMuchSaid(e.getCause())) throw e;
            commitLast(pool.uncommitted(partitions), partitions);
        }
    }

    /** Ends: hands all over, leaves the group, and sends the dead letters that are under way. */
    void end() {
        if (!isEnding()) stop(0);
        try {
            if (!assignedHere.isEmpty()) handOver(assignedHere);
            consumer.close(Duration.ofMillis(Math.max(0, endByMs.get() - HandlerPool.nowMs()) + LAST_WORDS_MS));
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "the workers' consumer did not end well", e);
        } finally {
            pool.interrupt();
            if (deadLetters != null) deadLetters.close(Duration.ofMillis(LAST_WORDS_MS));
        }
    }
}
