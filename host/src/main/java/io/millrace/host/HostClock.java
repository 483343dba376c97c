package io.millrace.host;

import io.millrace.environment.Clock;

/** The machine's clocks. Safe to use from any thread. */
public final class HostClock implements Clock {
    /** Makes one; all of them tell the same time. */
    public HostClock() {}

    @Override
    public long wallMs() {
        return System.currentTimeMillis();
    }

    @Override
    public long monotonicNanos() {
        return System.nanoTime();
    }
}
