package io.millrace.cli.bench;

import io.millrace.cli.produce.SendingOptions;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace bench latency TOPIC}. */
@Command(
        name = "latency",
        description =
                "Send records one at a time, each when the one before is acknowledged, and tell how long that takes.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Latency is from the send to the acknowledgement, so that the sum of all is the time of the run. The first records",
            "(--warm-up) are not counted. A line a second goes to standard error, the result to standard output.",
            "The producer's linger.ms (5 by default) is part of it; --property linger.ms=0 leaves it out."
        })
final class BenchLatency implements Callable<Integer> {
    private static final double NANOS_PER_SECOND = 1e9;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "Where to; it should exist.")
    private String topic = "";

    @Option(
            names = {"-n", "--records"},
            paramLabel = "COUNT",
            defaultValue = "10000",
            description = "How many are timed (default: ${DEFAULT-VALUE}).")
    private long records = 10_000;

    @Option(
            names = "--warm-up",
            paramLabel = "COUNT",
            defaultValue = "500",
            description = "How many are sent before (default: ${DEFAULT-VALUE}).")
    private long warmUp = 500;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of a value (default: ${DEFAULT-VALUE}).")
    private int size = 100;

    @Mixin
    private SendingOptions sending = new SendingOptions();

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean isJson;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        if (records < 1) throw terminal.wronglyAsked("--records " + records + " is below 1");
        if (warmUp < 0) throw terminal.wronglyAsked("--warm-up " + warmUp + " is below 0");
        if (size < 0) throw terminal.wronglyAsked("--size " + size + " is below 0");
        byte[] value = new byte[size];
        RandomGenerator.of("L64X128MixRandom").nextBytes(value);
        LatencyLog latencies = new LatencyLog();
        LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
        double seconds;
        try (Producer<byte[], byte[]> producer = Producer.open(
                sending.toProducerOptions(cluster, terminal, "millrace-bench"),
                Serializers.bytes(),
                Serializers.bytes())) {
            for (long i = 0; i < warmUp; i++) send(producer, value);
            long beganNanos = System.nanoTime();
            long sentNanos = beganNanos;
            for (long i = 1; i <= records; i++) {
                send(producer, value);
                long nowNanos = System.nanoTime();
                latencies.note(nowNanos - sentNanos);
                sentNanos = nowNanos;
                if (line.isDue()) {
                    line.show(String.format(Locale.ROOT, "%,12d of %,d records  %s", i, records, latencies.recent()));
                    sentNanos = System.nanoTime(); // What was shown is no latency.
                }
            }
            seconds = (System.nanoTime() - beganNanos) / NANOS_PER_SECOND;
        } catch (SendFailure failure) {
            line.end();
            terminal.complain(String.valueOf(failure.getMessage()));
            return Terminal.FAILED;
        }
        line.end();
        tell(latencies, seconds);
        return Terminal.DONE;
    }

    private void send(Producer<byte[], byte[]> producer, byte[] value) {
        producer.send(new ProducerRecord<>(topic, value)).await();
    }

    private void tell(LatencyLog latencies, double seconds) {
        if (!isJson) {
            terminal.out()
                    .println(String.format(
                            Locale.ROOT,
                            "%,d records of %,d bytes, one at a time, in %.2f s: %s",
                            records,
                            size,
                            seconds,
                            latencies.sentence()));
            return;
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("records", records);
        result.put("seconds", LatencyLog.rounded(seconds));
        result.putAll(latencies.fields());
        terminal.out().println(JsonText.of(result));
    }
}
