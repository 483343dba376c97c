package io.millrace.client.consumer;

import io.millrace.client.fetching.run.FetchCounters;
import java.util.Map;
import java.util.TreeMap;

/** Counts under the names of Kafka's consumer metrics; averages are over all time. */
final class ConsumerMetrics {
    private ConsumerMetrics() {}

    static Map<String, Double> of(FetchCounters.Snapshot counts) {
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
        return metrics;
    }
}
