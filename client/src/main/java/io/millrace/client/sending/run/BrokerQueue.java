package io.millrace.client.sending.run;

import java.util.ArrayDeque;

/** The partitions that have something to send to one broker, and what is on its way there. */
final class BrokerQueue {
    final int nodeId;
    final ArrayDeque<PartitionLine> waiting = new ArrayDeque<>();
    int requestsInFlight;
    long throttledUntilMs = Long.MIN_VALUE;
    boolean isDrainAsked;

    BrokerQueue(int nodeId) {
        this.nodeId = nodeId;
    }
}
