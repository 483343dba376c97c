package io.millrace.coordinators.shard.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lane and the clock it lives by: nothing happens but in {@link #run} and {@link #advance}. */
public final class ManualLane implements Lane, Clock {
    private record Timed(long atMs, long sequence, Runnable task) {}

    private static final long FIRST_WALL_MS = 1_700_000_000_000L;

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Timed> timers =
            new PriorityQueue<>(Comparator.comparingLong(Timed::atMs).thenComparingLong(Timed::sequence));
    private long nowMs = 5_000;
    private long wallOffsetMs = FIRST_WALL_MS;
    private long nextSequence;

    /** Runs what is to be done now. */
    public void run() {
        while (true) {
            Runnable task = tasks.poll();
            if (task == null && !timers.isEmpty() && timers.element().atMs() <= nowMs)
                task = timers.remove().task();
            if (task == null) return;
            task.run();
        }
    }

    /** Lets time pass, and everything happen that is due meanwhile. */
    public void advance(long byMs) {
        long untilMs = nowMs + byMs;
        run();
        while (!timers.isEmpty() && timers.element().atMs() <= untilMs) {
            nowMs = Math.max(nowMs, timers.element().atMs());
            run();
        }
        nowMs = untilMs;
        run();
    }

    /** Lets the wall clock jump, and nothing else. */
    public void jumpWallClock(long byMs) {
        wallOffsetMs += byMs;
    }

    public int timerCount() {
        return timers.size();
    }

    @Override
    public String name() {
        return "manual";
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
        Timed timed = new Timed(nowMs + delayMs, nextSequence++, task);
        timers.add(timed);
        return () -> timers.remove(timed);
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        tasks.add(() -> {
            Outcome<T> outcome;
            try {
                outcome = new Outcome.Done<>(work.call());
            } catch (Exception thrown) {
                outcome = new Outcome.Failed<>(thrown);
            }
            then.accept(outcome);
        });
    }

    @Override
    public long wallMs() {
        return nowMs + wallOffsetMs;
    }

    @Override
    public long monotonicNanos() {
        return nowMs * 1_000_000L;
    }
}
