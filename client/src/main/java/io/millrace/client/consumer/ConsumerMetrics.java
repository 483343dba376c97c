package io.millrace.client.consumer;

import io.millrace.client.committing.run.CommitCounters;
import io.millrace.client.fetching.run.FetchCounters;
import io.millrace.client.membership.run.MemberCounters;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Counts under the names of Kafka's consumer metrics; averages are over all time. What has not happened yet is since -1 seconds. */
final class ConsumerMetrics {
    private ConsumerMetrics() {}

    /** What was counted on the lane. */
    record OfLane(FetchCounters.Snapshot fetches, CommitCounters.Snapshot commits, MemberCounters.Snapshot member) {}

    static Map<String, Double> of(
            OfLane counted,
            PollCounters polls,
            long nowNanos,
            Collection<AssignedPartition> assigned,
            LeftOutRecords leftOut) {
        Map<String, Double> metrics = new TreeMap<>();
        ofFetches(counted.fetches(), polls.records(), metrics);
        ofCommits(counted.commits(), metrics);
        ofMember(counted.member(), metrics);
        metrics.put("records-consumed-total", (double) polls.records());
        metrics.put("time-between-poll-avg", polls.betweenMsAvg());
        metrics.put("time-between-poll-max", polls.betweenMsMax());
        metrics.put("poll-idle-ratio-avg", polls.insideRatio());
        metrics.put("last-poll-seconds-ago", (double) polls.sinceSeconds(nowNanos));
        metrics.put("assigned-partitions", (double) assigned.size());
        metrics.put("records-lag-max", (double)
                assigned.stream().mapToLong(it -> it.lag().orElse(0)).max().orElse(0));
        metrics.put("left-out-records-total", (double) leftOut.records());
        metrics.put("left-out-batches-total", (double) leftOut.batches());
        return metrics;
    }

    private static void ofFetches(FetchCounters.Snapshot counts, long records, Map<String, Double> metrics) {
        metrics.put("fetch-total", (double) counts.requests());
        metrics.put("bytes-consumed-total", (double) counts.bytes());
        metrics.put("fetch-latency-avg", ratio(counts.answerMsSum(), counts.answers()));
        metrics.put("fetch-latency-max", (double) counts.answerMsMax());
        metrics.put("fetch-throttle-time-total", (double) counts.throttleMsSum());
        metrics.put("fetch-failed-total", (double) counts.failedRequests());
        metrics.put("fetch-size-avg", ratio(counts.bytes(), counts.answers()));
        metrics.put("records-per-request-avg", ratio(records, counts.answers()));
        metrics.put("fetched-ranges-total", (double) counts.ranges());
        metrics.put("fetch-buffered-bytes", (double) counts.bufferedBytes());
    }

    private static void ofCommits(CommitCounters.Snapshot commits, Map<String, Double> metrics) {
        metrics.put("commit-total", (double) commits.requests());
        metrics.put("commit-failed-total", (double) commits.failedRequests());
        metrics.put("commit-latency-avg", ratio(commits.answerMsSum(), commits.answers()));
        metrics.put("commit-latency-max", (double) commits.answerMsMax());
    }

    private static void ofMember(MemberCounters.Snapshot member, Map<String, Double> metrics) {
        metrics.put("join-total", (double) member.joins());
        metrics.put("sync-total", (double) member.syncs());
        metrics.put("rebalance-total", (double) member.syncs());
        metrics.put("failed-rebalance-total", (double) member.failures());
        metrics.put("last-rebalance-seconds-ago", seconds(member.sinceRebalanceMs()));
        metrics.put("heartbeat-total", (double) member.heartbeats());
        metrics.put("heartbeat-response-time-max", (double) member.heartbeatMsMax());
        metrics.put("last-heartbeat-seconds-ago", seconds(member.sinceHeartbeatMs()));
    }

    private static double seconds(long ms) {
        return ms < 0 ? -1 : ms / 1000.0;
    }

    private static double ratio(long sum, long count) {
        return count == 0 ? 0 : (double) sum / count;
    }
}
