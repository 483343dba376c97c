package io.millrace.simulator;

import io.millrace.environment.Lane;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A lane whose tasks are events: one a turn, in the order they were handed in, each a little later than the one before.
 * Offloaded work happens in one event of its own, and is told of in another.
 */
final class SimulatedLane implements Lane {
    private static final long MOST_NANOS_BETWEEN_TASKS = 20_000;
    private static final long MOST_NANOS_OFFLOADED = 5_000_000;
    private static final long NANOS_PER_MS = 1_000_000;
    private static final long MOST_DELAY_MS = Long.MAX_VALUE / 4_000_000;

    private final String name;
    private final SimulatedNode node;
    private final Simulation simulation;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean isTurnDue;
    private long turns;
    private long messages;

    SimulatedLane(String name, SimulatedNode node, Simulation simulation) {
        this.name = name;
        this.node = node;
        this.simulation = simulation;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isCurrent() {
        return node.currentLane() == this;
    }

    @Override
    public void execute(Runnable task) {
        if (node.isDown()) return;
        Lane from = node.currentLane();
        if (from != null && from != this) messages++;
        tasks.addLast(task);
        turnSoon();
    }

    LaneWork work() {
        return new LaneWork(turns, messages);
    }

    private void turnSoon() {
        if (isTurnDue) return;
        isTurnDue = true;
        simulation.after(node.nanosFrozen() + simulation.someNanos(MOST_NANOS_BETWEEN_TASKS), this::turn);
    }

    private void turn() {
        isTurnDue = false;
        if (node.isDown()) {
            tasks.clear();
            return;
        }
        if (node.nanosFrozen() == 0) {
            Runnable task = tasks.pollFirst();
            if (task != null) {
                turns++;
                node.run(this, task);
            }
        }
        if (!tasks.isEmpty()) turnSoon();
    }

    @Override
    public Timer schedule(long delayMs, Runnable task) {
        requireCurrent("schedule");
        if (delayMs < 0) throw new IllegalArgumentException("delay of " + delayMs + " ms is negative");
        SimulatedTimer timer = new SimulatedTimer(task);
        simulation.after(node.clock().trueNanos(Math.min(delayMs, MOST_DELAY_MS) * NANOS_PER_MS), () -> {
            if (timer.task != null) execute(timer);
        });
        return timer;
    }

    private static final class SimulatedTimer implements Timer, Runnable {
        private @Nullable Runnable task;

        SimulatedTimer(Runnable task) {
            this.task = task;
        }

        @Override
        public void cancel() {
            task = null;
        }

        @Override
        public void run() {
            Runnable due = task;
            task = null;
            if (due != null) due.run();
        }
    }

    @Override
    public <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then) {
        requireCurrent("offload");
        simulation.after(
                simulation.someNanos(MOST_NANOS_OFFLOADED),
                () -> node.run(null, () -> {
                    Outcome<T> outcome = outcome(work);
                    long nanos = simulation.someNanos(MOST_NANOS_OFFLOADED)
                            + node.disk().takeSlowNanos();
                    simulation.after(nanos, () -> execute(() -> then.accept(outcome)));
                }));
    }

    private static <T extends @Nullable Object> Outcome<T> outcome(Callable<T> work) {
        try {
            return new Outcome.Done<>(work.call());
        } catch (Exception e) {
            return new Outcome.Failed<>(e);
        }
    }

    private void requireCurrent(String what) {
        if (!isCurrent()) throw new IllegalStateException(what + " was called off lane " + name);
    }
}
