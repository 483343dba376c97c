package io.millrace.cli.bench;

import io.millrace.cli.produce.SendingOptions;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace bench end-to-end TOPIC}. */
@Command(
        name = "end-to-end",
        description = "Send records at a rate, read them again, and tell how long it takes from the one to the other.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Latency is from when a record was due to be sent to when a consumer in this process has it from a poll; only records of",
            "this run count. A consumer's property is --read-property, a producer's --property. A line a second goes to standard",
            "error, the result to standard output. Exit status 1 if a record did not come back within --timeout after the last was sent."
        })
final class BenchEndToEnd implements Callable<Integer> {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final Duration POLL = Duration.ofMillis(200);
    /** The run's number and when the record was due, both 8 bytes. */
    private static final int STAMP_BYTES = 2 * Long.BYTES;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "Through which; it should exist.")
    private String topic = "";

    @Option(
            names = {"-n", "--records"},
            paramLabel = "COUNT",
            defaultValue = "10000",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private long records = 10_000;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of a value, at least 16 (default: ${DEFAULT-VALUE}).")
    private int size = 100;

    @Option(
            names = "--rate",
            paramLabel = "COUNT",
            defaultValue = "1000",
            description = "Records a second (default: ${DEFAULT-VALUE}).")
    private double rate = 1_000;

    @Mixin
    private SendingOptions sending = new SendingOptions();

    @Option(
            names = "--read-property",
            paramLabel = "NAME=VALUE",
            description = "A property of the consumer, such as fetch.max.wait.ms=10.")
    private List<String> readProperties = new ArrayList<>();

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean isJson;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    private final LatencyLog latencies = new LatencyLog();
    private final AtomicLong received = new AtomicLong();
    private volatile boolean isOver;
    private volatile @Nullable RuntimeException readFailure;
    private volatile @Nullable String sendFailure;

    @Override
    public Integer call() throws InterruptedException {
        if (records < 1) throw terminal.wronglyAsked("--records " + records + " is below 1");
        if (size < STAMP_BYTES) throw terminal.wronglyAsked("--size " + size + " is below " + STAMP_BYTES);
        if (rate <= 0) throw terminal.wronglyAsked("--rate " + rate + " is not above 0");
        ConsumerOptions reading = reading();
        long run = RandomGenerator.of("L64X128MixRandom").nextLong();
        LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
        double seconds;
        try (Consumer<byte[], byte[]> consumer = Consumer.open(reading, Deserializers.bytes(), Deserializers.bytes());
                Producer<byte[], byte[]> producer = Producer.open(
                        sending.toProducerOptions(cluster, terminal, "millrace-bench"),
                        Serializers.bytes(),
                        Serializers.bytes())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic);
            consumer.assign(partitions);
            consumer.endOffsets(partitions).forEach(consumer::seek);
            producer.partitionsFor(topic);
            Thread reader = Thread.ofPlatform().name("bench-reader").start(() -> read(consumer, run));
            long beganNanos = System.nanoTime();
            try {
                send(producer, run, beganNanos, line);
                awaitAll(producer, line);
            } finally {
                isOver = true;
                consumer.wakeup();
                reader.join();
            }
            seconds = (System.nanoTime() - beganNanos) / NANOS_PER_SECOND;
        } catch (ConsumerFailure | SendFailure failure) {
            line.end();
            terminal.complain(String.valueOf(failure.getMessage()));
            return Terminal.FAILED;
        }
        line.end();
        return tell(seconds);
    }

    private ConsumerOptions reading() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("client.id", "millrace-bench");
        all.putAll(cluster.properties(false));
        all.put("default.api.timeout.ms", cluster.timeoutMs());
        all.put("allow.auto.create.topics", "false");
        for (String pair : readProperties) {
            int equals = pair.indexOf('=');
            if (equals < 1) throw terminal.wronglyAsked("--read-property '" + pair + "' is not NAME=VALUE");
            all.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        try {
            return ConsumerOptions.of(all);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(String.valueOf(e.getMessage()));
        }
    }

    private void read(Consumer<byte[], byte[]> consumer, long run) {
        try {
            while (!isOver) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    byte[] value = record.value();
                    if (value == null || value.length < STAMP_BYTES) continue;
                    ByteBuffer stamp = ByteBuffer.wrap(value);
                    if (stamp.getLong() != run) continue;
                    latencies.note(System.nanoTime() - stamp.getLong());
                    received.incrementAndGet();
                }
            }
        } catch (io.millrace.client.consumer.WokenUp over) {
            // That is how it ends.
            return;
        } catch (RuntimeException failure) {
            readFailure = failure;
        }
    }

    private void send(Producer<byte[], byte[]> producer, long run, long beganNanos, LiveLine line) {
        byte[] filling = new byte[size];
        RandomGenerator.of("L64X128MixRandom").nextBytes(filling);
        for (long sent = 0; sent < records && readFailure == null && sendFailure == null; sent++) {
            long dueNanos = beganNanos + (long) (sent / rate * NANOS_PER_SECOND);
            for (long left = dueNanos - System.nanoTime(); left > 0; left = dueNanos - System.nanoTime())
                LockSupport.parkNanos(left);
            byte[] value = filling.clone();
            ByteBuffer.wrap(value).putLong(run).putLong(dueNanos);
            Delivery _ = producer.send(new ProducerRecord<>(topic, value), (_, failure) -> {
                if (failure != null) sendFailure = String.valueOf(failure.getMessage());
            });
            if (line.isDue()) show(line);
        }
    }

    private void awaitAll(Producer<byte[], byte[]> producer, LiveLine line) throws InterruptedException {
        producer.flush();
        long untilNanos =
                System.nanoTime() + Duration.ofMillis(cluster.timeoutMs()).toNanos();
        while (received.get() < records && readFailure == null && sendFailure == null) {
            if (System.nanoTime() - untilNanos >= 0) return;
            Thread.sleep(1);
            if (line.isDue()) show(line);
        }
    }

    private void show(LiveLine line) {
        line.show(String.format(Locale.ROOT, "%,12d of %,d records  %s", received.get(), records, latencies.recent()));
    }

    private int tell(double seconds) {
        long came = received.get();
        if (isJson) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("records", came);
            result.put("seconds", LatencyLog.rounded(seconds));
            result.putAll(latencies.fields());
            terminal.out().println(JsonText.of(result));
        } else {
            terminal.out()
                    .println(String.format(
                            Locale.ROOT,
                            "%,d records of %,d bytes in %.2f s, end to end: %s",
                            came,
                            size,
                            seconds,
                            latencies.sentence()));
        }
        RuntimeException unread = readFailure;
        String unsent = sendFailure;
        if (unread == null && unsent == null && came == records) return Terminal.DONE;
        if (unsent != null) terminal.complain(unsent);
        else if (unread != null) terminal.complain(String.valueOf(unread.getMessage()));
        else terminal.complain((records - came) + " records did not come back in time");
        return Terminal.FAILED;
    }
}
