package io.millrace.coordinators.group;

/**
 * For how long the first generation of an empty group is held open (KIP-134). A member that comes too late for it costs all
 * the others a heartbeat interval, three seconds by default, as only the answer to a heartbeat tells them to join again.
 * With a configured delay that delay is kept, and prolonged by itself while members come. Without one, a lone member waits
 * for {@value #ALONE_MS} ms; those that start together are gathered until none came for {@value #QUIET_MS} ms, within
 * {@value #MOST_MS} ms.
 */
final class Gathering {
    /** Short beside what a consumer needs for its start, long beside the distance of two that start together. */
    static final int ALONE_MS = 20;

    static final int QUIET_MS = 100;
    static final int MOST_MS = 1_000;

    private final int delayMs;

    /** @param delayMs {@code group.initial.rebalance.delay.ms} */
    Gathering(int delayMs) {
        this.delayMs = delayMs;
    }

    /** The join phase of an empty group begins: for how many milliseconds it lasts at least. */
    int begin(ClassicGroup group) {
        int firstMs = isBrief() ? ALONE_MS : delayMs;
        int mostMs = isBrief() ? Math.min(MOST_MS, group.rebalanceTimeoutMs()) : group.rebalanceTimeoutMs();
        group.remainingDelayMs = Math.max(mostMs - firstMs, 0);
        return firstMs;
    }

    /** That time is over: for how many milliseconds more it lasts; 0 if the generation can begin. */
    int prolong(ClassicGroup group) {
        boolean isAwaited =
                group.hasNewJoiner || (isBrief() && !group.pendingJoins().isEmpty());
        if (!isAwaited) return 0;
        int moreMs = Math.min(isBrief() ? QUIET_MS : delayMs, group.remainingDelayMs);
        group.hasNewJoiner = false;
        group.remainingDelayMs -= moreMs;
        return moreMs;
    }

    private boolean isBrief() {
        return delayMs < ALONE_MS;
    }
}
