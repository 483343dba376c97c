package io.millrace.client.facade;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The one thread on which an application's callbacks run. Handing something in never waits; it starts when first needed. */
public final class CallbackThread {
    private static final System.Logger LOG = System.getLogger(CallbackThread.class.getName());

    private final String name;
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean isAsleep;
    private volatile boolean isStopping;
    private volatile @Nullable Thread thread;

    /** Nothing has been handed in. */
    public CallbackThread(String name) {
        this.name = name;
    }

    /** Has it done, after what was handed in before. Called on the lane only, so that the thread is started once. */
    public void execute(Runnable task) {
        tasks.add(task);
        Thread running = thread;
        if (running == null) {
            running = new Thread(this::run, name);
            running.setDaemon(true);
            thread = running;
            running.start();
        } else if (isAsleep) {
            LockSupport.unpark(running);
        }
    }

    /** Whether it is the caller. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Ends once everything that was handed in has been done. */
    public void stop() {
        isStopping = true;
        LockSupport.unpark(thread);
    }

    /** Waits until it has ended; false if it had not by then. */
    public boolean awaitEnd(long deadlineNanos) throws InterruptedException {
        Thread running = thread;
        if (running == null || isCurrent()) return true;
        long leftMs = Math.max(1, (deadlineNanos - System.nanoTime()) / 1_000_000);
        running.join(leftMs);
        return !running.isAlive();
    }

    private void run() {
        while (true) {
            Runnable task = tasks.poll();
            if (task != null) {
                runSafely(task);
                continue;
            }
            if (isStopping) return;
            isAsleep = true;
            if (tasks.isEmpty() && !isStopping) LockSupport.park(this);
            isAsleep = false;
        }
    }

    private static void runSafely(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error thrown) {
            LOG.log(System.Logger.Level.WARNING, "a callback of the application threw", thrown);
        }
    }
}
