package io.millrace.cli.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** Latencies of a run, to three digits. Any thread may note one; one thread asks for them. */
final class LatencyLog {
    private static final int DIGITS = 3;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final double MICROS_PER_MS = 1_000;

    private final Recorder recorder = new Recorder(DIGITS);
    private final Histogram all = new Histogram(DIGITS);

    void note(long nanos) {
        recorder.recordValue(Math.max(0, nanos) / NANOS_PER_MICRO);
    }

    /** Those noted since this was asked last, as {@code p50 1.20 ms  p99 3.40 ms}, or that there were none. */
    String recent() {
        Histogram recent = recorder.getIntervalHistogram();
        all.add(recent);
        if (recent.getTotalCount() == 0) return "none came back";
        return String.format(Locale.ROOT, "p50 %.2f ms  p99 %.2f ms", ms(recent, 50), ms(recent, 99));
    }

    /** Puts percentiles of all that were noted, in milliseconds, under names such as {@code p99Ms}. */
    Map<String, Object> fields() {
        all.add(recorder.getIntervalHistogram());
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("p50Ms", rounded(ms(all, 50)));
        fields.put("p90Ms", rounded(ms(all, 90)));
        fields.put("p99Ms", rounded(ms(all, 99)));
        fields.put("p99.9Ms", rounded(ms(all, 99.9)));
        fields.put("maxMs", rounded(all.getMaxValue() / MICROS_PER_MS));
        return fields;
    }

    /** The percentiles of all that were noted, in words. */
    String sentence() {
        all.add(recorder.getIntervalHistogram());
        return String.format(
                Locale.ROOT,
                "latency p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f ms",
                ms(all, 50),
                ms(all, 90),
                ms(all, 99),
                ms(all, 99.9),
                all.getMaxValue() / MICROS_PER_MS);
    }

    private static double ms(Histogram latencies, double percentile) {
        return latencies.getValueAtPercentile(percentile) / MICROS_PER_MS;
    }

    static double rounded(double number) {
        return Math.round(number * 1_000) / 1_000.0;
    }
}
