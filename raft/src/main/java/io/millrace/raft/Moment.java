package io.millrace.raft;

/**
 * When a machine takes an event, and the luck it has then.
 *
 * @param nowMs by a clock that never goes back; only differences mean something
 * @param chance any value, each as likely as every other: what timeouts are drawn from
 */
public record Moment(long nowMs, long chance) {
    /** A moment at least {@code fromMs} and less than {@code untilMs} milliseconds after this one. */
    long drawnBetween(int fromMs, int untilMs) {
        if (fromMs >= untilMs) throw new IllegalArgumentException("nothing in [" + fromMs + ", " + untilMs + ") ms");
        return nowMs + fromMs + Math.floorMod(chance, untilMs - fromMs);
    }
}
