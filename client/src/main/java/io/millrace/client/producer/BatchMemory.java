package io.millrace.client.producer;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The memory of batches, {@code buffer.memory} of it. Whoever finds none waits, first come, first served. Giving back never
 * waits. Arrays of the usual size are used again.
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
    private final ConcurrentLinkedQueue<byte[]> idle = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitedNanos = new AtomicLong();
    private volatile boolean isClosed;

    BatchMemory(long totalBytes, int usualBytes) {
        this.totalBytes = totalBytes;
        this.usualBytes = usualBytes;
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
        if (bytes == usualBytes) {
            byte[] again = idle.poll();
            if (again != null) {
                idleBytes.addAndGet(-bytes);
                return again;
            }
        }
        return new byte[bytes];
    }

    /** Gives back what {@link #take} gave. */
    void giveBack(byte[] memory) {
        if (memory.length == usualBytes && idleBytes.get() + usualBytes <= totalBytes) {
            idleBytes.addAndGet(usualBytes);
            idle.add(memory);
        }
        usedBytes.addAndGet(-memory.length);
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

    long waitedNanos() {
        return waitedNanos.get();
    }
}
