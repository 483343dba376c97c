package io.millrace.client.producer;

import io.millrace.client.sending.PartitionAppender;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The memory of batches, {@code buffer.memory} of it. Whoever finds none waits, first come, first served. Giving back never
 * waits. Arrays of the usual size, and of the multiples of it that batches have before they are compressed, are used again, the
 * last given back first; those that lie idle make room when others are wanted.
 */
final class BatchMemory {
    /** One wait of a thread; told apart from others by itself alone. */
    private static final class Waiter {
        private final Thread thread = Thread.currentThread();
    }

    private final long totalBytes;
    private final int usualBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong idleBytes = new AtomicLong();
    /** By how many times the usual size they have, from 1. */
    private final List<ConcurrentLinkedDeque<byte[]>> idle = new ArrayList<>();

    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitedNanos = new AtomicLong();
    private volatile boolean isClosed;

    /**
     * Nothing is in use.
     *
     * @param totalBytes how much may be
     * @param usualBytes {@code batch.size}; 0 for none, and nothing is used again
     */
    BatchMemory(long totalBytes, int usualBytes) {
        this.totalBytes = totalBytes;
        this.usualBytes = usualBytes;
        for (int i = 0; i < PartitionAppender.MOST_TIMES; i++) idle.add(new ConcurrentLinkedDeque<>());
    }

    /**
     * Takes so much.
     *
     * @param deadlineNanos of {@link System#nanoTime}; until when to wait
     * @return null if there was none in time, or no more is given
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    byte @Nullable [] take(int bytes, long deadlineNanos) throws InterruptedException {
        if (waiters.isEmpty() && reserve(bytes)) return array(bytes);
        Waiter self = new Waiter();
        long beganNanos = System.nanoTime();
        waiters.add(self);
        try {
            while (!isClosed) {
                if (waiters.peek() == self && reserve(bytes)) return array(bytes);
                long leftNanos = deadlineNanos - System.nanoTime();
                if (leftNanos <= 0) return null;
                if (Thread.interrupted()) throw new InterruptedException();
                LockSupport.parkNanos(this, leftNanos);
            }
            return null;
        } finally {
            waiters.remove(self);
            waitedNanos.addAndGet(System.nanoTime() - beganNanos);
            wakeFirst();
        }
    }

    private boolean reserve(int bytes) {
        while (true) {
            long used = usedBytes.get();
            if (used + bytes > totalBytes) return false;
            if (usedBytes.compareAndSet(used, used + bytes)) return true;
        }
    }

    private byte[] array(int bytes) {
        ConcurrentLinkedDeque<byte[]> fitting = idleOf(bytes);
        byte[] again = fitting == null ? null : fitting.pollFirst();
        if (again == null) {
            for (int i = 0; i < idle.size() && !hasRoom(0); i++) dropIdle(idle.get(i));
            return new byte[bytes];
        }
        idleBytes.addAndGet(-bytes);
        return again;
    }

    /** Those of that size; null if they are not used again. */
    private @Nullable ConcurrentLinkedDeque<byte[]> idleOf(int bytes) {
        if (usualBytes == 0 || bytes == 0 || bytes % usualBytes != 0) return null;
        int times = bytes / usualBytes;
        return times > idle.size() ? null : idle.get(times - 1);
    }

    /** Whether what is in use and what lies idle leave so much. */
    private boolean hasRoom(int bytes) {
        return usedBytes.get() + idleBytes.get() + bytes <= totalBytes;
    }

    private void dropIdle(ConcurrentLinkedDeque<byte[]> ofOneSize) {
        while (!hasRoom(0)) {
            byte[] oldest = ofOneSize.pollLast();
            if (oldest == null) return;
            idleBytes.addAndGet(-oldest.length);
        }
    }

    /** Gives back what {@link #take} gave. */
    void giveBack(byte[] memory) {
        usedBytes.addAndGet(-memory.length);
        ConcurrentLinkedDeque<byte[]> fitting = idleOf(memory.length);
        if (fitting != null && hasRoom(memory.length)) {
            idleBytes.addAndGet(memory.length);
            fitting.addFirst(memory);
        }
        wakeFirst();
    }

    private void wakeFirst() {
        Waiter first = waiters.peek();
        if (first != null) LockSupport.unpark(first.thread);
    }

    /** Lets nobody wait any longer. */
    void close() {
        isClosed = true;
        for (Waiter waiter : waiters) LockSupport.unpark(waiter.thread);
    }

    long totalBytes() {
        return totalBytes;
    }

    long availableBytes() {
        return totalBytes - usedBytes.get();
    }

    int waitingThreads() {
        return waiters.size();
    }

    /** How much is kept to be used again. */
    long idleBytes() {
        return idleBytes.get();
    }

    long waitedNanos() {
        return waitedNanos.get();
    }
}
