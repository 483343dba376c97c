package io.millrace.client.dispatch;

import io.millrace.client.cluster.RetryBackoff;

/**
 * How often, and for how long, a record is handed to its handler again after a failure.
 *
 * @param maxAttempts how often it is handed out at most, the first time included; from 1
 * @param maxMs it is given up rather than tried again later than this after its first failure, in milliseconds; from 0
 * @param backoff how long to wait after each failure
 */
public record RetryRules(int maxAttempts, long maxMs, RetryBackoff backoff) {
    /** Never give up. */
    public static final int FOREVER = Integer.MAX_VALUE;

    /** Checks the ranges. */
    public RetryRules {
        if (maxAttempts < 1) throw new IllegalArgumentException(maxAttempts + " attempts; want 1 at least");
        if (maxMs < 0) throw new IllegalArgumentException("retries for " + maxMs + " ms; want 0 at least");
    }

    /** Whether there is to be another attempt, so long from now. */
    boolean allows(int failures, long sinceFirstFailureMs, long waitMs) {
        if (maxAttempts != FOREVER && failures >= maxAttempts) return false;
        return waitMs <= maxMs - sinceFirstFailureMs;
    }
}
