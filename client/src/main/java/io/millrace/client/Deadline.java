package io.millrace.client;

/** The moment until which one call may take, by the process's monotonic clock. */
final class Deadline {
    private static final long NANOS_PER_MS = 1_000_000;

    private final long atNanos;

    private Deadline(long atNanos) {
        this.atNanos = atNanos;
    }

    static Deadline in(long ms) {
        return new Deadline(System.nanoTime() + ms * NANOS_PER_MS);
    }

    /** The earlier of this one and one that many ms from now. */
    Deadline orIn(long ms) {
        Deadline other = in(ms);
        return other.atNanos - atNanos < 0 ? other : this;
    }

    boolean isOver() {
        return System.nanoTime() - atNanos >= 0;
    }

    /** Time left in ms, at least 1, so that it can be handed to what takes 0 for "for ever". */
    int leftMs() {
        long left = (atNanos - System.nanoTime()) / NANOS_PER_MS;
        return (int) Math.max(1, Math.min(left, Integer.MAX_VALUE));
    }
}
