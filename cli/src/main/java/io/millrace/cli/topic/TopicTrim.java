package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Moment;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.OffsetAdmin;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace topic trim NAME}. */
@Command(
        name = "trim",
        description = "Delete the oldest records of a topic's partitions. Shows what it would do; --execute does it.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "What is deleted cannot be had back. Partitions that begin later already stay as they are."})
final class TopicTrim implements Callable<Integer> {
    /** What is to be done in one partition: its records from {@code start} to just before {@code before} go. */
    private record Row(TopicPartition partition, long start, long before) {}

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "NAME", description = "The topic.")
    private String name = "";

    @Option(
            names = "--partition",
            paramLabel = "NUMBER",
            description = "Only this partition; may be given several times.")
    private List<Integer> numbers = new ArrayList<>();

    @Option(names = "--before-offset", paramLabel = "OFFSET", description = "Keep records from this offset on.")
    private @Nullable Long beforeOffset;

    @Option(
            names = "--before-time",
            paramLabel = "TIME",
            description =
                    "Keep records from the first one on that has at least this timestamp. As 2026-01-31T12:00:00Z,"
                            + " UTC without a zone, or in ms since 1970.")
    private @Nullable String beforeTime;

    @Option(names = "--all", description = "Keep none.")
    private boolean all;

    @Option(names = "--execute", description = "Do it.")
    private boolean execute;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        int goals = (beforeOffset == null ? 0 : 1) + (beforeTime == null ? 0 : 1) + (all ? 1 : 0);
        if (goals != 1) throw terminal.wronglyAsked("say up to where: one of --before-offset, --before-time, --all");
        if (beforeOffset != null && beforeOffset < 0)
            throw terminal.wronglyAsked("--before-offset " + beforeOffset + " is below 0");
        long timestamp = timestamp();
        try (Admin admin = cluster.admin()) {
            Set<TopicPartition> partitions = new TreeSet<>();
            int status = resolve(admin, partitions);
            Map<TopicPartition, Long> starts = new TreeMap<>();
            Map<TopicPartition, Long> ends = new TreeMap<>();
            Map<TopicPartition, Long> times = new TreeMap<>();
            OffsetAdmin offsets = admin.offsets();
            status = Math.max(status, note(offsets.find(partitions, OffsetAdmin.EARLIEST), starts));
            status = Math.max(status, note(offsets.find(starts.keySet(), OffsetAdmin.LATEST), ends));
            if (beforeTime != null) status = Math.max(status, note(offsets.find(ends.keySet(), timestamp), times));
            List<Row> rows = new ArrayList<>();
            for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
                TopicPartition partition = end.getKey();
                long start = starts.getOrDefault(partition, 0L);
                long before = all ? end.getValue() : before(times.get(partition), end.getValue());
                if (before > end.getValue()) {
                    terminal.complain(
                            "partition " + partition + " ends at offset " + end.getValue() + ", before " + before);
                    status = Terminal.FAILED;
                } else if (beforeTime == null || times.containsKey(partition)) {
                    rows.add(new Row(partition, start, Math.max(start, before)));
                }
            }
            if (!execute) {
                print(rows);
                if (!json) terminal.err().println("Nothing was deleted; --execute does it.");
                return status;
            }
            // Half of what was asked for is not done: the rest would have to be found out by hand.
            if (status != Terminal.DONE) {
                terminal.complain("nothing was deleted");
                return status;
            }
            return carryOut(admin, rows);
        }
    }

    private long timestamp() {
        if (beforeTime == null) return 0;
        try {
            return Moment.parse(beforeTime);
        } catch (IllegalArgumentException e) {
            throw terminal.wronglyAsked("--before-time " + e.getMessage());
        }
    }

    /** Where all records are older than the time, all go. */
    private long before(@Nullable Long found, long end) {
        if (beforeOffset != null) return beforeOffset;
        return found == null || found < 0 ? end : found;
    }

    private int resolve(Admin admin, Set<TopicPartition> partitions) {
        int[] status = {Terminal.DONE};
        int told = terminal.tell("topic", admin.topics().describe(List.of(name)), Set.of(), topic -> {
            for (int number : numbers) {
                if (number >= 0 && number < topic.partitions().size()) continue;
                terminal.complain("topic " + name + " has no partition " + number);
                status[0] = Terminal.FAILED;
            }
            for (var each : topic.partitions())
                if (numbers.isEmpty() || numbers.contains(each.partition()))
                    partitions.add(new TopicPartition(name, each.partition()));
        });
        return Math.max(told, status[0]);
    }

    /** Notes what was granted, and complains of the rest. */
    private int note(Map<TopicPartition, Answer<Long>> outcomes, Map<TopicPartition, Long> granted) {
        Map<String, Answer<Long>> named = new LinkedHashMap<>();
        outcomes.forEach((partition, answer) -> {
            named.put(partition.toString(), answer);
            if (answer instanceof Answer.Granted<Long>(Long offset)) granted.put(partition, offset);
        });
        return terminal.tell("partition", named);
    }

    private int carryOut(Admin admin, List<Row> rows) {
        Map<TopicPartition, Long> wanted = new TreeMap<>();
        for (Row row : rows) if (row.before() > row.start()) wanted.put(row.partition(), row.before());
        Map<TopicPartition, Long> startNow = new TreeMap<>();
        int status = wanted.isEmpty() ? Terminal.DONE : note(admin.offsets().deleteBefore(wanted), startNow);
        List<Row> done = new ArrayList<>();
        for (Row row : rows) {
            boolean isAsked = wanted.containsKey(row.partition());
            if (!isAsked) done.add(row);
            else if (startNow.containsKey(row.partition()))
                done.add(new Row(row.partition(), row.start(), startNow.get(row.partition())));
        }
        print(done);
        return status;
    }

    private void print(List<Row> rows) {
        if (json) {
            List<Map<String, @Nullable Object>> listed = new ArrayList<>();
            for (Row row : rows) {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("topic", row.partition().topic());
                fields.put("partition", row.partition().partition());
                fields.put("logStartOffset", row.start());
                fields.put("newLogStartOffset", row.before());
                listed.add(fields);
            }
            terminal.out().println(JsonText.of(listed));
        } else if (!rows.isEmpty()) {
            Table table = new Table("", List.of("TOPIC", "PARTITION", "LOG-START", "NEW-LOG-START"));
            for (Row row : rows)
                table.add(row.partition().topic(), row.partition().partition(), row.start(), row.before());
            table.print(terminal.out());
        }
    }
}
