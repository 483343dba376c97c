package io.millrace.cli.consume;

import io.millrace.cli.filter.RecordFilter;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.ConsumerRecords;
import io.millrace.client.consumer.Deserializers;
import io.millrace.records.TopicPartition;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace consume TOPIC}. */
@Command(
        name = "consume",
        description = "Print records of a topic.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "A PLACE is earliest, latest, an offset, -5 (the last five of each partition), a moment such as",
            "2026-01-31T08:00:00Z or 2026-01-31, or a duration before now such as PT15M.",
            "",
            "In a FORMAT, %%t is the topic, %%p the partition, %%o the offset, %%T the time in ms since 1970, %%k the key,",
            "%%v the value, %%h the headers; \\n and \\t are what they are elsewhere.",
            "",
            "An EXPRESSION compares fields with literals: key, value, topic, partition, offset, timestamp, header.NAME, and in JSON a",
            "path such as value.user.id or value.items[0]['odd name'], by == != < <= > >= =~ !~ (regular expression) or contains,",
            "joined by and, or, not and parentheses: \"value.user.id == 7 and not (key =~ '^test' or header.trace == null)\".",
            "",
            "Exit status: 0 if all that was asked for was printed, 1 if not, 2 if wrongly asked."
        })
public final class ConsumeCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final int OUT_BYTES = 1 << 16;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "What to read.")
    private String topic = "";

    @Option(
            names = {"-g", "--group"},
            paramLabel = "GROUP",
            description =
                    "Share the topic with all that read it in this group, and go on where the group has committed; only where it"
                            + " has not, --from counts (earliest or latest). Standard error tells which partitions come and go.")
    private @Nullable String group;

    @Option(
            names = {"-p", "--partition"},
            paramLabel = "NUMBER",
            description = "Only this partition; may be repeated.")
    private List<Integer> only = new ArrayList<>();

    @Option(
            names = "--from",
            paramLabel = "PLACE",
            description = "Where to begin (default: latest, or with an end earliest).")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "PLACE", description = "Where to end, that record excluded.")
    private @Nullable String to;

    @Option(
            names = {"-e", "--exit"},
            description =
                    "End where the log ends now (same as --to latest); with --group, once the partitions it was given are read up to there.")
    private boolean isExit;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "COUNT",
            description = "End after so many records.")
    private long count = Long.MAX_VALUE;

    @Option(
            names = "--filter",
            paramLabel = "EXPRESSION",
            description = "Print only records for which this is so, see below.")
    private @Nullable String filter;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            defaultValue = "%v",
            description = "How a record is printed, see below (default: ${DEFAULT-VALUE}).")
    private String format = "%v";

    @Option(names = "--json", description = "Print a JSON object a line, as produce --json reads them.")
    private boolean isJson;

    @Option(
            names = "--null",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "What is printed for a key or value that is none (default: nothing).")
    private String nullText = "";

    @Mixin
    private ReadingOptions reading = new ReadingOptions();

    @Option(
            names = "--progress",
            negatable = true,
            description =
                    "Show on standard error how far it is, and with an end how long it will take, once a second (default: if"
                            + " there is an end, standard error is a terminal, and standard output is none).")
    private @Nullable Boolean isProgressWanted;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    /** Made by picocli. */
    public ConsumeCommand() {}

    @Override
    public Integer call() {
        if (isExit && to != null) throw terminal.wronglyAsked("--exit is --to latest; say one of them");
        if (count < 0) throw terminal.wronglyAsked("--count " + count + " is below 0");
        String until = isExit ? "latest" : to;
        String since = from == null ? until == null ? "latest" : "earliest" : from;
        Place begin = place("--from", since);
        Place end = until == null ? null : place("--to", until);
        RecordText text = text();
        String member = group;
        if (member != null && (!only.isEmpty() || to != null))
            throw terminal.wronglyAsked(
                    "--group shares partitions out, as they come and go; leave out --partition and --to");
        if (member != null && !(begin instanceof Place.Earliest || begin instanceof Place.Latest))
            throw terminal.wronglyAsked(
                    "--group begins where the group has committed; --from is earliest or latest with it");
        ConsumerOptions options = options(begin);
        RecordFilter wanted = filter();
        ReadProgress progress = new ReadProgress(terminal.err(), isProgressShown(end != null));
        OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BYTES);
        try (Consumer<byte[], byte[]> consumer = Consumer.open(options, Deserializers.bytes(), Deserializers.bytes())) {
            if (member != null) {
                new GroupRun(consumer, wanted, text, out, progress, terminal.err(), count, isExit).printAll(topic);
                progress.end();
                return Terminal.DONE;
            }
            List<TopicPartition> partitions = partitions(consumer);
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = end == null ? Map.of() : resolve(consumer, partitions, end);
            seek(consumer, partitions, begin);
            new Run(consumer, wanted, text, out, progress, ends).printAll();
            out.flush();
            progress.end();
            return Terminal.DONE;
        } catch (ConsumerFailure failure) {
            progress.end();
            terminal.complain(String.valueOf(failure.getMessage()));
            return Terminal.FAILED;
        } catch (IOException e) {
            terminal.complain("standard output takes no more: " + e.getMessage());
            return Terminal.FAILED;
        }
    }

    private Place place(String option, String said) {
        try {
            return Place.parse(said, System.currentTimeMillis());
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked(option + ": " + e.getMessage());
        }
    }

    private RecordText text() {
        if (isJson) return new JsonRecordText();
        try {
            return new PatternText(format, nullText);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked("--format: " + e.getMessage());
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

    private boolean isProgressShown(boolean isBounded) {
        Boolean said = isProgressWanted;
        return said == null ? isBounded && StandardStreams.isErrTerminal() && !StandardStreams.isOutTerminal() : said;
    }

    private ConsumerOptions options(Place begin) {
        String reset = switch (begin) {
            case Place.Earliest earliest -> "earliest";
            case Place.Latest latest -> "latest";
            // Somewhere else than asked for is not what was asked for.
            case Place.At at -> "none";
            case Place.BeforeEnd before -> "none";
            case Place.Since since -> "none";
        };
        return reading.toConsumerOptions(cluster, terminal, "millrace-cli", reset, group);
    }

    private List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> all = consumer.partitionsFor(topic);
        if (only.isEmpty()) return all;
        List<TopicPartition> wanted = new ArrayList<>();
        for (int number : Set.copyOf(only)) {
            if (number < 0 || number >= all.size())
                throw terminal.wronglyAsked(
                        "topic " + topic + " has partitions 0 to " + (all.size() - 1) + ", no " + number);
            wanted.add(all.get(number));
        }
        return wanted;
    }

    private static void seek(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Place begin) {
        switch (begin) {
            case Place.Earliest earliest -> consumer.seekToBeginning(partitions);
            case Place.Latest latest -> consumer.seekToEnd(partitions);
            case Place.Since(long timestamp) -> consumer.seekToTime(partitions, timestamp);
            case Place.At at -> resolve(consumer, partitions, at).forEach(consumer::seek);
            case Place.BeforeEnd before -> resolve(consumer, partitions, before).forEach(consumer::seek);
        }
    }

    /** The offsets of a place, as the logs are now. */
    private static Map<TopicPartition, Long> resolve(
            Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Place place) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        switch (place) {
            case Place.Earliest earliest -> offsets.putAll(consumer.beginningOffsets(partitions));
            case Place.Latest latest -> offsets.putAll(consumer.endOffsets(partitions));
            case Place.At(long offset) -> partitions.forEach(each -> offsets.put(each, offset));
            case Place.BeforeEnd(long before) -> {
                Map<TopicPartition, Long> starts = consumer.beginningOffsets(partitions);
                consumer.endOffsets(partitions)
                        .forEach((each, last) ->
                                offsets.put(each, Math.max(starts.getOrDefault(each, 0L), last - before)));
            }
            case Place.Since(long timestamp) -> {
                Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
                consumer.offsetsForTime(partitions, timestamp)
                        .forEach((each, found) -> offsets.put(each, found < 0 ? ends.getOrDefault(each, 0L) : found));
            }
        }
        return offsets;
    }

    /** One run. */
    private final class Run {
        private final Consumer<byte[], byte[]> consumer;
        private final RecordFilter wanted;
        private final RecordText text;
        private final OutputStream out;
        private final ReadProgress progress;
        /** Where each partition ends, excluded; empty if nothing ends. */
        private final Map<TopicPartition, Long> ends;

        private final Map<TopicPartition, Long> begins = new HashMap<>();
        private final Set<TopicPartition> ended = new HashSet<>();
        private long allOffsets;
        private long printed;

        Run(
                Consumer<byte[], byte[]> consumer,
                RecordFilter wanted,
                RecordText text,
                OutputStream out,
                ReadProgress progress,
                Map<TopicPartition, Long> ends) {
            this.consumer = consumer;
            this.wanted = wanted;
            this.text = text;
            this.out = out;
            this.progress = progress;
            this.ends = ends;
        }

        void printAll() throws IOException {
            ends.forEach((partition, end) -> {
                long begin = consumer.position(partition);
                begins.put(partition, begin);
                allOffsets += Math.max(0, end - begin);
            });
            while (printed < count && !isAtEnd()) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(PATIENCE);
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    Long end = ends.get(new TopicPartition(record.topic(), record.partition()));
                    if (end != null && record.offset() >= end) continue;
                    if (printed == count) break;
                    if (!wanted.takes(record)) continue;
                    text.write(record, out);
                    printed++;
                }
                out.flush();
                progress.at(printed, doneOffsets(), allOffsets);
            }
        }

        private long doneOffsets() {
            long done = 0;
            for (Map.Entry<TopicPartition, Long> each : ends.entrySet()) {
                long reached = Math.min(each.getValue(), consumer.position(each.getKey()));
                done += Math.max(0, reached - begins.getOrDefault(each.getKey(), reached));
            }
            return done;
        }

        private boolean isAtEnd() {
            if (ends.isEmpty()) return false;
            ends.forEach((partition, end) -> {
                if (ended.contains(partition) || consumer.position(partition) < end) return;
                ended.add(partition);
                consumer.pause(List.of(partition));
            });
            return ended.size() == ends.size();
        }
    }
}
