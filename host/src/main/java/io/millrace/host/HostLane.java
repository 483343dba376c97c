package io.millrace.host;

import io.millrace.environment.Lane;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One thread with a selector, a queue of tasks and timers. Tasks from its own thread go into a plain queue; tasks from
 * other threads go into a concurrent one, and wake the selector only if the thread sleeps in it. It never wakes up by
 * itself unless a timer is due, so an idle lane uses no CPU.
 *
 * <p>Nobody may interrupt its thread: that would close the file channel it happens to be reading.
 */
public final class HostLane implements Lane {
    /** Tasks run before the sockets get their turn again. */
    private static final int MAX_TASKS_PER_TURN = 256;

    /** Bytes moved at once where the kernel cannot send a file by itself. */
    private static final int SCRATCH_BYTES = 64 * 1024;

    private static final long NANOS_PER_MS = 1_000_000L;
    private static final long MAX_DELAY_MS = Long.MAX_VALUE / 4 / NANOS_PER_MS;

    /** Over how long its load is reckoned, at least. */
    private static final long LOAD_WINDOW_NANOS = 100 * NANOS_PER_MS;

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    private final String name;
    private final HostHelpers helpers;
    private final LaneFailureHandler failureHandler;
    private final Selector selector;
    private final Thread thread;

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Queue<Runnable> fromOtherThreads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger sleepState = new AtomicInteger(AWAKE);
    private final TimerHeap timers = new TimerHeap();
    private final Consumer<SelectionKey> whenReady = this::dispatch;

    private volatile boolean stopRequested;
    private volatile boolean stopped;
    private @Nullable ByteBuffer scratch;
    private long turns;
    private long tasksRun;
    private long asleepNanos;
    private long asleepSinceNanos;
    private boolean isAsleep;
    private long windowBeganNanos = System.nanoTime();
    private long windowAsleepNanos;
    private volatile double recentLoad;

    /**
     * Makes a lane; tasks may be handed in before {@link #start}.
     *
     * @param name its name, and its thread's
     * @param helpers who does its blocking work
     * @param failureHandler who is told when one of its tasks throws
     * @throws IOException if the system gives no selector
     */
    public HostLane(String name, HostHelpers helpers, LaneFailureHandler failureHandler) throws IOException {
        this(name, helpers, failureHandler, false);
    }

    /**
     * Makes a lane that may be a daemon's.
     *
     * @param isDaemon whether the process may end while it runs, as suits a client within an application
     * @throws IOException if the system gives no selector
     */
    public HostLane(String name, HostHelpers helpers, LaneFailureHandler failureHandler, boolean isDaemon)
            throws IOException {
        this.name = name;
        this.helpers = helpers;
        this.failureHandler = failureHandler;
        this.selector = Selector.open();
        this.thread = new Thread(this::run, name);
        thread.setDaemon(isDaemon);
    }

    /** Starts its thread; called once. */
    public void start() {
        thread.start();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** {@inheritDoc} A task handed in after the lane has stopped never runs. */
    @Override
    public void execute(Runnable task) {
        if (isCurrent()) {
            tasks.add(task);
            return;
        }
        fromOtherThreads.add(task);
        wakeIfAsleep();
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        requireCurrent("schedule");
        if (delayMs < 0) throw new IllegalArgumentException("delay of " + delayMs + " ms is negative");
        return timers.add(System.nanoTime() + Math.min(delayMs, MAX_DELAY_MS) * NANOS_PER_MS, task);
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        requireCurrent("offload");
        try {
            helpers.execute(() -> {
                Runnable answer = carryOut(work, then);
                execute(answer);
            });
        } catch (RejectedExecutionException refused) {
            tasks.add(() -> then.accept(new Outcome.Failed<>(refused)));
        }
    }

    /** An {@code Exception} is an outcome; an {@code Error} is carried over to the lane, to stop it. */
    private static <T extends @Nullable Object> Runnable carryOut(Callable<T> work, Consumer<Outcome<T>> then) {
        try {
            T value = work.call();
            return () -> then.accept(new Outcome.Done<>(value));
        } catch (Exception e) {
            return () -> then.accept(new Outcome.Failed<>(e));
        } catch (Error e) {
            return () -> {
                throw e;
            };
        }
    }

    /** Whether it has stopped, by request or because a task threw. */
    public boolean isStopped() {
        return stopped;
    }

    /** How many times it has gone round its loop. Read on the lane. */
    public long turns() {
        return turns;
    }

    /** How many tasks and timers it has run. Read on the lane. */
    public long tasksRun() {
        return tasksRun;
    }

    /** How long it has slept since it started, in nanoseconds: the rest was work. Read on the lane. */
    public long asleepNanos() {
        return asleepNanos;
    }

    /** {@inheritDoc} It is reckoned anew every tenth of a second or so, when the lane looks at its sockets. */
    @Override
    public double recentLoad() {
        return recentLoad;
    }

    private void reckonLoad(long nowNanos) {
        long windowNanos = nowNanos - windowBeganNanos;
        if (windowNanos < LOAD_WINDOW_NANOS) return;
        recentLoad = 1 - (double) (asleepNanos - windowAsleepNanos) / windowNanos;
        windowBeganNanos = nowNanos;
        windowAsleepNanos = asleepNanos;
    }

    /**
     * Asks the lane to stop after the tasks that have been handed in so far. Its connections are then closed, and each is
     * told so. May be called from anywhere.
     */
    public void stop() {
        execute(() -> stopRequested = true);
    }

    /**
     * Waits until the thread has ended. Not to be called on the lane.
     *
     * @return false if it had not ended after {@code waitMs}
     */
    public boolean awaitStopped(long waitMs) {
        if (isCurrent()) throw new IllegalStateException("lane " + name + " cannot wait for itself");
        boolean interrupted = false;
        long deadlineNanos = System.nanoTime() + waitMs * NANOS_PER_MS;
        while (thread.isAlive()) {
            long leftMs = (deadlineNanos - System.nanoTime() + NANOS_PER_MS - 1) / NANOS_PER_MS;
            if (leftMs <= 0) break;
            try {
                thread.join(leftMs);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        return !thread.isAlive();
    }

    /** Watches a channel; called on the lane, in a task. */
    SelectionKey register(SelectableChannel channel, int interestOps, ReadyHandler handler) throws IOException {
        SelectionKey former = channel.keyFor(selector);
        // A channel that left and came back within one turn: the selector forgets cancelled keys only when it selects.
        // What
        // is ready now is so at the next select, too.
        if (former != null && !former.isValid()) selector.selectNow(stillReady -> {});
        return channel.register(selector, interestOps, handler);
    }

    /** Makes the selector notice channels that other threads have closed. */
    void wakeUp() {
        selector.wakeup();
    }

    /** A buffer for the duration of one call on the lane. */
    ByteBuffer scratch() {
        ByteBuffer buffer = scratch;
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(SCRATCH_BYTES);
            scratch = buffer;
        }
        return buffer.clear();
    }

    private void run() {
        Throwable failure = null;
        try {
            while (!stopRequested) turn();
        } catch (Throwable broken) { // Whatever it is, the lane's state can no longer be trusted.
            failure = broken;
        }
        Throwable alsoFailed = closeAll();
        if (failure == null) failure = alsoFailed;
        stopped = true;
        if (failure != null) failureHandler.laneFailed(name, failure);
    }

    private void turn() throws IOException {
        turns++;
        runTasks();
        fireDueTimers();
        select();
    }

    private void runTasks() {
        for (int i = 0; i < MAX_TASKS_PER_TURN; i++) {
            Runnable incoming = fromOtherThreads.poll();
            if (incoming == null) break;
            tasks.add(incoming);
        }
        for (int i = 0; i < MAX_TASKS_PER_TURN && !stopRequested; i++) {
            Runnable task = tasks.poll();
            if (task == null) return;
            tasksRun++;
            task.run();
        }
    }

    private void fireDueTimers() {
        if (timers.size() == 0 || stopRequested) return;
        long nowNanos = System.nanoTime();
        for (int i = 0; i < MAX_TASKS_PER_TURN && !stopRequested; i++) {
            Runnable due = timers.pollDue(nowNanos);
            if (due == null) return;
            tasksRun++;
            due.run();
        }
    }

    private void select() throws IOException {
        if (stopRequested) return;
        if (!tasks.isEmpty()) {
            reckonLoad(System.nanoTime());
            selector.selectNow(whenReady);
            return;
        }
        asleepSinceNanos = System.nanoTime();
        reckonLoad(asleepSinceNanos);
        long waitNanos = timers.nanosUntilNext(asleepSinceNanos);
        // From here on a task from another thread either is seen by isEmpty(), or its sender sees us asleep.
        sleepState.set(ASLEEP);
        isAsleep = true;
        if (waitNanos == 0 || !fromOtherThreads.isEmpty()) {
            woke();
            selector.selectNow(whenReady);
        } else if (waitNanos == Long.MAX_VALUE) {
            selector.select(whenReady);
        } else {
            selector.select(whenReady, (waitNanos + NANOS_PER_MS - 1) / NANOS_PER_MS);
        }
        if (isAsleep) woke();
    }

    private void woke() {
        isAsleep = false;
        sleepState.set(AWAKE);
        asleepNanos += System.nanoTime() - asleepSinceNanos;
    }

    private void wakeIfAsleep() {
        if (sleepState.get() == ASLEEP && sleepState.compareAndSet(ASLEEP, AWAKE)) selector.wakeup();
    }

    private void dispatch(SelectionKey key) {
        if (isAsleep) woke();
        // An earlier key of the same round may have closed this one's channel.
        if (key.isValid() && key.attachment() instanceof ReadyHandler handler) handler.onReady(key);
    }

    /** Closes every channel even if telling one of them fails; returns the first failure. */
    private @Nullable Throwable closeAll() {
        Throwable first = null;
        for (SelectionKey key : new ArrayList<>(selector.keys())) {
            if (!(key.attachment() instanceof ReadyHandler handler)) continue;
            try {
                handler.onLaneStopped();
            } catch (RuntimeException | Error e) {
                if (first == null) first = e;
                else first.addSuppressed(e);
            }
        }
        try {
            selector.close();
        } catch (IOException e) {
            if (first == null) first = new UncheckedIOException("lane " + name + ": its selector did not close", e);
        }
        return first;
    }

    private void requireCurrent(String what) {
        if (!isCurrent()) {
            throw new IllegalStateException(what + " on lane " + name + " was called from thread "
                    + Thread.currentThread().getName());
        }
    }
}
