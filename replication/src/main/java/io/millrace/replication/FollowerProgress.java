package io.millrace.replication;

/** How far one follower has come, as its leader knows from its fetches in this leadership. */
final class FollowerProgress {
    /** In place of an offset: it has not fetched yet. */
    static final long UNKNOWN = -1;

    /** In place of a moment. */
    static final long NEVER = Long.MIN_VALUE / 4;

    private final int brokerId;
    private boolean counts;
    private boolean isJoining;
    private long brokerEpoch = KnownBrokers.NO_EPOCH;
    private boolean hasFetched;
    private long logStartOffset = UNKNOWN;
    private long logEndOffset = UNKNOWN;
    private long endAtFetch;
    private long fetchedAtMs = NEVER;
    private long caughtUpAtMs;

    /**
     * Nothing is known yet.
     *
     * @param caughtUpAtMs when the leadership began if the follower was in sync then, so that it has time to come; otherwise {@link #NEVER}
     */
    FollowerProgress(int brokerId, long caughtUpAtMs) {
        this.brokerId = brokerId;
        this.caughtUpAtMs = caughtUpAtMs;
    }

    int brokerId() {
        return brokerId;
    }

    /** The life of its last fetch, or {@link KnownBrokers#NO_EPOCH}. */
    long brokerEpoch() {
        return brokerEpoch;
    }

    /** Next offset it will write, or {@link #UNKNOWN}. */
    long logEndOffset() {
        return logEndOffset;
    }

    /** Whether the leader's records are committed only once this follower has them, too. */
    boolean isWaitedFor() {
        return counts || isJoining;
    }

    /** Whether it is in sync, or may be: it is proposed, and the controller's answer has not come. */
    void setCounts(boolean counts) {
        this.counts = counts;
    }

    /** Whether the high watermark waits for it although it is not in sync, so that it can become so. */
    void setJoining(boolean joining) {
        this.isJoining = joining;
    }

    /** Whether a fetch comes from a life that is over: a later one has fetched already. */
    boolean isFromEarlierLife(FollowerFetch fetch) {
        return fetch.brokerEpoch() != KnownBrokers.NO_EPOCH && fetch.brokerEpoch() < brokerEpoch;
    }

    /**
     * It has fetched, and all it has agrees with the leader's log. It is caught up now if it has all there is, and was at its last fetch
     * if it has all there was then.
     */
    void fetched(FollowerFetch fetch, long leadersEnd, long nowMs) {
        if (hasFetched && fetch.brokerEpoch() > brokerEpoch) {
            // Another life begins with another log: what the last one had is no sign of what this one will do.
            caughtUpAtMs = NEVER;
            fetchedAtMs = NEVER;
            endAtFetch = 0;
        }
        if (fetch.fetchOffset() >= leadersEnd) caughtUpAtMs = Math.max(caughtUpAtMs, nowMs);
        else if (fetchedAtMs != NEVER && fetch.fetchOffset() >= endAtFetch)
            caughtUpAtMs = Math.max(caughtUpAtMs, fetchedAtMs);
        hasFetched = true;
        brokerEpoch = Math.max(brokerEpoch, fetch.brokerEpoch());
        logStartOffset = fetch.logStartOffset();
        logEndOffset = fetch.fetchOffset();
        endAtFetch = Math.max(endAtFetch, leadersEnd);
        fetchedAtMs = nowMs;
    }

    /** It had all there was until now, and last fetched then; of another life than the one that fetched last, nothing is taken. */
    void rested(long ofBrokerEpoch, long lastFetchAtMs, long leadersEnd) {
        if (logEndOffset != leadersEnd || ofBrokerEpoch != brokerEpoch) return;
        caughtUpAtMs = Math.max(caughtUpAtMs, lastFetchAtMs);
        fetchedAtMs = Math.max(fetchedAtMs, lastFetchAtMs);
    }

    /** Whether it has all there is, or had it within the time allowed. */
    boolean isCaughtUp(long leadersEnd, long nowMs, long lagTimeMaxMs) {
        return logEndOffset == leadersEnd || nowMs - caughtUpAtMs <= lagTimeMaxMs;
    }

    /** When it last fetched; before its first fetch, when it got time to come, or {@link #NEVER}. */
    long heardAtMs() {
        return Math.max(fetchedAtMs, caughtUpAtMs);
    }

    /** Whether a reader of an offset finds it in this follower's log. */
    boolean holds(long offset) {
        return hasFetched && logStartOffset <= offset && offset <= logEndOffset;
    }

    /** When it last had all there was, or {@link #NEVER}. */
    long caughtUpAtMs() {
        return caughtUpAtMs;
    }
}
