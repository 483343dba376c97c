package io.millrace.server.partitions;

import io.millrace.environment.Clock;
import io.millrace.replication.ReplicationQuota;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A replication throttle of this broker (KIP-73), for what it sends as leader or for what it fetches as follower, as one lane sees it: all lanes share
 * what went, and each knows the rate from its image. Touched only on the lane.
 */
public final class ReplicationThrottle {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final AtomicReference<ReplicationQuota> shared;
    private final Clock clock;
    private long bytesPerSecond = NO_LIMIT;

    private ReplicationThrottle(AtomicReference<ReplicationQuota> shared, Clock clock) {
        this.shared = shared;
        this.clock = clock;
    }

    /** A throttle without a limit, that begins with what went. */
    static ReplicationThrottle of(ReplicationQuota quota, Clock clock) {
        return new ReplicationThrottle(new AtomicReference<>(quota), clock);
    }

    /** The same throttle, as another lane sees it. */
    ReplicationThrottle on(Clock otherClock) {
        return new ReplicationThrottle(shared, otherClock);
    }

    /** Takes another rate; returns whether it is another. */
    boolean rate(long newBytesPerSecond) {
        boolean isNew = newBytesPerSecond != bytesPerSecond;
        bytesPerSecond = newBytesPerSecond;
        return isNew;
    }

    /** From when on throttled replicas may go on, in monotonic time; in the past, or now, if they may. */
    public long openFromMs() {
        if (bytesPerSecond == NO_LIMIT) return Long.MIN_VALUE;
        ReplicationQuota quota = shared.get();
        long nowMs = clock.monotonicMs();
        // Nothing per second is nothing at all; after a window it is looked at again.
        long earliestMs = bytesPerSecond == 0 ? nowMs + quota.windowMs() : nowMs;
        return Math.max(earliestMs, quota.openFromMs(bytesPerSecond, nowMs));
    }

    /** How many bytes use up one window, at least 1. */
    public long windowBytes() {
        double bytes = bytesPerSecond * (shared.get().windowMs() / 1000.0);
        return Math.max(1, (long) bytes);
    }

    /** Bytes of throttled replicas went. */
    public void spent(long bytes) {
        if (bytes == 0) return;
        long nowMs = clock.monotonicMs();
        shared.updateAndGet(quota -> quota.spent(bytes, nowMs));
    }

    /** How fast they went lately, whatever the rate is. */
    public double measuredBytesPerSecond() {
        return shared.get().bytesPerSecond(clock.monotonicMs());
    }
}
