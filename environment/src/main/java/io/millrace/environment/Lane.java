package io.millrace.environment;

import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue with one thread. What belongs to a lane is touched only by tasks on that lane; tasks run one at a time, in the
 * order they were handed in, and never block.
 */
public interface Lane {
    /** Its name in logs, such as {@code lane-0} or {@code metadata}. */
    String name();

    /** Whether the caller is a task on this lane. */
    boolean isCurrent();

    /**
     * Runs a task later, on this lane. May be called from anywhere; from the lane itself it costs no wake-up. A task that
     * throws stops the program's lane: an invariant broke.
     */
    void execute(Runnable task);

    /** Runs a task on this lane once {@code delayMs} (from 0) have passed. Called on this lane. */
    Timer schedule(long delayMs, Runnable task);

    /**
     * Runs blocking work (force, delete, cold reads, recovery) on a helper thread and hands its outcome back to this lane.
     * Work owns no state of the lane. Called on this lane.
     */
    <T extends @Nullable Object> void offload(Callable<T> work, Consumer<Outcome<T>> then);

    /**
     * The share of its recent time in which it had work to do, from 0 to 1; 0 where that is not known. May be called from
     * anywhere.
     */
    default double recentLoad() {
        return 0;
    }

    /** How offloaded work ended. */
    sealed interface Outcome<T extends @Nullable Object> {
        /** It returned. */
        record Done<T extends @Nullable Object>(T value) implements Outcome<T> {}

        /** It threw. */
        record Failed<T extends @Nullable Object>(Exception cause) implements Outcome<T> {}
    }

    /** A task that waits for its time. */
    @FunctionalInterface
    interface Timer {
        /** Forgets the task, unless it has run; called on its lane. */
        void cancel();
    }
}
