package io.millrace.cli.bench;

import io.millrace.cli.produce.SendingOptions;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.Counts;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendCallback;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace bench produce TOPIC}. */
@Command(
        name = "produce",
        description = "Send records of a size, as fast as they go or at a rate, and tell how long they take.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Latency is from the send, with --rate from when it was due, to the callback. Without --rate one record in 64 is",
            "timed. The topic should exist; a line a second goes to standard error, the result to standard output."
        })
final class BenchProduce implements Callable<Integer> {
    private static final int TIMED_ONE_IN = 64;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "Where to.")
    private String topic = "";

    @Option(
            names = {"-n", "--records"},
            paramLabel = "COUNT",
            defaultValue = "1000000",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private long records = 1_000_000;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of a value (default: ${DEFAULT-VALUE}).")
    private int size = 100;

    @Option(names = "--rate", paramLabel = "COUNT", description = "Records a second (default: as fast as they go).")
    private double rate;

    @Mixin
    private SendingOptions sending = new SendingOptions();

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean isJson;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    private final LatencyLog latencies = new LatencyLog();
    private final LongAdder failures = new LongAdder();
    private volatile String firstFailure = "";

    @Override
    public Integer call() {
        if (records < 1) throw terminal.wronglyAsked("--records " + records + " is below 1");
        if (size < 0) throw terminal.wronglyAsked("--size " + size + " is below 0");
        if (rate < 0 || Double.isNaN(rate)) throw terminal.wronglyAsked("--rate " + rate + " is no rate from 0 up");
        byte[] value = new byte[size];
        RandomGenerator.of("L64X128MixRandom").nextBytes(value);
        LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
        long beganNanos;
        long endedNanos;
        try (Producer<byte[], byte[]> producer = Producer.open(
                sending.toProducerOptions(cluster, terminal, "millrace-bench"),
                Serializers.bytes(),
                Serializers.bytes())) {
            producer.partitionsFor(topic); // Connecting is no part of the measure.
            beganNanos = System.nanoTime();
            send(producer, value, beganNanos, line);
            producer.flush();
            endedNanos = System.nanoTime();
        }
        line.end();
        return tell((double) (endedNanos - beganNanos) / NANOS_PER_SECOND, failures.sum());
    }

    private void send(Producer<byte[], byte[]> producer, byte[] value, long beganNanos, LiveLine line) {
        long toldRecords = 0;
        SendCallback untimed = (_, failure) -> noteFailure(failure);
        for (long sent = 0; sent < records; sent++) {
            boolean isTimed = rate > 0 || sent % TIMED_ONE_IN == 0;
            if (!isTimed) {
                Delivery _ = producer.send(new ProducerRecord<>(topic, value), untimed);
                continue;
            }
            long dueNanos = System.nanoTime();
            if (rate > 0) {
                dueNanos = beganNanos + (long) (sent / rate * NANOS_PER_SECOND);
                awaitMoment(dueNanos);
            }
            long fromNanos = dueNanos;
            Delivery _ = producer.send(new ProducerRecord<>(topic, value), (_, failure) -> {
                latencies.note(System.nanoTime() - fromNanos);
                noteFailure(failure);
            });
            if (!line.isDue()) continue;
            line.show(String.format(
                    Locale.ROOT, "%,12d records %,12d records/s  %s", sent, sent - toldRecords, latencies.recent()));
            toldRecords = sent;
        }
    }

    /** On the thread that calls back, or that sends if a record is refused at once. */
    private void noteFailure(@Nullable SendFailure failure) {
        if (failure == null) return;
        failures.increment();
        if (firstFailure.isEmpty()) firstFailure = String.valueOf(failure.getMessage());
    }

    private static void awaitMoment(long dueNanos) {
        for (long left = dueNanos - System.nanoTime(); left > 0; left = dueNanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private int tell(double seconds, long failed) {
        long delivered = records - failed;
        long perSecond = Math.round(delivered / seconds);
        double mbPerSecond = delivered * (double) size / 1e6 / seconds;
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("records", delivered);
        result.put("seconds", LatencyLog.rounded(seconds));
        result.put("recordsPerSecond", perSecond);
        result.put("mbPerSecond", LatencyLog.rounded(mbPerSecond));
        result.putAll(latencies.fields());
        result.put("failed", failed);
        if (isJson) {
            terminal.out().println(JsonText.of(result));
        } else {
            terminal.out()
                    .println(String.format(
                            Locale.ROOT,
                            "%,d records of %,d bytes in %.2f s: %,d records/s, %.1f MB/s; %s",
                            delivered,
                            size,
                            seconds,
                            perSecond,
                            mbPerSecond,
                            latencies.sentence()));
        }
        if (failed == 0) return Terminal.DONE;
        terminal.complain(Counts.of(failed, "record", "records") + " failed"
                + (firstFailure.isEmpty() ? "" : ", such as: " + firstFailure));
        return Terminal.FAILED;
    }
}
