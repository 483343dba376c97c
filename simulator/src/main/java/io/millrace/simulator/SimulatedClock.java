package io.millrace.simulator;

import io.millrace.environment.Clock;

/**
 * Virtual time as one machine tells it since its start. Its monotonic time begins at a moment of its own, below zero as
 * likely as above, and its wall clock can be set.
 */
final class SimulatedClock implements Clock {
    /** Wall time when a simulation begins: 21 September 2026. */
    static final long EPOCH_MS = 1_790_000_000_000L;

    private static final long MOST_MONOTONIC_OFFSET_NANOS = 1L << 50;

    private final Simulation simulation;
    private final long monotonicOffsetNanos;
    private long wallOffsetMs;

    SimulatedClock(Simulation simulation) {
        this.simulation = simulation;
        this.monotonicOffsetNanos =
                simulation.newRandom().nextLong(-MOST_MONOTONIC_OFFSET_NANOS, MOST_MONOTONIC_OFFSET_NANOS);
    }

    void moveWall(long ms) {
        wallOffsetMs += ms;
    }

    @Override
    public long wallMs() {
        return EPOCH_MS + wallOffsetMs + simulation.nowMs();
    }

    @Override
    public long monotonicNanos() {
        return monotonicOffsetNanos + simulation.nowNanos();
    }
}
