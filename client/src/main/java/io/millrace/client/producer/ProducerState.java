package io.millrace.client.producer;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.facade.CallbackThread;
import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.SendResult;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the threads of an application and the lane both see of a producer: its topics, its batches that have not ended, and
 * whether it is closed or broken. The lane tells it what it learns.
 */
final class ProducerState implements BatchOutcome.Owner, SenderLane.Listener {
    private static final System.Logger LOG = System.getLogger(Producer.class.getName());
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final String clientId;
    private final AppendRules appendRules;
    private final boolean isAdaptive;
    private final BatchMemory memory;
    private final CallbackThread callbacks;
    private final PackingPlaces packing = new PackingPlaces();
    private final ConcurrentHashMap<String, TopicPartitions> topics = new ConcurrentHashMap<>();
    private final Set<BatchOutcome> incomplete = ConcurrentHashMap.newKeySet();
    private @Nullable Partitioning partitioning;
    private volatile @Nullable TopicPartitions lastTopic; // Saves a look-up in all but the first of a row.
    private volatile boolean isClosed;
    private volatile @Nullable Throwable broken;
    private volatile @Nullable TransactionCalls transactionCalls;
    private volatile String lastTrouble = "";
    private volatile String lastRefusal = "";
    private volatile int refusals;
    private long quietUntilNanos = System.nanoTime();

    /** What a partition needs to be made; known before the first topic is. */
    private record Partitioning(Lane lane, Clock clock, SenderLane sender) {}

    ProducerState(ProducerOptions options, BatchMemory memory, CallbackThread callbacks) {
        this.clientId = options.clientId();
        this.appendRules = options.appendRules();
        this.isAdaptive = options.isAdaptive();
        this.memory = memory;
        this.callbacks = callbacks;
    }

    /** Says where partitions send; before the sender begins. */
    void partitionsSendBy(Lane lane, Clock clock, SenderLane sender) {
        partitioning = new Partitioning(lane, clock, sender);
    }

    /** Has these told if the lane breaks. */
    void tellIfBroken(TransactionCalls calls) {
        transactionCalls = calls;
    }

    void requireOpen() {
        Throwable cause = broken;
        if (cause != null) throw new IllegalStateException("the producer is broken: " + cause, cause);
        if (isClosed) throw new IllegalStateException("the producer has been closed");
    }

    boolean isBroken() {
        return broken != null;
    }

    /** Whether nothing is to be waited for any more. */
    boolean isOver() {
        return isClosed || broken != null;
    }

    /** What went wrong last that is tried again; empty if nothing did. */
    String lastTrouble() {
        return lastTrouble;
    }

    /** How often a broker has not let this client in. */
    int refusals() {
        return refusals;
    }

    /** What the last one said that did not; of no meaning before one did. */
    String lastRefusal() {
        return lastRefusal;
    }

    /** The topic of that name, of which nothing need be known yet. */
    TopicPartitions topic(String name) {
        TopicPartitions last = lastTopic;
        if (last != null && last.name().equals(name)) return last;
        TopicPartitions known = topics.computeIfAbsent(
                name, fresh -> new TopicPartitions(fresh, new StickyPartition(appendRules.batchBytes(), isAdaptive)));
        lastTopic = known;
        return known;
    }

    /** Closes it; false if it was. */
    synchronized boolean close() {
        if (isClosed) return false;
        isClosed = true;
        memory.close();
        wakeAll();
        return true;
    }

    private void wakeAll() {
        for (TopicPartitions topic : topics.values()) topic.wakeAll();
    }

    /** Has all partitions that are known take no more records. Those that become known later do not begin to. */
    void closePartitions() {
        for (TopicPartitions topic : topics.values()) for (SharedPartition each : topic.all()) each.close();
    }

    /** The batches of which it is not known yet what became of them. */
    List<BatchOutcome> incomplete() {
        return new ArrayList<>(incomplete);
    }

    @Override
    public void opened(BatchOutcome batch) {
        incomplete.add(batch);
        if (broken != null) requireOpen();
    }

    @Override
    public void ended(BatchOutcome batch) {
        incomplete.remove(batch);
        TopicPartitions topic = topics.get(batch.topic());
        SharedPartition partition = topic == null ? null : topic.partition(batch.partition());
        if (partition != null) partition.batchEnded();
    }

    @Override
    public void released(byte[] batchMemory) {
        memory.giveBack(batchMemory);
    }

    @Override
    public CallbackThread callbacks() {
        return callbacks;
    }

    @Override
    public PackingPlaces packing() {
        return packing;
    }

    @Override
    public void onView(ClusterView view) {
        for (TopicPartitions topic : topics.values()) {
            ClusterTopic known = view.topic(topic.name());
            if (known != null) topic.learn(known, index -> newPartition(topic.name(), index));
        }
    }

    private SharedPartition newPartition(String topic, int index) {
        Partitioning by = partitioning;
        if (by == null) throw new IllegalStateException("topics are known before there is a sender");
        SharedPartition fresh =
                new SharedPartition(topic, index, by.lane(), by.clock(), by.sender(), appendRules, this);
        if (isClosed) fresh.close();
        return fresh;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // Only the lane counts.
    public void onLoginRefused(String sentence) {
        lastRefusal = sentence;
        refusals++;
        TransactionCalls calls = transactionCalls;
        if (calls != null) calls.loginRefused(sentence);
        wakeAll();
    }

    @Override
    public void onTrouble(String sentence) {
        lastTrouble = sentence;
        if (System.nanoTime() - quietUntilNanos < 0) return;
        quietUntilNanos = System.nanoTime() + QUIET_NANOS;
        LOG.log(System.Logger.Level.WARNING, clientId + ": " + sentence);
    }

    /** The lane has ended by an exception: nothing is sent any more. */
    void laneBroke(Throwable cause) {
        broken = cause;
        LOG.log(System.Logger.Level.ERROR, "the producer is broken", cause);
        memory.close();
        TransactionCalls calls = transactionCalls;
        if (calls != null) calls.broke(cause);
        wakeAll();
        SendResult.Failed failure = new SendResult.Failed(
                ErrorCode.UNKNOWN_SERVER_ERROR, "the producer is broken: " + cause, Map.of(), true);
        for (BatchOutcome each : incomplete) each.abandon(failure);
    }
}
