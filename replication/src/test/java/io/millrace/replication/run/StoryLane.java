package io.millrace.replication.run;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lane and a clock that go on only when told to; helpers work in {@link #run}. */
final class StoryLane implements Lane, Clock {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private long nowMs = 10_000;

    /** Does everything there is to do. */
    void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) task.run();
    }

    /** What was still to be done is lost with its process. */
    void lose() {
        tasks.clear();
    }

    void pass(long ms) {
        nowMs += ms;
    }

    @Override
    public long wallMs() {
        return 1_700_000_000_000L + nowMs;
    }

    @Override
    public long monotonicNanos() {
        return nowMs * 1_000_000L;
    }

    @Override
    public String name() {
        return "story";
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
        throw new UnsupportedOperationException();
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        tasks.add(() -> {
            Outcome<T> outcome;
            try {
                outcome = new Outcome.Done<>(work.call());
            } catch (Exception failed) {
                outcome = new Outcome.Failed<>(failed);
            }
            then.accept(outcome);
        });
    }
}
