package io.millrace.raft;

/**
 * How long a replica of the metadata log waits, in milliseconds.
 *
 * @param electionTimeoutMs {@code controller.quorum.election.timeout.ms}: a voter that knows of no leader stands for
 *     election after once to twice this time
 * @param fetchTimeoutMs {@code controller.quorum.fetch.timeout.ms}: a follower that got no answer to a fetch for this long
 *     asks whether it should stand; a leader that no majority fetched from for one and a half times as long resigns
 * @param electionBackoffMaxMs {@code controller.quorum.election.backoff.max.ms}: most time before a voter that was refused
 *     asks again
 * @param retryBackoffMs {@code controller.quorum.retry.backoff.ms}: least time between a request without an answer and the
 *     next to the same replica
 * @param fetchMaxWaitMs how long a leader may keep a fetch that finds nothing new
 */
public record QuorumTimeouts(
        int electionTimeoutMs, int fetchTimeoutMs, int electionBackoffMaxMs, int retryBackoffMs, int fetchMaxWaitMs) {
    /** Kafka's defaults. */
    public static final QuorumTimeouts DEFAULT = new QuorumTimeouts(1000, 2000, 1000, 20, 500);

    /** Checks that each is at least 1 ms, and that a fetch that finds nothing is answered in time. */
    public QuorumTimeouts {
        if (electionTimeoutMs < 1 || electionTimeoutMs > Integer.MAX_VALUE / 2)
            throw new IllegalArgumentException("controller.quorum.election.timeout.ms is " + electionTimeoutMs);
        if (fetchTimeoutMs < 1 || fetchTimeoutMs > Integer.MAX_VALUE / 2)
            throw new IllegalArgumentException("controller.quorum.fetch.timeout.ms is " + fetchTimeoutMs);
        if (electionBackoffMaxMs < 1)
            throw new IllegalArgumentException("controller.quorum.election.backoff.max.ms is " + electionBackoffMaxMs);
        if (retryBackoffMs < 1)
            throw new IllegalArgumentException("controller.quorum.retry.backoff.ms is " + retryBackoffMs);
        if (fetchMaxWaitMs < 1) throw new IllegalArgumentException("fetches wait " + fetchMaxWaitMs + " ms");
        fetchMaxWaitMs = Math.min(fetchMaxWaitMs, Math.max(1, fetchTimeoutMs / 2));
    }

    /** A leader that heard of no majority for this long resigns (M5, KAFKA-15489). */
    int checkQuorumTimeoutMs() {
        return fetchTimeoutMs + fetchTimeoutMs / 2;
    }

    /** A leader tells a voter it has not heard of for this long that it leads (KIP-853). */
    int beginEpochIntervalMs() {
        return Math.max(1, fetchTimeoutMs / 2);
    }
}
