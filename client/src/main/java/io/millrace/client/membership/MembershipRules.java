package io.millrace.client.membership;

import io.millrace.client.cluster.RetryBackoff;
import org.jspecify.annotations.Nullable;

/**
 * How a member behaves. Durations are in milliseconds.
 *
 * @param groupId {@code group.id}, not empty
 * @param instanceId {@code group.instance.id}, null for a dynamic member
 * @param rackId {@code client.rack}, null for none
 * @param sessionTimeoutMs without a heartbeat until the coordinator puts a member out, {@code session.timeout.ms}, from 1
 * @param heartbeatMs between two heartbeats, {@code heartbeat.interval.ms}, from 1 and below {@code sessionTimeoutMs}
 * @param maxPollMs between two polls until a member leaves, and how long a rebalance waits for one that has to be polled,
 *     {@code max.poll.interval.ms}, from 1
 * @param requestTimeoutMs how long the coordinator may take over what does not wait for other members, and how long a leader
 *     waits for metadata of topics that others read, {@code request.timeout.ms}, from 1
 * @param backoff between two attempts
 */
public record MembershipRules(
        String groupId,
        @Nullable String instanceId,
        @Nullable String rackId,
        int sessionTimeoutMs,
        int heartbeatMs,
        int maxPollMs,
        int requestTimeoutMs,
        RetryBackoff backoff) {
    /** What the coordinator is given on top of the time it takes for a rebalance itself. */
    private static final long REBALANCE_GRACE_MS = 5_000;

    /** Checks the ranges. */
    public MembershipRules {
        if (groupId.isEmpty()) throw new IllegalArgumentException("group.id is empty");
        if (instanceId != null && instanceId.isEmpty())
            throw new IllegalArgumentException("group.instance.id is empty");
        atLeastOne("session.timeout.ms", sessionTimeoutMs);
        atLeastOne("heartbeat.interval.ms", heartbeatMs);
        atLeastOne("max.poll.interval.ms", maxPollMs);
        atLeastOne("request.timeout.ms", requestTimeoutMs);
        if (heartbeatMs >= sessionTimeoutMs)
            throw new IllegalArgumentException("heartbeat.interval.ms is " + heartbeatMs
                    + ", not below session.timeout.ms=" + sessionTimeoutMs + "; a third of that is usual");
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " is " + value + ", below 1");
    }

    /** How long an answer may take that waits for all other members: the coordinator's bound is {@code maxPollMs}. */
    long rebalanceTimeoutMs() {
        return Math.max(requestTimeoutMs, maxPollMs + REBALANCE_GRACE_MS);
    }

    /** Static members do not leave: they are put out when their session is over, unless they are back before (KIP-345). */
    boolean leaves() {
        return instanceId == null;
    }
}
