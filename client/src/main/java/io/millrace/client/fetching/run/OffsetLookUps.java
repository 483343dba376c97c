package io.millrace.client.fetching.run;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.protocol.ErrorCode;
import java.util.LinkedHashSet;
import java.util.Set;

/** Offsets that an application wants to know by time: asked of the leaders, and again while that may go better and there is time. */
final class OffsetLookUps {
    private final FetcherLane fetcher;
    private final ClientLane lane;
    private final RetryBackoff backoff;
    private final Set<OffsetLookUp> all = new LinkedHashSet<>();

    OffsetLookUps(FetcherLane fetcher, ClientLane lane, RetryBackoff backoff) {
        this.fetcher = fetcher;
        this.lane = lane;
        this.backoff = backoff;
    }

    void add(OffsetLookUp one) {
        all.add(one);
    }

    /** Nothing can be asked any more. */
    void endAll() {
        for (OffsetLookUp each : all) each.end(ErrorCode.NETWORK_EXCEPTION, -1, -1, -1);
        all.clear();
    }

    /** Asks what the application wants to know; returns when to look again. */
    long ask(QuestionRound questions, long nowMs) {
        long dueMs = Long.MAX_VALUE;
        for (OffsetLookUp each : all) {
            if (each.deadlineMs <= nowMs) each.end(each.lastError, -1, -1, -1);
            if (each.isDone() || each.isAsking) continue;
            dueMs = Math.min(dueMs, each.deadlineMs);
            if (each.againFromMs > nowMs) {
                dueMs = Math.min(dueMs, each.againFromMs);
                continue;
            }
            PartitionLeader leader = fetcher.leader(each.partition);
            if (!leader.isKnown()) {
                ClusterTopic topic = fetcher.cluster().view().topic(each.partition.topic());
                if (topic != null && topic.error() != ErrorCode.NONE) each.lastError = topic.error();
                else if (topic != null && each.partition.partition() >= topic.partitionCount())
                    each.lastError = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
                if (topic != null
                        && topic.error() != ErrorCode.NONE
                        && !topic.error().isRetriable()) each.end(topic.error(), -1, -1, -1);
                else fetcher.findLeader(each.partition.topic());
                continue;
            }
            OffsetQuestions broker = questions.to(leader.brokerId());
            if (broker == null) {
                dueMs = Math.min(dueMs, fetcher.cluster().connect(leader.brokerId()));
                continue;
            }
            each.isAsking = true;
            broker.lookUp(each.partition, leader.epoch(), each.timestamp, (error, offset, timestamp, epoch) -> {
                each.isAsking = false;
                if (error != ErrorCode.NONE && (error.isRetriable() || error == ErrorCode.FENCED_LEADER_EPOCH)) {
                    each.failures++;
                    each.lastError = error;
                    each.againFromMs = lane.nowMs()
                            + backoff.waitMs(each.failures, lane.randomness().nextLong());
                    if (!fetcher.isClosed()) fetcher.cluster().refresh();
                } else {
                    each.end(error, offset, timestamp, epoch);
                }
                fetcher.lookSoon();
            });
        }
        all.removeIf(OffsetLookUp::isDone);
        return dueMs;
    }
}
