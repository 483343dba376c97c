package io.millrace.cli.tail;

import io.millrace.cli.consume.JsonRecordText;
import io.millrace.cli.consume.PatternText;
import io.millrace.cli.consume.ReadingOptions;
import io.millrace.cli.consume.RecordText;
import io.millrace.cli.filter.RecordFilter;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.records.TopicPartition;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace tail TOPIC...}. */
@Command(
        name = "tail",
        description = "Show the last records of topics, and then those that come, until it is stopped.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "The last records are the youngest by time stamp, over all partitions of all the topics. Each line begins with",
            "TOPIC-PARTITION@OFFSET, on a terminal in a colour of the partition (unless NO_COLOR is set), and there control",
            "characters of records are shown, not sent. FORMAT and EXPRESSION are those of millrace consume --help."
        })
public final class TailCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final int OUT_BYTES = 1 << 16;
    private static final int MOST_LINES = 1_000_000;

    /** When a line is coloured. */
    enum Colour {
        AUTO,
        ALWAYS,
        NEVER
    }

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "1..*", paramLabel = "TOPIC", description = "What to show.")
    private List<String> topics = new ArrayList<>();

    @Option(
            names = {"-n", "--lines"},
            paramLabel = "COUNT",
            defaultValue = "10",
            description = "How many of the last records to begin with (default: ${DEFAULT-VALUE}).")
    private int lines = 10;

    @Option(names = "--no-follow", description = "Show the last records only.")
    private boolean isOnce;

    @Option(names = "--filter", paramLabel = "EXPRESSION", description = "Show only records for which this is so.")
    private @Nullable String filter;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            defaultValue = "%v",
            description = "How a record is shown (default: ${DEFAULT-VALUE}).")
    private String format = "%v";

    @Option(names = "--json", description = "Show each record as a JSON object, without a label.")
    private boolean isJson;

    @Option(names = "--no-label", description = "Leave TOPIC-PARTITION@OFFSET out.")
    private boolean isUnlabelled;

    @Option(
            names = "--colour",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description = "auto, always or never (default: ${DEFAULT-VALUE}).")
    private Colour colour = Colour.AUTO;

    @Mixin
    private ReadingOptions reading = new ReadingOptions();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    /** Made by picocli. */
    public TailCommand() {}

    @Override
    public Integer call() {
        if (lines < 0 || lines > MOST_LINES)
            throw terminal.wronglyAsked("--lines " + lines + " is not in [0, " + MOST_LINES + "]");
        RecordFilter wanted = filter();
        RecordText text = text();
        OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BYTES);
        try (Consumer<byte[], byte[]> consumer = Consumer.open(
                reading.toConsumerOptions(cluster, terminal, "millrace-cli", "earliest"),
                Deserializers.bytes(),
                Deserializers.bytes())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : new LinkedHashSet<>(topics)) partitions.addAll(consumer.partitionsFor(topic));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            showLast(consumer, ends, wanted, text, out);
            if (!isOnce) follow(consumer, ends, wanted, text, out);
            return Terminal.DONE;
        } catch (ConsumerFailure failure) {
            terminal.complain(String.valueOf(failure.getMessage()));
            return Terminal.FAILED;
        } catch (IOException e) {
            terminal.complain("standard output takes no more: " + e.getMessage());
            return Terminal.FAILED;
        }
    }

    private RecordFilter filter() {
        String expression = filter;
        if (expression == null) return RecordFilter.ALL;
        try {
            return RecordFilter.parse(expression);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked("--filter: " + e.getMessage());
        }
    }

    private RecordText text() {
        boolean isSeen = StandardStreams.isOutTerminal();
        boolean isColoured = switch (colour) {
            case ALWAYS -> true;
            case NEVER -> false;
            case AUTO -> isSeen && System.getenv("NO_COLOR") == null;
        };
        try {
            RecordText plain = isJson ? new JsonRecordText() : new PatternText(format, "");
            return new LabelledText(plain, !isJson && !isUnlabelled, isColoured, isSeen);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked("--format: " + e.getMessage());
        }
    }

    /** Of each partition as many are read as are wanted in all: nobody knows yet where the youngest are. */
    private void showLast(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            RecordFilter wanted,
            RecordText text,
            OutputStream out)
            throws IOException {
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(ends.keySet());
        Set<TopicPartition> open = new HashSet<>();
        ends.forEach((partition, end) -> {
            long from = Math.max(starts.getOrDefault(partition, 0L), end - lines);
            consumer.seek(partition, from);
            if (from < end) open.add(partition);
            else consumer.pause(List.of(partition));
        });
        LastRecords last = new LastRecords(lines);
        while (!open.isEmpty()) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(PATIENCE)) {
                Long end = ends.get(new TopicPartition(record.topic(), record.partition()));
                if (end != null && record.offset() < end && wanted.takes(record)) last.add(record);
            }
            for (TopicPartition partition : List.copyOf(open)) {
                if (consumer.position(partition) < ends.getOrDefault(partition, 0L)) continue;
                open.remove(partition);
                consumer.pause(List.of(partition));
            }
        }
        for (ConsumerRecord<byte[], byte[]> record : last.inOrder()) text.write(record, out);
        out.flush();
    }

    private static void follow(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            RecordFilter wanted,
            RecordText text,
            OutputStream out)
            throws IOException {
        ends.forEach(consumer::seek);
        consumer.resume(ends.keySet());
        while (true) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(PATIENCE))
                if (wanted.takes(record)) text.write(record, out);
            out.flush();
        }
    }
}
