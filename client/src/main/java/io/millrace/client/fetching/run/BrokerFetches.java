package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchSession;
import io.millrace.client.fetching.FetchStep;
import io.millrace.records.TopicPartition;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is fetched from one broker: one request at a time, in one session. While the broker holds it, as there are no records, what has
 * come to be wanted since (after a seek, a resume, an assignment) overtakes it by requests outside of the session.
 */
final class BrokerFetches {
    /** A partition of a request, and as of when. */
    record Sent(FetchLine line, long generation, FetchStep.Fetch step) {}

    final int nodeId;
    final FetchSession session = new FetchSession();
    /** What the next request is to ask for; made anew at each look. */
    Map<TopicPartition, Sent> wanted = new LinkedHashMap<>();
    /** Whether some partition has enough buffered: it will want more as soon as the application has read on. */
    boolean hasFull;

    /** What was asked for in the session and is not answered. */
    Map<TopicPartition, Sent> underWay = Map.of();

    boolean isAsking;
    long askedAtMs;
    /** Whether the broker may hold what is under way for long. */
    boolean mayBeHeld;
    /** What overtakes it. */
    Map<TopicPartition, Sent> overtaking = Map.of();

    int failures;
    long notBeforeMs = Long.MIN_VALUE;

    BrokerFetches(int nodeId) {
        this.nodeId = nodeId;
    }

    /** Whether what else is asked on the same connection may have to wait for long. */
    boolean isHolding() {
        return isAsking && mayBeHeld;
    }

    /** What is wanted, and is not in what is under way, or not from where it is wanted. */
    Map<TopicPartition, Sent> late() {
        Map<TopicPartition, Sent> late = new LinkedHashMap<>();
        wanted.forEach((partition, each) -> {
            Sent asked = underWay.get(partition);
            if (asked == null || asked.line() != each.line() || asked.generation() != each.generation())
                late.put(partition, each);
        });
        return late;
    }
}
