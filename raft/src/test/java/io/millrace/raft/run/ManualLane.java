package io.millrace.raft.run;

import io.millrace.environment.Lane;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lane whose tasks run when the test says so, with offloaded work queued apart. */
final class ManualLane implements Lane {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final Deque<Runnable> offloaded = new ArrayDeque<>();
    private final PriorityQueue<Waiting> timers = new PriorityQueue<>();
    private long nowMs;
    private long sequence;

    /** Runs tasks and offloaded work until there is none. */
    void runAll() {
        while (true) {
            runTasks();
            Runnable work = offloaded.poll();
            if (work == null) return;
            work.run();
        }
    }

    /** Runs what is queued on the lane, but no offloaded work. */
    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) task.run();
    }

    /** Forgets everything, as a crash does. */
    void crash() {
        tasks.clear();
        offloaded.clear();
        timers.clear();
    }

    /** Lets time pass and runs what falls due. */
    void advanceMs(long ms) {
        nowMs += ms;
        while (!timers.isEmpty() && timers.peek().dueMs <= nowMs) tasks.add(timers.poll().task);
        runAll();
    }

    long nowMs() {
        return nowMs;
    }

    @Override
    public String name() {
        return "metadata";
    }

    @Override
    public boolean isCurrent() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        Waiting waiting = new Waiting(nowMs + delayMs, sequence++, task);
        timers.add(waiting);
        return () -> timers.remove(waiting);
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        offloaded.add(() -> {
            Outcome<T> outcome;
            try {
                outcome = new Outcome.Done<>(work.call());
            } catch (Exception failure) {
                outcome = new Outcome.Failed<>(failure);
            }
            Outcome<T> result = outcome;
            tasks.add(() -> then.accept(result));
        });
    }

    private static final class Waiting implements Comparable<Waiting> {
        private final long dueMs;
        private final long order;
        private final Runnable task;

        Waiting(long dueMs, long order, Runnable task) {
            this.dueMs = dueMs;
            this.order = order;
            this.task = task;
        }

        @Override
        public int compareTo(Waiting other) {
            int byTime = Long.compare(dueMs, other.dueMs);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
