package io.millrace.compatibility;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what another process does: looks again and again, until a deadline. */
final class Await {
    private static final long LOOK_AGAIN_NANOS = 20_000_000;

    private Await() {}

    /**
     * Returns once the condition holds.
     *
     * @param what the condition in words, for the failure
     * @param state what there is instead, for the failure
     * @throws AssertionError when it does not hold in time; an exception of the last look is its cause
     */
    static void until(String what, Duration within, Callable<Boolean> condition, Supplier<String> state) {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            Exception failure = null;
            try {
                if (condition.call()) return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting until " + what, e);
            } catch (Exception e) {
                failure = e;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(
                        "not within " + within.toMillis() + " ms: " + what + "; " + state.get(), failure);
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
    }

    /** {@link #until(String, Duration, Callable, Supplier)} with nothing more to say. */
    static void until(String what, Duration within, Callable<Boolean> condition) {
        until(what, within, condition, () -> "no more is known");
    }
}
