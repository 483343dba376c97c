package io.millrace.client.worker;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.Deserializer;
import io.millrace.client.consumer.Deserializers;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Handles the records of a consumer on many threads at once, so that a slow handler needs no more partitions, and keeps what Kafka
 * promises: records are handled in the order of their partition, or of their key, as {@link WorkerOptions#order} says; and nothing
 * is lost, as a partition is committed only as far as all its records are finished. Which records behind that are finished goes along
 * in the commit's metadata, and whoever has the partition next passes over them: after a rebalance, or an end, that waited for its
 * handlers, nothing is handled again; after a crash what was finished since the last commit is, and what was being handled. (It has
 * room for some 700 gaps; behind the last one that fits, what is finished is handled again.)
 *
 * <p>A record whose handler throws is handed to it again after a while, without holding a thread meanwhile; records that wait for it
 * by their order wait. If that does not help, the workers end, pass over it, or send it to a dead-letter topic.
 *
 * <pre>{@code
 * var consumer = ConsumerOptions.forServers("localhost:9092").with("group.id", "billing");
 * var options = WorkerOptions.of(200, RecordOrder.KEY)
 *         .deadLettersTo("orders.dead", ProducerOptions.forServers("localhost:9092"));
 * try (var workers = RecordWorkers.open(
 *         consumer, Deserializers.string(), Deserializers.string(), options, order -> bill(order.value()))) {
 *     workers.subscribe(List.of("orders"));
 *     workers.await(); // Until stop() or close() is called, or something fails, which it throws.
 * }
 * }</pre>
 *
 * <p>It has a consumer of its own, which one thread of its own polls all the time, however slow the handlers are; partitions that
 * hold much unfinished work are paused. Offsets are committed every {@link WorkerOptions#commitIntervalMs}, when partitions are let
 * go, and at the end. In a rebalance it starts no more records of the partitions that go, waits for those that have begun, and
 * commits; while that takes, the group waits, as long as {@link WorkerOptions#handOverMs} at most.
 */
public final class RecordWorkers implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RecordWorkers.class.getName());
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final PollLoop loop;
    private final HandlerPool<?, ?> pool;
    private final WorkerOptions options;
    private final Thread thread;
    private final AtomicBoolean hasBegun = new AtomicBoolean();
    private final AtomicReference<@Nullable WorkersFailure> failure = new AtomicReference<>();
    private final CountDownLatch ended = new CountDownLatch(1);

    private <K, V> RecordWorkers(
            ConsumerOptions consumerOptions,
            Deserializer<K> keys,
            Deserializer<V> values,
            WorkerOptions options,
            RecordHandler<K, V> handler) {
        this.options = options;
        String groupId = consumerOptions.get("group.id");
        String name = consumerOptions.get("client.id");
        if (groupId.isEmpty()) throw new IllegalArgumentException("group.id is missing: workers commit for a group");
        if (consumerOptions.isSet("enable.auto.commit")
                && consumerOptions.get("enable.auto.commit").equals("true"))
            throw new IllegalArgumentException(
                    "enable.auto.commit is true; workers commit what is finished, which is not all that was polled");
        long maxPollMs = Long.parseLong(consumerOptions.get("max.poll.interval.ms"));
        if (options.handOverMs() >= maxPollMs)
            throw new IllegalArgumentException("a rebalance is to wait " + options.handOverMs()
                    + " ms for handlers, and max.poll.interval.ms is " + maxPollMs + "; want less");
        DeadLetters deadLetters =
                options.whenGivenUp() instanceof WhenGivenUp.DeadLetter how ? new DeadLetters(how, groupId) : null;
        Consumer<byte[], byte[]> consumer = Consumer.open(
                consumerOptions.with("enable.auto.commit", false), Deserializers.bytes(), Deserializers.bytes());
        HandlerPool<K, V> itsPool =
                new HandlerPool<>(options, name, keys, values, handler, deadLetters, consumer::wakeup, this::failed);
        this.pool = itsPool;
        this.loop = new PollLoop(consumer, itsPool, options, deadLetters, this::failed);
        this.thread = new Thread(this::run, name + "-workers");
        thread.setDaemon(true);
    }

    /**
     * Workers that have nothing to do yet.
     *
     * @param consumerOptions with a {@code group.id}; {@code enable.auto.commit} is false for them
     * @param keys called by many threads at once, on those that handle
     * @param values called by many threads at once, on those that handle; a record that cannot be deserialized is given up at once
     * @throws IllegalArgumentException saying which of the options do not go together
     */
    public static <K, V> RecordWorkers open(
            ConsumerOptions consumerOptions,
            Deserializer<K> keys,
            Deserializer<V> values,
            WorkerOptions options,
            RecordHandler<K, V> handler) {
        return new RecordWorkers(consumerOptions, keys, values, options, handler);
    }

    /**
     * Begins to handle the records of these topics, as a member of the group.
     *
     * @throws IllegalArgumentException if one of them is the dead-letter topic
     * @throws IllegalStateException if they have begun before
     */
    public void subscribe(Collection<String> topics) {
        List<String> all = List.copyOf(topics);
        if (options.whenGivenUp() instanceof WhenGivenUp.DeadLetter how && all.contains(how.topic()))
            throw new IllegalArgumentException(how.topic() + " is the dead-letter topic, and subscribed to");
        begin(() -> loop.subscribe(all));
    }

    /** As {@link #subscribe(Collection)}, all topics whose whole names match. */
    public void subscribe(Pattern pattern) {
        if (options.whenGivenUp() instanceof WhenGivenUp.DeadLetter how
                && pattern.matcher(how.topic()).matches())
            throw new IllegalArgumentException(how.topic() + " is the dead-letter topic, and matches " + pattern);
        begin(() -> loop.subscribe(pattern));
    }

    /** Begins to handle the records of exactly these partitions, and commits for the group without being a member of it. */
    public void assign(Collection<TopicPartition> partitions) {
        List<TopicPartition> all = List.copyOf(partitions);
        begin(() -> loop.assign(all));
    }

    private void begin(Runnable reading) {
        if (!hasBegun.compareAndSet(false, true)) throw new IllegalStateException("the workers have begun before");
        loop.readsBy(reading);
        thread.start();
    }

    private void run() {
        try {
            loop.run();
        } finally {
            ended.countDown();
        }
    }

    private void failed(WorkersFailure why) {
        if (failure.compareAndSet(null, why))
            LOG.log(System.Logger.Level.ERROR, String.valueOf(why.getMessage()), why.getCause());
        loop.stop(options.handOverMs());
    }

    /**
     * Waits until the workers have ended.
     *
     * @throws WorkersFailure if they ended by themselves
     * @throws IllegalStateException if they have not begun, or this is a handler
     */
    public void await() throws InterruptedException {
        requireOutside();
        ended.await();
        throwFailure();
    }

    /** As {@link #await()}, that long at most; false if they have not ended then. */
    public boolean await(Duration timeout) throws InterruptedException {
        requireOutside();
        boolean hasEnded = ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
        throwFailure();
        return hasEnded;
    }

    private void requireOutside() {
        if (!hasBegun.get()) throw new IllegalStateException("the workers have not begun");
        if (pool.isHandler()) throw new IllegalStateException("a handler cannot wait for its own end; it can stop()");
    }

    private void throwFailure() {
        WorkersFailure why = failure.get();
        if (why != null && ended.getCount() == 0) throw why;
    }

    /** What has been done so far. */
    public WorkerCounts counts() {
        return pool.counts();
    }

    /** Begins to end, as {@link #close()} does, and does not wait. Any thread may call it, a handler too. */
    public void stop() {
        loop.stop(CLOSE_TIMEOUT.toMillis());
    }

    /** {@link #close(Duration)} with half a minute. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    /**
     * Starts no more records, waits for those that have begun, commits, and leaves the group. Handlers that have not ended in time
     * are interrupted; their records are not committed, and will be handled again.
     *
     * @param timeout how long to wait for handlers; what the cluster is to be told then takes a few seconds more at most
     * @throws IllegalStateException if this is a handler
     */
    public void close(Duration timeout) {
        if (hasBegun.compareAndSet(false, true)) {
            loop.end();
            ended.countDown();
            return;
        }
        if (pool.isHandler()) throw new IllegalStateException("a handler cannot wait for its own end; it can stop()");
        loop.stop(timeout.toMillis());
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
