package io.millrace.environment;

/** Tells the time, in its two kinds. */
public interface Clock {
    /**
     * Wall-clock time, for time stamps that others see. It may jump in either direction; nothing's safety may rest on it.
     *
     * @return milliseconds since 1970-01-01T00:00:00Z
     */
    long wallMs();

    /**
     * Monotonic time, for deadlines and durations.
     *
     * @return nanoseconds since an arbitrary moment; never less than an earlier answer of the same clock
     */
    long monotonicNanos();

    /** Monotonic time in milliseconds, rounded down: what machines are handed as {@code nowMs}. */
    default long monotonicMs() {
        return Math.floorDiv(monotonicNanos(), 1_000_000L);
    }
}
