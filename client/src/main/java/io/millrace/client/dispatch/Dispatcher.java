package io.millrace.client.dispatch;

import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the records of a consumer to many handlers at once. Each record it was given is handed out, until it is {@link
 * #finished}, in the order that {@link RecordOrder} says: a record that failed and is tried again later holds up those that wait for
 * it, and no others. A partition may be committed as far as its records are finished without a gap.
 *
 * <p>Records are started in the order in which they could be. Partitions are paused when they hold as much as {@link
 * DispatchLimits} allows, and resumed at half of that, so that pausing is rare.
 *
 * <p>A partition that is let go is forgotten with all that was not finished. If it is assigned again while handlers from before
 * still run, its records wait for them: no two handlers have records of a lane at once.
 *
 * @param <R> what the one who handles a record knows it as
 */
public final class Dispatcher<R> {
    /** What follows from a failure. */
    public enum Verdict {
        /** It is handed out again later. */
        RETRIED,
        /** It is not; it stays unfinished, and those that wait for it wait, until it is said to be {@link #finished}. */
        GIVEN_UP,
        /** Its partition was let go: somebody else handles it. */
        FORGOTTEN
    }

    /** Partitions of which nothing is to be polled from now on, and those of which something is again. */
    public record Flow(List<TopicPartition> pause, List<TopicPartition> resume) {}

    private final RecordOrder order;
    private final DispatchLimits limits;
    private final RetryRules retries;
    private final Map<TopicPartition, PartitionWork<R>> works = new HashMap<>();
    /** Handlers that still run for partitions that were let go. */
    private final Map<TopicPartition, Integer> orphans = new HashMap<>();
    /** First ones of their lanes, to be handed out when there is room. */
    private final ArrayDeque<HeldRecord<R>> ready = new ArrayDeque<>();

    private final PriorityQueue<HeldRecord<R>> delayed = new PriorityQueue<>(
            Comparator.<HeldRecord<R>>comparingLong(each -> each.dueAtMs).thenComparingLong(each -> each.delayNumber));
    private long delayCount;
    private int running;
    private int held;
    private long heldBytes;
    private boolean isFull;
    private boolean isAheadTold = true;

    /** Has no partitions. */
    public Dispatcher(RecordOrder order, DispatchLimits limits, RetryRules retries) {
        this.order = order;
        this.limits = limits;
        this.retries = retries;
    }

    /** This partition's records are handled here from now on; nothing if they are already. */
    public void assign(TopicPartition partition) {
        assign(partition, null);
    }

    /**
     * The same, from what was committed on.
     *
     * @param committed if it says, as {@link #uncommitted()} has it do, that records behind it are finished, those are finished as
     *     soon as they are added; null for nothing
     */
    public void assign(TopicPartition partition, @Nullable CommittedOffset committed) {
        works.computeIfAbsent(partition, fresh -> new PartitionWork<>(fresh, cursor(committed)));
    }

    private static AheadCursor cursor(@Nullable CommittedOffset committed) {
        if (committed == null) return new AheadCursor(0, FinishedAhead.NONE);
        return new AheadCursor(committed.offset(), FinishedAhead.of(committed.offset(), committed.metadata()));
    }

    /** Says from now on nothing of records behind the offset that may be committed: the brokers do not take so much. */
    public void commitOffsetsOnly() {
        isAheadTold = false;
    }

    /**
     * A record was polled. Its offset is above all of its partition before; if it is not, the log was truncated, and what is held of
     * it is forgotten, as if the partition had been let go and assigned again.
     *
     * @param bytes of its key and value
     * @param key compared by equals; null for none
     * @throws IllegalStateException if its partition is not assigned
     */
    public void add(
            TopicPartition partition, long offset, int leaderEpoch, long bytes, @Nullable Object key, R content) {
        PartitionWork<R> work = works.get(partition);
        if (work == null) throw new IllegalStateException(partition + " is not assigned");
        if (!work.watermark.isNext(offset)) work = begunAnew(work);
        Object laneKey = switch (order) {
            case PARTITION -> partition;
            case KEY -> key;
            case NONE -> null;
        };
        work.watermark.add(offset, leaderEpoch);
        if (work.ahead.isFinished(offset, leaderEpoch)) {
            work.watermark.finish(offset);
            return;
        }
        HeldRecord<R> record = new HeldRecord<>(work, offset, bytes, laneKey, content);
        work.unfinished++;
        work.unfinishedBytes += bytes;
        held++;
        heldBytes += bytes;
        if (work.enqueue(record)) makeReady(record);
    }

    private PartitionWork<R> begunAnew(PartitionWork<R> old) {
        PartitionWork<R> fresh = new PartitionWork<>(old.partition, cursor(null));
        fresh.isPaused = old.isPaused;
        fresh.isStopped = old.isStopped;
        forget(List.of(old.partition));
        works.put(old.partition, fresh);
        return fresh;
    }

    private void makeReady(HeldRecord<R> record) {
        record.state = HeldRecord.State.WAITING;
        if (orphans.containsKey(record.work.partition)) record.work.heldBack.add(record);
        else ready.add(record);
    }

    /** The next record to be handled; null if there is none that may start now. It is to be told of by one of the calls below. */
    public @Nullable HeldRecord<R> next(long nowMs) {
        for (HeldRecord<R> due = delayed.peek(); due != null && due.dueAtMs <= nowMs; due = delayed.peek()) {
            delayed.remove();
            if (!isOver(due)) makeReady(due);
        }
        if (running >= limits.concurrency()) return null;
        for (HeldRecord<R> record = ready.poll(); record != null; record = ready.poll()) {
            if (isOver(record)) continue;
            record.state = HeldRecord.State.RUNNING;
            record.work.running++;
            running++;
            return record;
        }
        return null;
    }

    private boolean isOver(HeldRecord<R> record) {
        return record.work.isForgotten || record.work.isStopped;
    }

    /** It was handled, or there is no more to be done about it. False if its partition was let go before. */
    public boolean finished(HeldRecord<R> record) {
        if (!leaves(record, HeldRecord.State.FINISHED)) return false;
        PartitionWork<R> work = record.work;
        work.watermark.finish(record.offset);
        work.unfinished--;
        work.unfinishedBytes -= record.bytes;
        held--;
        heldBytes -= record.bytes;
        HeldRecord<R> next = work.dequeue(record);
        if (next != null) makeReady(next);
        return true;
    }

    /**
     * Its handler failed.
     *
     * @param isRetriable whether another attempt may go better
     * @param randomBits any number; it spreads retries
     */
    public Verdict failed(HeldRecord<R> record, boolean isRetriable, long nowMs, long randomBits) {
        if (record.work.isForgotten) {
            leaves(record, HeldRecord.State.FINISHED);
            return Verdict.FORGOTTEN;
        }
        requireRunning(record);
        if (record.failures++ == 0) record.firstFailedAtMs = nowMs;
        long waitMs = retries.backoff().waitMs(record.failures, randomBits);
        if (!isRetriable || !retries.allows(record.failures, nowMs - record.firstFailedAtMs, waitMs))
            return Verdict.GIVEN_UP;
        delay(record, nowMs + waitMs);
        return Verdict.RETRIED;
    }

    /** It is to be handed out again, not before that time, and that is no failure. False if its partition was let go before. */
    public boolean postponed(HeldRecord<R> record, long dueAtMs) {
        if (record.work.isForgotten) return leaves(record, HeldRecord.State.FINISHED);
        requireRunning(record);
        delay(record, dueAtMs);
        return true;
    }

    /**
     * It is not handed out again, and never finished: its partition is committed no further. False if its partition was let go
     * before.
     */
    public boolean abandoned(HeldRecord<R> record) {
        return leaves(record, HeldRecord.State.DELAYED);
    }

    private void delay(HeldRecord<R> record, long dueAtMs) {
        leaves(record, HeldRecord.State.DELAYED);
        record.dueAtMs = dueAtMs;
        record.delayNumber = delayCount++;
        delayed.add(record);
    }

    /** A handler is done with a record. False if its partition was let go before. */
    private boolean leaves(HeldRecord<R> record, HeldRecord.State then) {
        requireRunning(record);
        record.state = then;
        running--;
        PartitionWork<R> work = record.work;
        work.running--;
        if (!work.isForgotten) return true;
        int left = orphans.getOrDefault(work.partition, 0) - 1;
        if (left > 0) {
            orphans.put(work.partition, left);
            return false;
        }
        orphans.remove(work.partition);
        PartitionWork<R> now = works.get(work.partition);
        if (now == null) return false;
        ready.addAll(now.heldBack);
        now.heldBack.clear();
        return false;
    }

    private static void requireRunning(HeldRecord<?> record) {
        if (record.state != HeldRecord.State.RUNNING) throw new IllegalStateException(record + " is " + record.state);
    }

    /** Starts no more records of these partitions, which are about to be let go. */
    public void stop(Collection<TopicPartition> partitions) {
        for (TopicPartition each : partitions) {
            PartitionWork<R> work = works.get(each);
            if (work != null) work.isStopped = true;
        }
    }

    /** Starts no more records at all. */
    public void stop() {
        stop(List.copyOf(works.keySet()));
    }

    /** How many records of these partitions are being handled. */
    public int running(Collection<TopicPartition> partitions) {
        int count = 0;
        for (TopicPartition each : partitions) {
            PartitionWork<R> work = works.get(each);
            if (work != null) count += work.running;
        }
        return count;
    }

    /** Lets these partitions go, with all of their records that are not finished. Returns how many those are. */
    public int forget(Collection<TopicPartition> partitions) {
        int count = 0;
        for (TopicPartition each : partitions) {
            PartitionWork<R> work = works.remove(each);
            if (work == null) continue;
            work.isForgotten = true;
            held -= work.unfinished;
            heldBytes -= work.unfinishedBytes;
            count += work.unfinished;
            if (work.running > 0) orphans.put(each, orphans.getOrDefault(each, 0) + work.running);
        }
        ready.removeIf(each -> each.work.isForgotten);
        delayed.removeIf(each -> each.work.isForgotten);
        return count;
    }

    /**
     * What may be committed, of these partitions, and has not been. Its metadata says which records behind the offset are finished,
     * for who has the partition next.
     */
    public Map<TopicPartition, CommittedOffset> uncommitted(Collection<TopicPartition> partitions) {
        Map<TopicPartition, CommittedOffset> offsets = new TreeMap<>();
        for (TopicPartition each : partitions) {
            PartitionWork<R> work = works.get(each);
            CommittedOffset offset = work == null ? null : work.uncommitted(isAheadTold);
            if (offset != null) offsets.put(each, offset);
        }
        return offsets;
    }

    /** What may be committed and has not been. */
    public Map<TopicPartition, CommittedOffset> uncommitted() {
        return uncommitted(works.keySet());
    }

    /** These have been committed. */
    public void committed(Map<TopicPartition, CommittedOffset> offsets) {
        offsets.forEach((partition, offset) -> {
            PartitionWork<R> work = works.get(partition);
            if (work != null) work.committed = offset;
        });
    }

    /** Which partitions are to be paused and resumed since the last time, for the caller to do. */
    public Flow flow() {
        List<TopicPartition> pause = new ArrayList<>();
        List<TopicPartition> resume = new ArrayList<>();
        isFull = isFull();
        for (PartitionWork<R> work : works.values()) {
            work.isFull = isFull(work);
            boolean isPaused = isFull || work.isFull;
            if (isPaused != work.isPaused) (isPaused ? pause : resume).add(work.partition);
            work.isPaused = isPaused;
        }
        return new Flow(pause, resume);
    }

    /** Whether {@link #flow} has something to be done about this record's partition. */
    public boolean wantsFlow(HeldRecord<R> record) {
        PartitionWork<R> work = record.work;
        return !work.isForgotten && (isFull() || isFull(work)) != work.isPaused;
    }

    private boolean isFull() {
        return isFull(held, limits.records(), isFull) || isFull(heldBytes, limits.bytes(), isFull);
    }

    private boolean isFull(PartitionWork<R> work) {
        return isFull(work.watermark.count(), limits.partitionRecords(), work.isFull);
    }

    private static boolean isFull(long count, long limit, boolean wasFull) {
        return wasFull ? count > limit / 2 : count >= limit;
    }

    /** When the next record that was put off is due; the largest number if none was. */
    public long nextDueAtMs() {
        HeldRecord<R> due = delayed.peek();
        return due == null ? Long.MAX_VALUE : due.dueAtMs;
    }

    /** Records that are being handled, those of partitions that were let go included. */
    public int running() {
        return running;
    }

    /** Records that are not finished. */
    public int held() {
        return held;
    }

    /** The bytes of those. */
    public long heldBytes() {
        return heldBytes;
    }
}
