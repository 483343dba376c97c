package io.millrace.client.producer;

import io.millrace.client.sending.run.SendCounters;
import java.util.Map;
import java.util.TreeMap;

/** A producer's numbers, by the names Kafka's producer gives them; averages are over the producer's life. */
final class ProducerMetrics {
    private ProducerMetrics() {}

    static Map<String, Double> of(SendCounters.Snapshot counts, BatchMemory memory) {
        Map<String, Double> metrics = new TreeMap<>();
        metrics.put("record-send-total", (double) counts.records());
        metrics.put("record-error-total", (double) counts.failedRecords());
        metrics.put("record-retry-total", (double) counts.retriedRecords());
        metrics.put("batch-split-total", (double) counts.splits());
        metrics.put("request-total", (double) counts.requests());
        metrics.put("byte-total", (double) counts.bytes());
        metrics.put("batch-size-avg", ratio(counts.bytes(), counts.batches()));
        metrics.put("records-per-request-avg", ratio(counts.records(), counts.requests()));
        metrics.put("record-size-avg", ratio(counts.rawBytes(), counts.records()));
        metrics.put("compression-rate-avg", ratio(counts.bytes(), counts.rawBytes()));
        metrics.put("record-queue-time-avg", ratio(counts.queueMsSum(), counts.batches()));
        metrics.put("record-queue-time-max", (double) counts.queueMsMax());
        metrics.put("request-latency-avg", ratio(counts.answerMsSum(), counts.answers()));
        metrics.put("request-latency-max", (double) counts.answerMsMax());
        metrics.put("produce-throttle-time-total", (double) counts.throttleMsSum());
        metrics.put("buffer-total-bytes", (double) memory.totalBytes());
        metrics.put("buffer-available-bytes", (double) memory.availableBytes());
        metrics.put("waiting-threads", (double) memory.waitingThreads());
        metrics.put("bufferpool-wait-time-ns-total", (double) memory.waitedNanos());
        return metrics;
    }

    private static double ratio(long sum, long count) {
        return count == 0 ? 0 : (double) sum / count;
    }
}
