package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchSession;
import io.millrace.client.fetching.FetchStep;
import io.millrace.records.TopicPartition;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is fetched from one broker: one request at a time, in one session. */
final class BrokerFetches {
    /** A partition of a request, and as of when. */
    record Sent(FetchLine line, long generation, FetchStep.Fetch step) {}

    final int nodeId;
    final FetchSession session = new FetchSession();
    /** What the next request is to ask for; made anew at each look. */
    Map<TopicPartition, Sent> wanted = new LinkedHashMap<>();
    /** Whether some partition has enough buffered: it will want more as soon as the application has read on. */
    boolean hasFull;

    boolean isAsking;
    int failures;
    long notBeforeMs = Long.MIN_VALUE;

    BrokerFetches(int nodeId) {
        this.nodeId = nodeId;
    }
}
