package io.millrace.client.consumer;

import io.millrace.client.committing.run.CommitCounters;
import io.millrace.client.fetching.run.FetchCounters;
import java.util.Map;
import java.util.TreeMap;

/** Counts under the names of Kafka's consumer metrics; averages are over all time. */
final class ConsumerMetrics {
    private ConsumerMetrics() {}

    static Map<String, Double> of(
            FetchCounters.Snapshot counts, CommitCounters.Snapshot commits, LeftOutRecords leftOut) {
        Map<String, Double> metrics = new TreeMap<>();
        metrics.put("fetch-total", (double) counts.requests());
        metrics.put("bytes-consumed-total", (double) counts.bytes());
        metrics.put("fetch-latency-avg", counts.answers() == 0 ? 0 : (double) counts.answerMsSum() / counts.answers());
        metrics.put("fetch-latency-max", (double) counts.answerMsMax());
        metrics.put("fetch-throttle-time-total", (double) counts.throttleMsSum());
        metrics.put("fetch-failed-total", (double) counts.failedRequests());
        metrics.put("fetch-size-avg", counts.answers() == 0 ? 0 : (double) counts.bytes() / counts.answers());
        metrics.put("fetched-ranges-total", (double) counts.ranges());
        metrics.put("fetch-buffered-bytes", (double) counts.bufferedBytes());
        metrics.put("commit-total", (double) commits.requests());
        metrics.put("commit-failed-total", (double) commits.failedRequests());
        metrics.put(
                "commit-latency-avg", commits.answers() == 0 ? 0 : (double) commits.answerMsSum() / commits.answers());
        metrics.put("commit-latency-max", (double) commits.answerMsMax());
        metrics.put("left-out-records-total", (double) leftOut.records());
        metrics.put("left-out-batches-total", (double) leftOut.batches());
        return metrics;
    }
}
