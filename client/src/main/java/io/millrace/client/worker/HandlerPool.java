package io.millrace.client.worker;

import io.millrace.client.CommittedOffset;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.Deserializer;
import io.millrace.client.dispatch.Dispatcher;
import io.millrace.client.dispatch.HeldRecord;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The threads that handle records, and the {@link Dispatcher} that they share with the thread that polls, under one lock. Application
 * code never runs under it. A thread that is done with a record takes the next one, and ends when there is none.
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
final class HandlerPool<K, V> {
    private static final System.Logger LOG = System.getLogger(HandlerPool.class.getName());
    private static final long NOT_POLLING = Long.MIN_VALUE;

    private final WorkerOptions options;
    private final RecordHandler<K, V> handler;
    private final Deserializer<K> keys;
    private final Deserializer<V> values;
    private final @Nullable DeadLetters deadLetters;
    private final ThreadFactory threads;
    /** Called under the lock. */
    private final Runnable wakePoll;

    private final Consumer<WorkersFailure> whenFailed;
    private final Set<Thread> working = ConcurrentHashMap.newKeySet();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Dispatcher<ConsumerRecord<byte[], byte[]>> dispatcher;
    private long pollingUntilMs = NOT_POLLING;
    /** Whether partitions are to be paused or resumed since the last time somebody looked. */
    private boolean hasNewFlow;

    private boolean isStopped;
    private long handled;
    private long failures;
    private long skipped;
    private long deadLettered;

    HandlerPool(
            WorkerOptions options,
            String name,
            Deserializer<K> keys,
            Deserializer<V> values,
            RecordHandler<K, V> handler,
            @Nullable DeadLetters deadLetters,
            Runnable wakePoll,
            Consumer<WorkersFailure> whenFailed) {
        this.options = options;
        this.handler = handler;
        this.keys = keys;
        this.values = values;
        this.deadLetters = deadLetters;
        this.wakePoll = wakePoll;
        this.whenFailed = whenFailed;
        ThreadFactory chosen = options.threads();
        this.threads =
                chosen == null ? Thread.ofVirtual().name(name + "-handler-", 0).factory() : chosen;
        this.dispatcher = new Dispatcher<>(options.order(), options.limits(), options.retries());
    }

    static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    // ---- The thread that polls.

    /** These partitions are handled here, from what was committed on, as far as that is known. */
    void assign(Collection<TopicPartition> partitions, Map<TopicPartition, CommittedOffset> committed) {
        lock.lock();
        try {
            for (TopicPartition each : partitions) dispatcher.assign(each, committed.get(each));
        } finally {
            lock.unlock();
        }
    }

    /** Records that were polled; those that may start do. */
    void add(ConsumerRecords<byte[], byte[]> records) {
        lock.lock();
        try {
            for (TopicPartition partition : records.partitions())
                for (ConsumerRecord<byte[], byte[]> each : records.records(partition)) add(partition, each);
            startAll();
        } finally {
            lock.unlock();
        }
    }

    private void add(TopicPartition partition, ConsumerRecord<byte[], byte[]> record) {
        byte[] key = record.key();
        byte[] value = record.value();
        long bytes = (key == null ? 0L : key.length) + (value == null ? 0L : value.length);
        dispatcher.add(
                partition,
                record.offset(),
                record.leaderEpoch(),
                bytes,
                key == null ? null : ByteBuffer.wrap(key),
                record);
    }

    /** Starts what may start by now, and returns which partitions to pause and to resume. */
    Dispatcher.Flow advance() {
        lock.lock();
        try {
            startAll();
            hasNewFlow = false;
            return dispatcher.flow();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A poll begins, and is woken as soon as there is something to do for the thread that polls.
     *
     * @return how long it may wait, in milliseconds: until that time, or the next record that was put off is due
     */
    long beginPoll(long untilMs) {
        lock.lock();
        try {
            if (hasNewFlow) return 0;
            pollingUntilMs = Math.min(untilMs, dispatcher.nextDueAtMs());
            return Math.max(0, pollingUntilMs - nowMs());
        } finally {
            lock.unlock();
        }
    }

    /** It has ended; from now on nobody wakes it. */
    void endPoll() {
        lock.lock();
        try {
            pollingUntilMs = NOT_POLLING;
        } finally {
            lock.unlock();
        }
    }

    /** From now on commits say nothing but offsets. */
    void commitOffsetsOnly() {
        lock.lock();
        try {
            dispatcher.commitOffsetsOnly();
        } finally {
            lock.unlock();
        }
    }

    Map<TopicPartition, CommittedOffset> uncommitted() {
        lock.lock();
        try {
            return dispatcher.uncommitted();
        } finally {
            lock.unlock();
        }
    }

    void committed(Map<TopicPartition, CommittedOffset> offsets) {
        lock.lock();
        try {
            dispatcher.committed(offsets);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts no more records of these partitions, and waits for those that have begun.
     *
     * @return what may be committed then
     */
    Map<TopicPartition, CommittedOffset> finish(Collection<TopicPartition> partitions, long untilMs) {
        lock.lock();
        try {
            dispatcher.stop(partitions);
            long leftNanos = TimeUnit.MILLISECONDS.toNanos(untilMs - nowMs());
            while (dispatcher.running(partitions) > 0 && leftNanos > 0) leftNanos = changed.awaitNanos(leftNanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Nobody does that; it waits no longer then.
        } finally {
            lock.unlock();
        }
        return leftOf(partitions);
    }

    /** What may be committed of these partitions. */
    Map<TopicPartition, CommittedOffset> uncommitted(Collection<TopicPartition> partitions) {
        lock.lock();
        try {
            return dispatcher.uncommitted(partitions);
        } finally {
            lock.unlock();
        }
    }

    private Map<TopicPartition, CommittedOffset> leftOf(Collection<TopicPartition> partitions) {
        lock.lock();
        try {
            int running = dispatcher.running(partitions);
            if (running > 0)
                LOG.log(
                        System.Logger.Level.WARNING,
                        running + " records of " + partitions
                                + " are still being handled; their partitions are let go, and they will be handled again");
            return dispatcher.uncommitted(partitions);
        } finally {
            lock.unlock();
        }
    }

    /** Lets these partitions go: what is not finished of them is somebody else's. */
    void forget(Collection<TopicPartition> partitions) {
        lock.lock();
        try {
            dispatcher.forget(partitions);
        } finally {
            lock.unlock();
        }
    }

    /** Starts no more records at all. */
    void stop() {
        lock.lock();
        try {
            isStopped = true;
            dispatcher.stop();
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts the handlers that have not ended. */
    void interrupt() {
        working.forEach(Thread::interrupt);
    }

    // ---- Any thread.

    /** Whether the calling thread is one of those that handle records. */
    boolean isHandler() {
        return working.contains(Thread.currentThread());
    }

    WorkerCounts counts() {
        lock.lock();
        try {
            return new WorkerCounts(dispatcher.running(), dispatcher.held(), handled, failures, skipped, deadLettered);
        } finally {
            lock.unlock();
        }
    }

    // ---- The threads that handle.

    /** Under the lock. */
    private @Nullable HeldRecord<ConsumerRecord<byte[], byte[]>> next() {
        return isStopped ? null : dispatcher.next(nowMs());
    }

    /** Under the lock. */
    private void startAll() {
        for (var record = next(); record != null; record = next()) {
            HeldRecord<ConsumerRecord<byte[], byte[]>> first = record;
            threads.newThread(() -> work(first)).start();
        }
    }

    private void work(HeldRecord<ConsumerRecord<byte[], byte[]>> first) {
        working.add(Thread.currentThread());
        try {
            for (var record = first; record != null; record = afterOne()) handle(record);
        } catch (Throwable broken) {
            whenFailed.accept(new WorkersFailure("a thread of the workers broke: " + broken, null, -1, broken));
        } finally {
            working.remove(Thread.currentThread());
        }
    }

    /** The next record for this thread; others that may start do so on threads of their own. */
    private @Nullable HeldRecord<ConsumerRecord<byte[], byte[]>> afterOne() {
        boolean unused = Thread.interrupted(); // Whatever it was meant for, it was not the next record.
        lock.lock();
        try {
            var own = next();
            startAll();
            return own;
        } finally {
            lock.unlock();
        }
    }

    private void handle(HeldRecord<ConsumerRecord<byte[], byte[]>> record) {
        ConsumerRecord<K, V> whole;
        try {
            whole = deserialized(record.content());
        } catch (RuntimeException poison) {
            failed(record, poison, false);
            return;
        }
        try {
            handler.handle(whole);
        } catch (TryLater later) {
            tell(record, () -> dispatcher.postponed(record, nowMs() + later.delayMs()));
            return;
        } catch (Exception failure) {
            failed(record, failure, isRetriable(failure));
            return;
        } catch (Throwable fatal) {
            end(record, record + " ended the workers: " + fatal, fatal);
            return;
        }
        tell(record, () -> {
            if (dispatcher.finished(record)) handled++;
        });
    }

    private boolean isRetriable(Exception failure) {
        return options.isRetriable().test(failure);
    }

    private ConsumerRecord<K, V> deserialized(ConsumerRecord<byte[], byte[]> raw) {
        byte[] key = raw.key();
        byte[] value = raw.value();
        return new ConsumerRecord<>(
                raw.topic(),
                raw.partition(),
                raw.offset(),
                raw.leaderEpoch(),
                raw.timestamp(),
                raw.timestampType(),
                keys.deserialize(raw.topic(), raw.headers(), key == null ? null : ByteBuffer.wrap(key)),
                values.deserialize(raw.topic(), raw.headers(), value == null ? null : ByteBuffer.wrap(value)),
                raw.headers());
    }

    /** Tells the dispatcher how a record's handler ended, and the thread that polls if it has to know. */
    private void tell(HeldRecord<ConsumerRecord<byte[], byte[]>> record, Runnable how) {
        lock.lock();
        try {
            how.run();
            hasNewFlow |= dispatcher.wantsFlow(record);
            boolean isNews = hasNewFlow || dispatcher.nextDueAtMs() < pollingUntilMs;
            if (isNews && pollingUntilMs != NOT_POLLING) {
                pollingUntilMs = NOT_POLLING; // Once is enough.
                wakePoll.run();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failed(HeldRecord<ConsumerRecord<byte[], byte[]>> record, Exception why, boolean isRetriable) {
        long randomBits = ThreadLocalRandom.current().nextLong();
        boolean[] isGivenUp = new boolean[1];
        tell(record, () -> {
            Dispatcher.Verdict verdict = dispatcher.failed(record, isRetriable, nowMs(), randomBits);
            if (verdict != Dispatcher.Verdict.FORGOTTEN) failures++;
            isGivenUp[0] = verdict == Dispatcher.Verdict.GIVEN_UP;
        });
        if (isGivenUp[0]) giveUp(record, why);
    }

    private void giveUp(HeldRecord<ConsumerRecord<byte[], byte[]>> record, Exception why) {
        String what = record + " was given up after " + record.failures()
                + (record.failures() == 1 ? " failure" : " failures") + ", the last of them " + why;
        switch (options.whenGivenUp()) {
            case WhenGivenUp.Stop stop -> end(record, what, why);
            case WhenGivenUp.Skip skip -> {
                LOG.log(System.Logger.Level.WARNING, what + "; it is passed over", why);
                tell(record, () -> {
                    if (dispatcher.finished(record)) skipped++;
                });
            }
            case WhenGivenUp.DeadLetter(String topic, var producerOptions) -> sendAway(record, topic, what, why);
        }
    }

    private void sendAway(HeldRecord<ConsumerRecord<byte[], byte[]>> record, String topic, String what, Exception why) {
        if (deadLetters == null) throw new IllegalStateException("there is no producer of dead letters");
        try {
            var unused = deadLetters.send(record.content(), record.failures(), why, (metadata, failure) -> {
                if (failure != null) {
                    end(record, what + "; its dead letter was not delivered: " + failure.getMessage(), failure);
                    return;
                }
                LOG.log(System.Logger.Level.WARNING, what + "; it is in " + topic);
                tell(record, () -> {
                    if (dispatcher.finished(record)) deadLettered++;
                    startAll();
                });
            });
        } catch (RuntimeException e) {
            end(record, what + "; its dead letter could not be sent: " + e, e);
        }
    }

    /** The workers end because of that record, which stays unfinished; but not for an exception in what is somebody else's by now. */
    private void end(HeldRecord<ConsumerRecord<byte[], byte[]>> record, String sentence, Throwable cause) {
        boolean[] isOver = new boolean[1];
        tell(record, () -> {
            isOver[0] = dispatcher.abandoned(record) || cause instanceof Error;
            isStopped |= isOver[0];
        });
        if (isOver[0]) whenFailed.accept(new WorkersFailure(sentence, record.partition(), record.offset(), cause));
    }
}
