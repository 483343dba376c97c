package io.millrace.client.producer;

import io.millrace.client.sending.AppendRules;
import io.millrace.client.sending.Batch;
import io.millrace.client.sending.PartitionAppender;
import io.millrace.client.sending.run.OpenBatches;
import io.millrace.client.sending.run.PartitionLine;
import io.millrace.client.sending.run.SenderLane;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.RecordHeader;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The open batch of one partition, which sending threads and the lane share. Its lock is held while one record is written,
 * never while anything is waited for, and the lane does not wait for it at all: where it finds it taken, it leaves word, and
 * whoever holds it ends the batch.
 */
final class SharedPartition implements OpenBatches {
    /** Places of what is no delivery. */
    static final int NEEDING_MEMORY = -1;

    static final int MOVED = -2;

    static final int SHUT = -3;

    /** A record was not added: its batch needs memory. */
    static final Delivery NEEDS_MEMORY = obstacle(NEEDING_MEMORY);

    /** A record was not added: another partition is the chosen one by now. */
    static final Delivery MOVED_ON = obstacle(MOVED);

    /** A record was not added: the producer has been closed. */
    static final Delivery CLOSED = obstacle(SHUT);

    private final String topic;
    private final int partition;
    private final Lane lane;
    private final Clock clock;
    private final SenderLane sender;
    private final BatchOutcome.Owner owner;
    private final PartitionAppender appender;
    private final PartitionLine line;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable BatchOutcome outcome;
    /** Batches that sending threads have handed in; under the lock. */
    private long handedIn;
    /** How many of those the lane has got. On the lane. */
    private long received;

    private boolean isClosed;
    private volatile boolean isSealWanted;
    /** Counted under the lock, and shown to all. */
    private long openedCount;

    private volatile long opened;
    /** Counted on the lane, and shown to all. */
    private long endedCount;

    private volatile long ended;

    /** Made on the lane. */
    SharedPartition(
            String topic,
            int partition,
            Lane lane,
            Clock clock,
            SenderLane sender,
            AppendRules rules,
            BatchOutcome.Owner owner) {
        this.topic = topic;
        this.partition = partition;
        this.lane = lane;
        this.clock = clock;
        this.sender = sender;
        this.owner = owner;
        this.appender = new PartitionAppender(rules);
        this.line = sender.add(topic, partition, this);
    }

    int partition() {
        return partition;
    }

    /** Batches that were begun and of which it is not known yet what became of them. */
    int batchesOnTheirWay() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, opened - ended));
    }

    /** How much memory a batch wants that begins with this record. */
    int memoryFor(byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        return appender.memoryFor(key, value, headers);
    }

    private static Delivery obstacle(int place) {
        return new Delivery(new BatchOutcome("", -1, new byte[0], NobodyOwns.IT), place, -1, -1, -1);
    }

    /**
     * Adds a record, if it can be done now.
     *
     * @param chosenBy who chose the partition if nobody asked for it, else null
     * @param memory for a new batch, should there be need of one; null if none was brought along. It is taken if and only if
     *     the record became the first of its batch
     * @return the record's delivery; or one of {@link #NEEDS_MEMORY}, {@link #MOVED_ON}, {@link #CLOSED}
     */
    Delivery add(
            long timestamp,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers,
            @Nullable SendCallback callback,
            @Nullable TopicPartitions chosenBy,
            byte @Nullable [] memory) {
        Batch toPack = null;
        lock.lock();
        try {
            if (isClosed) return CLOSED;
            StickyPartition sticky = chosenBy == null ? null : chosenBy.sticky();
            if (sticky != null && !sticky.isStill(partition)) return MOVED_ON;
            int place = appender.append(timestamp, key, value, headers);
            if (place < 0) {
                boolean isFull = place == PartitionAppender.FULL;
                if (isFull) toPack = seal();
                if (sticky != null && chosenBy != null && sticky.moveOn(chosenBy, partition, isFull)) {
                    return MOVED_ON;
                }
                if (memory == null) return NEEDS_MEMORY;
                open(memory);
                place = appender.append(timestamp, key, value, headers);
            }
            int keyBytes = key == null ? -1 : key.length;
            int valueBytes = value == null ? -1 : value.length;
            if (sticky != null) sticky.added(Math.max(0, keyBytes) + Math.max(0, valueBytes));
            return delivery(place, timestamp, keyBytes, valueBytes, callback);
        } finally {
            lock.unlock();
            if (toPack != null) pack(toPack);
            if (isSealWanted) sealAsAsked();
        }
    }

    private Delivery delivery(
            int place, long timestamp, int keyBytes, int valueBytes, @Nullable SendCallback callback) {
        BatchOutcome batch = outcome;
        if (batch == null || place < 0) throw new IllegalStateException("a record was added to no batch");
        if (callback == null) {
            batch.added(place);
            return new Delivery(batch, place, timestamp, keyBytes, valueBytes);
        }
        CallbackDelivery delivery = new CallbackDelivery(batch, place, timestamp, keyBytes, valueBytes, callback);
        batch.added(delivery);
        return delivery;
    }

    private void open(byte[] memory) {
        BatchOutcome fresh = new BatchOutcome(topic, partition, memory, owner);
        outcome = fresh;
        long nowMs = clock.monotonicMs();
        appender.open(memory, fresh, nowMs);
        opened = ++openedCount;
        owner.opened(fresh);
        lane.execute(() -> sender.opened(line, nowMs));
    }

    /** Ends the open batch and hands it in, under the lock, so that batches are handed in in order; the batch if it is to be packed. */
    private @Nullable Batch seal() {
        isSealWanted = false;
        Batch batch = appender.seal();
        outcome = null;
        if (batch == null) return null;
        handedIn++;
        lane.execute(() -> {
            received++;
            sender.sealed(line, batch);
        });
        return batch.isToBePacked() ? batch : null;
    }

    private void pack(Batch batch) {
        try {
            owner.packing().pack(batch);
        } catch (CompressionUnavailable e) {
            lane.execute(() -> sender.notPacked(line, batch, String.valueOf(e.getMessage())));
            return;
        }
        appender.packed(batch);
        lane.execute(() -> sender.packed(line, batch));
    }

    private void sealAsAsked() {
        while (isSealWanted && lock.tryLock()) {
            Batch toPack = null;
            try {
                if (isSealWanted) toPack = seal();
            } finally {
                lock.unlock();
            }
            if (toPack != null) pack(toPack);
        }
    }

    @Override
    public @Nullable Batch trySeal() {
        if (!lock.tryLock()) {
            // Whoever holds the lock looks at this after having given it up; if that was just now, it is ours.
            isSealWanted = true;
            if (!lock.tryLock()) return null;
        }
        try {
            isSealWanted = false;
            // Batches before the open one are still on their way to the lane, and word of the open one behind them.
            if (handedIn != received) return null;
            outcome = null;
            return appender.seal();
        } finally {
            lock.unlock();
        }
    }

    /** One of its batches has ended. On the lane. */
    void batchEnded() {
        ended = ++endedCount;
    }

    /** No record is added any more. On a thread that may wait. */
    void close() {
        lock.lock();
        try {
            isClosed = true;
        } finally {
            lock.unlock();
        }
    }
}
