package io.millrace.client.committing;

import io.millrace.client.cluster.RetryBackoff;

/** Which broker coordinates a group, as far as is known, and from when on it may be asked for. */
public final class CoordinatorSearch {
    /** No broker is known to be it. */
    public static final int UNKNOWN = -1;

    private final RetryBackoff backoff;
    private int nodeId = UNKNOWN;
    private int failures;
    private long askFromMs = Long.MIN_VALUE;
    private boolean isAsking;

    /** Nothing is known yet. */
    public CoordinatorSearch(RetryBackoff backoff) {
        this.backoff = backoff;
    }

    /** The broker, or {@link #UNKNOWN}. */
    public int nodeId() {
        return nodeId;
    }

    /** Whether a question is under way. */
    public boolean isAsking() {
        return isAsking;
    }

    /** From when on it may be asked for, if it is unknown and no question is under way. */
    public long askFromMs() {
        return askFromMs;
    }

    /** The question was sent. */
    public void asked() {
        isAsking = true;
    }

    /** The question was answered with a broker. */
    public void found(int itsNodeId) {
        isAsking = false;
        failures = 0;
        nodeId = itsNodeId;
    }

    /**
     * The question was not answered, or without a broker.
     *
     * @param randomBits any number; it spreads the wait
     */
    public void notFound(long nowMs, long randomBits) {
        isAsking = false;
        waitLonger(nowMs, randomBits);
    }

    /** The broker cannot be reached, or says that it is not the coordinator; it is to be asked for anew, after a pause. */
    public void lost(int ofNodeId, long nowMs, long randomBits) {
        if (nodeId == UNKNOWN || nodeId != ofNodeId) return;
        nodeId = UNKNOWN;
        waitLonger(nowMs, randomBits);
    }

    private void waitLonger(long nowMs, long randomBits) {
        failures++;
        askFromMs = nowMs + backoff.waitMs(failures, randomBits);
    }
}
