package io.millrace.connection.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lane whose thread is the test's, and whose time is moved by hand. */
final class VirtualLane implements Lane, Clock {
    private record Due(long atMs, Runnable task) {}

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<Due> timers = new ArrayList<>();
    private long nowMs;

    @Override
    public String name() {
        return "virtual";
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
        Due due = new Due(nowMs + delayMs, task);
        timers.add(due);
        return () -> timers.remove(due);
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        throw new UnsupportedOperationException("conversations do no blocking work");
    }

    @Override
    public long wallMs() {
        return nowMs;
    }

    @Override
    public long monotonicNanos() {
        return nowMs * 1_000_000;
    }

    /** Runs what waits, and what that hands in; true if anything ran. */
    boolean runTasks() {
        boolean ran = false;
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
            ran = true;
        }
        return ran;
    }

    /** Moves the time on, running timers at their moments. */
    void passMs(long durationMs) {
        long untilMs = nowMs + durationMs;
        while (true) {
            runTasks();
            Due next = null;
            for (Due due : timers) if (due.atMs <= untilMs && (next == null || due.atMs < next.atMs)) next = due;
            if (next == null) break;
            timers.remove(next);
            nowMs = Math.max(nowMs, next.atMs);
            next.task.run();
        }
        nowMs = untilMs;
    }

    int timerCount() {
        return timers.size();
    }
}
