package io.millrace.host;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A few threads for work that blocks: force, delete, cold reads, recovery. They own no state. Threads start when there is
 * work and end when there has been none for a while, and nobody ever interrupts them: an interrupt would close the file
 * channel its thread is working on, for everybody.
 */
public final class HostHelpers implements AutoCloseable {
    /**
     * Most pieces of work that wait for a thread. Each stands for a log that wants forcing or deleting; this many waiting
     * means that the disk has stopped answering, and more memory would not help.
     */
    static final int MAX_WAITING = 65_536;

    private static final int IDLE_SECONDS = 30;

    private final ThreadPoolExecutor threads;

    /**
     * Makes the helpers; no thread starts yet.
     *
     * @param threadCount most threads at work at a time, at least 1
     */
    public HostHelpers(int threadCount) {
        if (threadCount < 1) throw new IllegalArgumentException("helper thread count " + threadCount + " is below 1");
        AtomicInteger started = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                threadCount,
                threadCount,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                task -> {
                    Thread thread = new Thread(task, "helper-" + started.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /** Pieces of work that wait for a thread now. */
    public int waiting() {
        return threads.getQueue().size();
    }

    /**
     * Hands work in.
     *
     * @throws RejectedExecutionException if too much waits already, or the helpers have been closed
     */
    void execute(Runnable work) {
        try {
            threads.execute(work);
        } catch (RejectedExecutionException refused) {
            throw new RejectedExecutionException(
                    threads.isShutdown()
                            ? "the disk helpers have been closed"
                            : MAX_WAITING + " pieces of work already wait for the disk helpers",
                    refused);
        }
    }

    /** Takes no more work, and waits at most {@code waitMs} for what has been handed in; true if all of it ended. */
    public boolean close(long waitMs) {
        threads.shutdown();
        boolean interrupted = false;
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
        try {
            while (true) {
                try {
                    return threads.awaitTermination(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** Takes no more work and does not wait for what is being done. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
