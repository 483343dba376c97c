package io.millrace.client.producer;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.facade.CallbackThread;
import io.millrace.client.facade.ClientThreads;
import io.millrace.client.sending.run.SendCounters;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.client.transaction.GroupOffsets;
import io.millrace.client.transaction.ProducerTransactions;
import io.millrace.client.transaction.run.TransactionLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchBuilder;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sends records to a cluster, in batches, in the background. Any number of threads may use one, platform or virtual; one
 * producer for all of them makes the best batches.
 *
 * <p>With the defaults each record is written once and, per partition, in the order of the sends, whatever is retried: acks
 * of all in-sync replicas, idempotence, five requests in flight.
 *
 * <pre>{@code
 * var options = ProducerOptions.forServers("localhost:9092");
 * try (var producer = Producer.open(options, Serializers.string(), Serializers.string())) {
 *     producer.send(new ProducerRecord<>("orders", "alice", "3 apples")).await();
 * }
 * }</pre>
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Producer<K, V> implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Producer.class.getName());
    /** Looking up names, and packing batches that are sent before they are full. */
    private static final int HELPERS = 2;

    private static final long LANE_WAIT_MS = 10_000;
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4 / 1_000_000);

    private final ProducerOptions options;
    private final Serializer<K> keySerializer;
    private final Serializer<V> valueSerializer;
    private final List<ProducerInterceptor<K, V>> interceptors;
    private final PartitionChoice choice;
    private final int maxRequestBytes;
    private final BatchMemory memory;
    private final CallbackThread callbacks;
    private final ClientThreads threads;
    private final Lane lane;
    private final Clock clock;
    private final SenderLane sender;
    private final ClusterLine cluster;
    private final @Nullable TransactionLane transactions;
    private final @Nullable TransactionCalls transactionCalls;
    private final ProducerState state;

    private Producer(
            ProducerOptions options,
            Serializer<K> keySerializer,
            Serializer<V> valueSerializer,
            List<ProducerInterceptor<K, V>> interceptors) {
        this.options = options;
        this.keySerializer = keySerializer;
        this.valueSerializer = valueSerializer;
        this.interceptors = List.copyOf(interceptors);
        this.choice = new PartitionChoice(options.partitioner(), options.ignoresKeys());
        this.maxRequestBytes = options.maxRequestBytes();
        this.memory =
                new BatchMemory(options.bufferBytes(), options.appendRules().batchBytes());
        this.callbacks = new CallbackThread(options.clientId() + "-callbacks");
        this.state = new ProducerState(options, memory, callbacks);
        this.threads = new ClientThreads(options.connection(), HELPERS, 0, 0, state::laneBroke);
        this.lane = threads.client().lane();
        this.clock = threads.client().clock();
        this.sender = new SenderLane(
                threads.client(), options.sendRules(), maxRequestBytes, options.requestTimeoutMs(), state);
        state.partitionsSendBy(lane, clock, sender);
        this.cluster = new ClusterLine(
                threads.client(),
                options.settings(),
                options.reconnects(),
                options.metadataRules(),
                options.bootstrapNodes(),
                sender);
        if (options.isTransactional()) {
            TransactionCalls calls = new TransactionCalls(options.clientId(), lane, options.maxBlockMs(), callbacks);
            TransactionLane itsTransactions = new TransactionLane(
                    threads.client(),
                    new ProducerTransactions(options.transactionalId(), options.backoff()),
                    options.transactionTimeoutMs(),
                    options.requestTimeoutMs(),
                    sender,
                    calls);
            transactionCalls = calls;
            transactions = itsTransactions;
            state.tellIfBroken(calls);
            lane.execute(() -> itsTransactions.begin(cluster));
        } else {
            transactionCalls = null;
            transactions = null;
            lane.execute(() -> sender.begin(cluster));
        }
    }

    /** A producer; it begins to connect at once, and fails only when something is sent. */
    public static <K, V> Producer<K, V> open(
            ProducerOptions options, Serializer<K> keySerializer, Serializer<V> valueSerializer) {
        return open(options, keySerializer, valueSerializer, List.of());
    }

    /**
     * A producer whose records are seen by interceptors, in their order.
     *
     * @throws IllegalArgumentException if an address is malformed
     */
    public static <K, V> Producer<K, V> open(
            ProducerOptions options,
            Serializer<K> keySerializer,
            Serializer<V> valueSerializer,
            List<ProducerInterceptor<K, V>> interceptors) {
        return new Producer<>(options, keySerializer, valueSerializer, interceptors);
    }

    /** {@link #send(ProducerRecord, SendCallback)} without a callback. */
    public Delivery send(ProducerRecord<K, V> record) {
        return send(record, null);
    }

    /**
     * Adds a record to the batch of its partition. Waits up to {@code max.block.ms} if the topic is not known yet, or all of
     * {@code buffer.memory} is in use; else it does not wait.
     *
     * @param callback is told what became of the record; null for none. If the record does not even get into a batch, it is
     *     called before this returns, on this thread
     * @return what to wait on; a record that is too large, or found no topic or memory in time, has failed already
     * @throws IllegalStateException if the producer has been closed, or is broken; or is transactional, and no transaction is
     *     open
     * @throws TransactionFailure if the transaction has failed: it is to be aborted, or the producer to be closed
     * @throws RuntimeException whatever a serializer or partitioner throws
     */
    public Delivery send(ProducerRecord<K, V> record, @Nullable SendCallback callback) {
        if (interceptors.isEmpty()) return doSend(record, callback);
        ProducerRecord<K, V> seen = record;
        for (ProducerInterceptor<K, V> each : interceptors) {
            try {
                seen = each.onSend(seen);
            } catch (RuntimeException thrown) {
                LOG.log(System.Logger.Level.WARNING, "an interceptor threw in onSend", thrown);
            }
        }
        return doSend(seen, (metadata, failure) -> {
            for (ProducerInterceptor<K, V> each : interceptors) {
                try {
                    each.onAcknowledgement(metadata, failure);
                } catch (RuntimeException thrown) {
                    LOG.log(System.Logger.Level.WARNING, "an interceptor threw in onAcknowledgement", thrown);
                }
            }
            if (callback != null) callback.onCompletion(metadata, failure);
        });
    }

    private Delivery doSend(ProducerRecord<K, V> record, @Nullable SendCallback callback) {
        state.requireOpen();
        if (transactionCalls != null) transactionCalls.requireOpen();
        byte[] key = keySerializer.serialize(record.topic(), record.headers(), record.key());
        byte[] value = valueSerializer.serialize(record.topic(), record.headers(), record.value());
        long timestamp = record.timestamp() == ProducerRecord.NOW ? clock.wallMs() : record.timestamp();
        String tooLarge = tooLarge(key, value, record);
        if (tooLarge != null) return refused(record, callback, ErrorCode.MESSAGE_TOO_LARGE, tooLarge);
        try {
            return append(record, key, value, timestamp, callback);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return refused(record, callback, ErrorCode.NETWORK_EXCEPTION, "interrupted before it was in a batch");
        }
    }

    private @Nullable String tooLarge(byte @Nullable [] key, byte @Nullable [] value, ProducerRecord<K, V> record) {
        long roughBytes = (key == null ? 0 : key.length) + (value == null ? 0L : value.length);
        if (record.headers().isEmpty() && roughBytes < maxRequestBytes / 2 && roughBytes < options.bufferBytes() / 2) {
            return null;
        }
        long bytes = BatchBuilder.mostBytesFor(key, value, record.headers());
        if (bytes > maxRequestBytes) {
            return "the record takes " + bytes + " bytes, more than max.request.size=" + maxRequestBytes;
        }
        if (bytes > memory.totalBytes()) {
            return "the record takes " + bytes + " bytes, more than buffer.memory=" + memory.totalBytes();
        }
        return null;
    }

    private Delivery append(
            ProducerRecord<K, V> record,
            byte @Nullable [] key,
            byte @Nullable [] value,
            long timestamp,
            @Nullable SendCallback callback)
            throws InterruptedException {
        TopicPartitions topic = state.topic(record.topic());
        long deadlineNanos = 0;
        if (topic.all().length == 0 || record.partition() >= topic.all().length) {
            deadlineNanos = blockDeadlineNanos();
            Delivery refused = awaitPartitions(topic, record, callback, deadlineNanos);
            if (refused != null) return refused;
        }
        int index = choice.partition(topic, record, key, value);
        TopicPartitions chosenBy = index < 0 ? topic : null;
        byte[] brought = null;
        try {
            while (true) {
                int at = chosenBy == null ? index : topic.sticky().current(topic);
                SharedPartition partition = topic.all()[at];
                Delivery delivery = partition.add(timestamp, key, value, record.headers(), callback, chosenBy, brought);
                int place = delivery.place();
                if (place >= 0) {
                    if (place == 0) brought = null; // It began a batch with it.
                    return delivery;
                }
                if (place == SharedPartition.MOVED) continue;
                if (place == SharedPartition.SHUT) {
                    state.requireOpen();
                    throw new IllegalStateException("the producer has been closed");
                }
                if (deadlineNanos == 0) deadlineNanos = blockDeadlineNanos();
                brought = memory.take(partition.memoryFor(key, value, record.headers()), deadlineNanos);
                if (brought == null) {
                    state.requireOpen();
                    return refused(record, callback, ErrorCode.REQUEST_TIMED_OUT, noMemory());
                }
            }
        } finally {
            if (brought != null) memory.giveBack(brought);
        }
    }

    private String noMemory() {
        String trouble = state.lastTrouble();
        return "no memory for a batch within max.block.ms=" + options.maxBlockMs() + ": buffer.memory="
                + memory.totalBytes() + " is in use by batches that are not acknowledged"
                + (trouble.isEmpty() ? "" : "; last trouble: " + trouble);
    }

    private long blockDeadlineNanos() {
        long blockNanos = TimeUnit.MILLISECONDS.toNanos(Math.min(options.maxBlockMs(), FOREVER.toMillis()));
        long deadlineNanos = System.nanoTime() + blockNanos;
        return deadlineNanos == 0 ? 1 : deadlineNanos;
    }

    private @Nullable Delivery awaitPartitions(
            TopicPartitions topic, ProducerRecord<K, V> record, @Nullable SendCallback callback, long deadlineNanos)
            throws InterruptedException {
        int wanted = Math.max(0, record.partition());
        int refusalsBefore = state.refusals();
        topic.awaitPartition(
                wanted,
                deadlineNanos,
                () -> lane.execute(() -> {
                    cluster.want(topic.name());
                    if (topic.all().length > 0) cluster.refresh(); // It may have got more partitions.
                }),
                () -> state.isOver() || isHopeless(topic.error()) || state.refusals() != refusalsBefore);
        state.requireOpen();
        int count = topic.all().length;
        if (wanted < count) return null;
        if (state.refusals() != refusalsBefore) // Which no waiting mends.
        return refused(record, callback, ErrorCode.SASL_AUTHENTICATION_FAILED, state.lastRefusal());
        ErrorCode error = topic.error();
        if (isHopeless(error))
            return refused(record, callback, error, "topic " + topic.name() + ": " + error.message());
        String what = count == 0
                ? "nothing known of topic " + topic.name()
                : "topic " + topic.name() + " has " + count + " partitions, and none " + wanted;
        String why = error == ErrorCode.NONE ? state.lastTrouble() : error + ", " + error.message();
        return refused(
                record,
                callback,
                error == ErrorCode.NONE ? ErrorCode.REQUEST_TIMED_OUT : error,
                what + " after max.block.ms=" + options.maxBlockMs() + (why.isEmpty() ? "" : "; " + why));
    }

    private static boolean isHopeless(ErrorCode error) {
        return error != ErrorCode.NONE && !error.isRetriable();
    }

    private Delivery refused(
            ProducerRecord<K, V> record, @Nullable SendCallback callback, ErrorCode error, String sentence) {
        Delivery failed = new Delivery(
                BatchOutcome.failed(record.topic(), record.partition(), error, sentence),
                0,
                record.timestamp(),
                -1,
                -1);
        if (callback != null) callback.onCompletion(null, failed.failure());
        return failed;
    }

    /**
     * Gets the producer its id and epoch from the cluster, which fences every older producer of the same
     * {@code transactional.id} and aborts what it left undecided. To be called once, before any transaction. Waits up to
     * {@code max.block.ms}, as the calls below do.
     *
     * @throws TransactionFailure if it is not done in time, in which case it can be called again, or the cluster refuses
     * @throws IllegalStateException if there is no {@code transactional.id}, or it has been called before
     */
    public void initTransactions() {
        state.requireOpen();
        calls().initialize(transactionLane());
    }

    /**
     * Opens a transaction: what is sent from now on belongs to it.
     *
     * @throws TransactionFailure if the last one has to be aborted first, or the producer is of no use any more
     * @throws IllegalStateException if one is open already, or {@link #initTransactions} was not called
     */
    public void beginTransaction() {
        state.requireOpen();
        calls().begin(transactionLane());
    }

    /**
     * Takes consumed offsets into the transaction: the group gets them if and when it is committed. Waits until the group's
     * coordinator has them.
     *
     * @param offsets by partition, the next offset to be read
     * @param group whose offsets they are, and which member says so; a member that is none any more is refused
     * @throws TransactionFailure if it is not done in time; or the group refuses, and the transaction is to be aborted
     * @throws IllegalStateException if no transaction is open
     */
    public void sendOffsetsToTransaction(Map<TopicPartition, CommittedOffset> offsets, ConsumerGroupMetadata group) {
        state.requireOpen();
        GroupOffsets groupOffsets = new GroupOffsets(
                group.groupId(),
                group.generation(),
                group.memberId(),
                group.groupInstanceId().orElse(null),
                offsets);
        calls().sendOffsets(transactionLane(), groupOffsets);
    }

    /**
     * Writes all that was sent in the transaction, and commits it. Afterwards no transaction is open.
     *
     * @throws TransactionFailure if it is not known in time what came of it, in which case the same call waits once more; or
     *     if a record was given up, and the transaction is to be aborted; or if the producer is fenced
     * @throws IllegalStateException if no transaction is open
     */
    public void commitTransaction() {
        state.requireOpen();
        calls().commit(transactionLane());
    }

    /**
     * Gives up what was not written yet, and aborts the transaction. Afterwards no transaction is open.
     *
     * @throws TransactionFailure if it is not known in time what came of it, in which case the same call waits once more; or
     *     if the producer is of no use any more
     * @throws IllegalStateException if no transaction is open
     */
    public void abortTransaction() {
        state.requireOpen();
        calls().abort(transactionLane());
    }

    private TransactionCalls calls() {
        TransactionCalls calls = transactionCalls;
        if (calls == null) throw new IllegalStateException("the producer has no transactional.id");
        return calls;
    }

    private TransactionLane transactionLane() {
        TransactionLane known = transactions;
        if (known == null) throw new IllegalStateException("the producer has no transactional.id");
        return known;
    }

    /**
     * Sends what has been handed in so far without lingering, and waits until it is known what became of all of it.
     *
     * @throws SendFailure if the thread is interrupted, which it then still is
     */
    public void flush() {
        flush(FOREVER);
    }

    /**
     * Sends what has been handed in so far without lingering, and waits until it is known what became of all of it.
     *
     * @return false if it was not known of all in time
     * @throws SendFailure if the thread is interrupted, which it then still is
     */
    public boolean flush(Duration timeout) {
        if (callbacks.isCurrent()) throw new IllegalStateException("a callback cannot wait for what comes after it");
        List<BatchOutcome> all = state.incomplete();
        if (all.isEmpty()) return true;
        long deadlineNanos = System.nanoTime() + nanos(timeout);
        lane.execute(sender::beginFlush);
        try {
            for (BatchOutcome each : all) if (!each.awaitAll(deadlineNanos)) return false;
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SendFailure(ErrorCode.NETWORK_EXCEPTION, "interrupted while flushing", true);
        } finally {
            lane.execute(sender::endFlush);
        }
    }

    private static long nanos(Duration timeout) {
        return timeout.compareTo(FOREVER) >= 0 ? FOREVER.toNanos() : Math.max(0, timeout.toNanos());
    }

    /**
     * The partitions of a topic; waits for them as {@link #send} does.
     *
     * @throws SendFailure if the topic is not known in time, or is refused
     */
    public List<PartitionInfo> partitionsFor(String topicName) {
        state.requireOpen();
        TopicPartitions topic = state.topic(topicName);
        if (topic.all().length == 0) {
            try {
                Delivery refused =
                        awaitPartitions(topic, new ProducerRecord<>(topicName, null), null, blockDeadlineNanos());
                SendFailure failure = refused == null ? null : refused.failure();
                if (failure != null) throw failure;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SendFailure(ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting for a topic", false);
            }
        }
        return topic.describe();
    }

    /** What the producer has done so far, by the names of Kafka's producer metrics; empty once it is closed. */
    public Map<String, Double> metrics() {
        SendCounters.Snapshot counts = onLane(() -> sender.counters().snapshot());
        return counts == null ? Map.of() : ProducerMetrics.of(counts, memory);
    }

    /** Runs something on the lane and waits for it; null if the lane does not do it in time. */
    private <T> @Nullable T onLane(java.util.function.Supplier<T> what) {
        if (state.isBroken()) return null;
        CompletableFuture<T> done = new CompletableFuture<>();
        lane.execute(() -> done.complete(what.get()));
        try {
            return done.get(LANE_WAIT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException | TimeoutException e) {
            return null;
        }
    }

    /**
     * {@link #close(Duration)} that waits as long as it takes, which is {@code delivery.timeout.ms} at most, and
     * {@code max.block.ms} for the end of a transaction.
     */
    @Override
    public void close() {
        close(FOREVER);
    }

    /**
     * Takes no more records, sends what was handed in, and ends. What is not delivered in time fails. A transaction that is
     * open is aborted.
     *
     * @param timeout how long to wait for deliveries and callbacks; zero fails them at once
     */
    public void close(Duration timeout) {
        if (!state.close()) return;
        long deadlineNanos = System.nanoTime() + nanos(timeout);
        if (!state.isBroken()) {
            onLane(() -> true); // Partitions that become known from here on are born closed.
            state.closePartitions();
            if (!timeout.isZero() && !callbacks.isCurrent()) {
                if (transactionCalls != null) transactionCalls.endBeforeClose(transactionLane(), deadlineNanos);
                flushBeforeClose(deadlineNanos);
            }
            onLane(() -> {
                if (transactions != null) transactions.close();
                sender.close("the producer was closed before it was delivered");
                return true;
            });
        }
        if (!threads.stop(LANE_WAIT_MS)) LOG.log(System.Logger.Level.WARNING, "the lane did not stop in time");
        callbacks.stop();
        try {
            if (!timeout.isZero()) callbacks.awaitEnd(deadlineNanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void flushBeforeClose(long deadlineNanos) {
        try {
            flush(Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        } catch (SendFailure interrupted) {
            LOG.log(System.Logger.Level.DEBUG, "closing did not wait to the end", interrupted);
        }
    }
}
