package io.millrace.simulator;

import io.millrace.environment.Clock;

/**
 * Virtual time as one machine tells it since its start. Its monotonic time begins at a moment of its own, below zero as
 * likely as above, and its wall clock can be set.
 */
final class SimulatedClock implements Clock {
    /** Wall time when a simulation begins: 21 September 2026. */
    static final long EPOCH_MS = 1_790_000_000_000L;

    private static final long MILLION = 1_000_000;
    private static final long MOST_ROUNDED_NANOS = 4;
    private static final long MOST_MONOTONIC_OFFSET_NANOS = 1L << 50;

    private final Simulation simulation;
    private final long monotonicOffsetNanos;
    private long wallOffsetMs;
    private int driftPartsPerMillion;
    private long driftsFromNanos;

    SimulatedClock(Simulation simulation) {
        this.simulation = simulation;
        this.monotonicOffsetNanos =
                simulation.newRandom().nextLong(-MOST_MONOTONIC_OFFSET_NANOS, MOST_MONOTONIC_OFFSET_NANOS);
    }

    void moveWall(long ms) {
        wallOffsetMs += ms;
    }

    /** It gains so much from now on; set once, before anybody asks. */
    void drift(int partsPerMillion) {
        driftPartsPerMillion = partsPerMillion;
        driftsFromNanos = simulation.nowNanos();
    }

    /** How much true time passes until so much has passed on this clock. */
    long trueNanos(long nanos) {
        if (driftPartsPerMillion == 0) return nanos;
        return nanos / (MILLION + driftPartsPerMillion) * MILLION
                + nanos % (MILLION + driftPartsPerMillion) * MILLION / (MILLION + driftPartsPerMillion)
                + MOST_ROUNDED_NANOS;
    }

    private long gainedNanos() {
        long sinceNanos = simulation.nowNanos() - driftsFromNanos;
        return sinceNanos / MILLION * driftPartsPerMillion + sinceNanos % MILLION * driftPartsPerMillion / MILLION;
    }

    @Override
    public long wallMs() {
        return EPOCH_MS + wallOffsetMs + (simulation.nowNanos() + gainedNanos()) / 1_000_000;
    }

    @Override
    public long monotonicNanos() {
        return monotonicOffsetNanos + simulation.nowNanos() + gainedNanos();
    }
}
