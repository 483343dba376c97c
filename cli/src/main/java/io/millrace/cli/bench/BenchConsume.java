package io.millrace.cli.bench;

import io.millrace.cli.consume.ReadingOptions;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.Deserializers;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace bench consume TOPIC}. */
@Command(
        name = "consume",
        description = "Read a topic from its beginning, as fast as it goes, and tell how fast that was.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Ends where the topic ends when it begins, or after --records. The clock runs from the first poll. Keys and values are",
            "copied out as bytes; a line a second goes to standard error, the result to standard output."
        })
final class BenchConsume implements Callable<Integer> {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "What to read.")
    private String topic = "";

    @Option(
            names = {"-n", "--records"},
            paramLabel = "COUNT",
            description = "How many at most (default: all there are).")
    private long most = Long.MAX_VALUE;

    @Mixin
    private ReadingOptions reading = new ReadingOptions();

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean isJson;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    private long records;
    private long bytes;

    @Override
    public Integer call() {
        if (most < 1) throw terminal.wronglyAsked("--records " + most + " is below 1");
        double seconds;
        double fetches;
        try (Consumer<byte[], byte[]> consumer = Consumer.open(
                reading.toConsumerOptions(cluster, terminal, "millrace-bench", "earliest"),
                Deserializers.bytes(),
                Deserializers.bytes())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic); // Connecting is no part of the measure.
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            long beganNanos = System.nanoTime();
            LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
            read(consumer, ends, line);
            line.end();
            seconds = (double) (System.nanoTime() - beganNanos) / NANOS_PER_SECOND;
            fetches = consumer.metrics().getOrDefault("fetch-total", 0.0);
        } catch (ConsumerFailure failure) {
            terminal.complain(String.valueOf(failure.getMessage()));
            return Terminal.FAILED;
        }
        return tell(seconds, Math.round(fetches));
    }

    private void read(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends, LiveLine line) {
        long toldRecords = 0;
        while (records < most) {
            ConsumerRecords<byte[], byte[]> polled = consumer.poll(PATIENCE);
            for (ConsumerRecord<byte[], byte[]> each : polled) {
                byte[] key = each.key();
                byte[] value = each.value();
                bytes += (key == null ? 0 : key.length) + (value == null ? 0 : value.length);
            }
            records += polled.count();
            boolean isAtEnd =
                    ends.entrySet().stream().allMatch(each -> consumer.position(each.getKey()) >= each.getValue());
            if (isAtEnd) return;
            if (!line.isDue()) continue;
            line.show(String.format(Locale.ROOT, "%,12d records %,12d records/s", records, records - toldRecords));
            toldRecords = records;
        }
    }

    private int tell(double seconds, long fetches) {
        long perSecond = Math.round(records / seconds);
        double mbPerSecond = Math.round(bytes / 1e3 / seconds) / 1e3;
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("records", records);
        result.put("bytes", bytes);
        result.put("seconds", Math.round(seconds * 1_000) / 1_000.0);
        result.put("recordsPerSecond", perSecond);
        result.put("mbPerSecond", mbPerSecond);
        result.put("fetches", fetches);
        terminal.out()
                .println(
                        isJson
                                ? JsonText.of(result)
                                : String.format(
                                        Locale.ROOT,
                                        "%,d records, %,d bytes in %.2f s: %,d records/s, %.1f MB/s; %,d fetches",
                                        records,
                                        bytes,
                                        seconds,
                                        perSecond,
                                        mbPerSecond,
                                        fetches));
        return Terminal.DONE;
    }
}
