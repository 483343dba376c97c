package io.millrace.client.producer;

import io.millrace.client.facade.CallbackThread;
import io.millrace.client.sending.BatchEnd;
import io.millrace.client.sending.SendResult;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the records of one batch: known to all of them at once (or to a piece, if the batch had to be taken
 * apart), so that a record costs no object of its own to be told. Appending threads fill it under their partition's lock;
 * the lane ends it.
 */
final class BatchOutcome implements BatchEnd {
    /** Who waits: a thread, or a future with the record it is about. */
    private record Waiter(
            @Nullable Thread thread,
            @Nullable Delivery delivery,
            @Nullable CompletableFuture<RecordMetadata> future,
            @Nullable Waiter next) {}

    private record Part(
            int fromRecord,
            int recordCount,
            SendResult result,
            @Nullable Part next) {}

    /** What has to be done when it has ended. */
    interface Owner {
        /** A batch has begun. */
        void opened(BatchOutcome batch);

        void released(byte[] memory);

        void ended(BatchOutcome batch);

        CallbackThread callbacks();

        /** Where its sending threads pack batches. */
        PackingPlaces packing();
    }

    private final String topic;
    private final int partition;
    private final byte[] memory;
    private final Owner owner;
    private final AtomicReference<@Nullable Waiter> waiters = new AtomicReference<>();
    private final List<CallbackDelivery> callbacks = new ArrayList<>(0);
    private int recordCount;
    private int endedCount;
    private volatile @Nullable Part parts;
    /** What became of all that no part says anything of; once the lane is broken. */
    private volatile SendResult.@Nullable Failed otherwise;

    BatchOutcome(String topic, int partition, byte[] memory, Owner owner) {
        this.topic = topic;
        this.partition = partition;
        this.memory = memory;
        this.owner = owner;
    }

    /** The outcome of a record that never got into a batch. */
    static BatchOutcome failed(String topic, int partition, ErrorCode error, String sentence) {
        BatchOutcome outcome = new BatchOutcome(topic, partition, new byte[0], NobodyOwns.IT);
        outcome.recordCount = 1;
        outcome.endedCount = 1;
        outcome.parts = new Part(0, 1, new SendResult.Failed(error, sentence), null);
        return outcome;
    }

    String topic() {
        return topic;
    }

    int partition() {
        return partition;
    }

    /** A record has been added; under the partition's lock. */
    void added(int place) {
        recordCount = place + 1;
    }

    /** A record with a callback has been added; under the partition's lock. */
    void added(CallbackDelivery delivery) {
        callbacks.add(delivery);
        added(delivery.place());
    }

    /** What became of a record; null while that is not known. */
    @Nullable
    SendResult resultOf(int place) {
        for (Part part = parts; part != null; part = part.next()) {
            if (place >= part.fromRecord() && place < part.fromRecord() + part.recordCount()) return part.result();
        }
        return otherwise;
    }

    /** Nobody will end it any more: the lane has broken. On the lane's thread, as its last deed. */
    void abandon(SendResult.Failed failure) {
        Part known = parts;
        otherwise = failure;
        Waiter waiting = waiters.getAndSet(null);
        for (Waiter each = waiting; each != null; each = each.next()) LockSupport.unpark(each.thread());
        owner.callbacks().execute(() -> {
            for (CallbackDelivery each : List.copyOf(callbacks)) if (isUnknown(known, each.place())) each.call();
            tellApplication(0, 0, waiting);
        });
    }

    private static boolean isUnknown(@Nullable Part parts, int place) {
        for (Part part = parts; part != null; part = part.next()) {
            if (place >= part.fromRecord() && place < part.fromRecord() + part.recordCount()) return false;
        }
        return true;
    }

    /** The place of a record among those that were told of together. */
    int placeInPart(int place) {
        for (Part part = parts; part != null; part = part.next()) {
            if (place >= part.fromRecord() && place < part.fromRecord() + part.recordCount()) {
                return place - part.fromRecord();
            }
        }
        return place;
    }

    /** Whether it is known of all records. */
    boolean isEnded() {
        int known = 0;
        for (Part part = parts; part != null; part = part.next()) known += part.recordCount();
        return otherwise != null || (known > 0 && known >= recordCount);
    }

    @Override
    public void ended(int fromRecord, int count, SendResult result) {
        parts = new Part(fromRecord, count, result, parts);
        endedCount += count;
        Waiter waiting = waiters.getAndSet(null);
        boolean hasFutures = false;
        for (Waiter each = waiting; each != null; each = each.next()) {
            Thread thread = each.thread();
            if (thread == null) hasFutures = true;
            else LockSupport.unpark(thread);
        }
        if (hasFutures || !callbacks.isEmpty()) {
            owner.callbacks().execute(() -> tellApplication(fromRecord, fromRecord + count, waiting));
        }
        if (endedCount >= recordCount) owner.ended(this);
    }

    private void tellApplication(int fromRecord, int untilRecord, @Nullable Waiter waiting) {
        for (CallbackDelivery each : callbacks) {
            if (each.place() >= fromRecord && each.place() < untilRecord) each.call();
        }
        for (Waiter each = waiting; each != null; each = each.next()) {
            Delivery delivery = each.delivery();
            CompletableFuture<RecordMetadata> future = each.future();
            if (delivery != null && future != null) complete(delivery, future);
        }
    }

    private void complete(Delivery delivery, CompletableFuture<RecordMetadata> future) {
        SendResult result = resultOf(delivery.place());
        if (result == null) { // Of another piece of the batch.
            whenKnown(delivery, future);
            return;
        }
        completeNow(delivery, future);
    }

    private static void completeNow(Delivery delivery, CompletableFuture<RecordMetadata> future) {
        SendFailure failure = delivery.failure();
        if (failure == null) future.complete(delivery.metadata());
        else future.completeExceptionally(failure);
    }

    /** Completes a future, sooner or later, on the callback thread. */
    void whenKnown(Delivery delivery, CompletableFuture<RecordMetadata> future) {
        if (resultOf(delivery.place()) != null) {
            completeNow(delivery, future);
            return;
        }
        push(new Waiter(null, delivery, future, null));
        if (resultOf(delivery.place()) != null) completeNow(delivery, future);
    }

    private void push(Waiter waiter) {
        Waiter head;
        do {
            head = waiters.get();
        } while (!waiters.compareAndSet(head, new Waiter(waiter.thread(), waiter.delivery(), waiter.future(), head)));
    }

    /** Waits for a record; null if it is not known by then. */
    @Nullable
    SendResult await(int place, long deadlineNanos) throws InterruptedException {
        SendResult result = resultOf(place);
        while (result == null) {
            if (Thread.interrupted()) throw new InterruptedException();
            push(new Waiter(Thread.currentThread(), null, null, null));
            result = resultOf(place);
            if (result != null) break;
            long leftNanos = deadlineNanos - System.nanoTime();
            if (leftNanos <= 0) return null;
            LockSupport.parkNanos(this, leftNanos);
            result = resultOf(place);
        }
        return result;
    }

    /** Waits for all records; false if it is not known of all by then. */
    boolean awaitAll(long deadlineNanos) throws InterruptedException {
        while (!isEnded()) {
            if (Thread.interrupted()) throw new InterruptedException();
            push(new Waiter(Thread.currentThread(), null, null, null));
            if (isEnded()) break;
            long leftNanos = deadlineNanos - System.nanoTime();
            if (leftNanos <= 0) return false;
            LockSupport.parkNanos(this, leftNanos);
        }
        return true;
    }

    @Override
    public void released() {
        // Behind the callbacks, so that an application that does not keep up with them does not run out of memory.
        if (callbacks.isEmpty()) owner.released(memory);
        else owner.callbacks().execute(() -> owner.released(memory));
    }
}
