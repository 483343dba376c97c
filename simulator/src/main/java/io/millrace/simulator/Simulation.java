package io.millrace.simulator;

import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.disk.SimulatedDisk;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * One run: a queue of events in virtual time. Everything that happens is an event; between events nothing changes. Ties are
 * broken by the order in which events were made, so that a run is a function of its seed.
 */
public final class Simulation {
    /** Events one run may take before it counts as an event storm. */
    private static final long MAX_EVENTS = 10_000_000;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long NANOS_PER_MS = 1_000_000;

    /** What was waited for has not come: nobody did anything wrong that was seen, but somebody does not go on. */
    public static final class Stuck extends AssertionError {
        private static final long serialVersionUID = 1;

        /** Says what was waited for. */
        public Stuck(String message) {
            super(message);
        }
    }

    private final long seed;
    private final EventQueue events = new EventQueue();
    private final SeededRandom schedule;
    private final SeededRandom seeds;
    private long nowNanos;
    private long nextSequence;
    private long eventCount;
    private long traceHash = FNV_OFFSET;
    private LongConsumer traceListener = hash -> {};

    /** Begins a run at virtual time 0. */
    public Simulation(long seed) {
        this.seed = seed;
        seeds = new SeededRandom(seed);
        schedule = seeds.split();
    }

    /** What the run is a function of. */
    public long seed() {
        return seed;
    }

    /** Virtual monotonic time, in nanoseconds since the run began. */
    public long nowNanos() {
        return nowNanos;
    }

    /** Virtual monotonic time, in milliseconds since the run began, rounded down. */
    public long nowMs() {
        return nowNanos / NANOS_PER_MS;
    }

    /** A random source of its own, so that one concern's draws do not shift another's. */
    public SeededRandom newRandom() {
        return seeds.split();
    }

    /** An empty disk in a machine that is up. */
    public SimulatedDisk newDisk() {
        return new SimulatedDisk(newRandom(), this::wallMs, this::trace);
    }

    /** A disk with what is on another one, perhaps of another run. */
    public SimulatedDisk newDiskLike(SimulatedDisk other) {
        return other.copy(newRandom(), this::wallMs, this::trace);
    }

    private long wallMs() {
        return SimulatedClock.EPOCH_MS + nowMs();
    }

    /** A delay of the schedule's own choosing in {@code [0, mostNanos]}. */
    long someNanos(long mostNanos) {
        return schedule.nextLong(mostNanos + 1);
    }

    /** Makes something happen after a delay. */
    public void after(long delayNanos, Runnable action) {
        if (delayNanos < 0) throw new IllegalArgumentException("a delay of " + delayNanos + " ns");
        events.add(Math.addExact(nowNanos, delayNanos), nextSequence++, action);
    }

    /** Makes something happen after a delay in milliseconds. */
    public void afterMs(long delayMs, Runnable action) {
        after(Math.multiplyExact(delayMs, NANOS_PER_MS), action);
    }

    /**
     * Runs until a condition holds.
     *
     * @param mostMs virtual milliseconds it may take
     * @throws Stuck if it does not come to hold in that time, or there are no events left to bring it about
     */
    public void runUntil(BooleanSupplier condition, long mostMs) {
        long deadlineNanos = nowNanos + mostMs * NANOS_PER_MS;
        while (!condition.getAsBoolean()) {
            long nextNanos = events.nextNanos();
            if (nextNanos == EventQueue.NEVER)
                throw new Stuck("nothing is left to happen at " + nowMs() + " ms of virtual time");
            if (nextNanos > deadlineNanos) {
                throw new Stuck("not so after " + mostMs + " ms, at " + nowMs() + " ms of virtual time and "
                        + eventCount + " events");
            }
            step();
        }
    }

    /** Runs all that happens in the next so many virtual milliseconds. */
    public void runFor(long ms) {
        long deadlineNanos = nowNanos + ms * NANOS_PER_MS;
        while (events.nextNanos() <= deadlineNanos) step();
        nowNanos = deadlineNanos;
    }

    private void step() {
        nowNanos = events.nextNanos();
        long number = events.nextNumber();
        Runnable action = events.remove();
        if (++eventCount > MAX_EVENTS) throw new AssertionError("an event storm: " + eventCount + " events");
        trace(number);
        action.run();
    }

    /** Mixes something that happened, and when, into the trace. */
    public void trace(long what) {
        traceHash = (traceHash ^ what) * FNV_PRIME;
        traceHash = (traceHash ^ nowNanos) * FNV_PRIME;
        traceListener.accept(traceHash);
    }

    /** Has every new {@link #traceHash} told, as to find the first event in which two runs differ. */
    public void onTrace(LongConsumer listener) {
        traceListener = listener;
    }

    /** A digest of all that was traced so far and its times: equal for equal seeds. */
    public long traceHash() {
        return traceHash;
    }

    /** Events so far. */
    public long eventCount() {
        return eventCount;
    }
}
