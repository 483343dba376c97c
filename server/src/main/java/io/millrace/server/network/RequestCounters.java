package io.millrace.server.network;

import io.millrace.protocol.ApiKey;

/** Counts one lane's requests by API, and the time from a request's arrival to its answer. Touched on that lane only. */
public final class RequestCounters {
    private static final int CODES = 128;

    private final long[] counts = new long[CODES];
    private final long[] totalNanos = new long[CODES];
    private long failedRequests;

    /** All zero. */
    public RequestCounters() {}

    void answered(ApiKey apiKey, long nanos) {
        counts[apiKey.code()]++;
        totalNanos[apiKey.code()] += nanos;
    }

    void failed() {
        failedRequests++;
    }

    /** Requests answered, by the code of their API. */
    public long[] counts() {
        return counts.clone();
    }

    /** Nanoseconds from arrival to answer, summed, by the code of the API. */
    public long[] totalNanos() {
        return totalNanos.clone();
    }

    /** Requests whose handler broke. */
    public long failedRequests() {
        return failedRequests;
    }
}
