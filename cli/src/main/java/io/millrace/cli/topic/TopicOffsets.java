package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Moment;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.TopicDescription;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic offsets NAME...}. */
@Command(
        name = "offsets",
        description = "Find offsets in each partition: of a time, of the log's start, or of its end.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicOffsets implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(
            names = "--time",
            paramLabel = "TIME",
            defaultValue = "latest",
            description =
                    "latest, earliest, max-timestamp (the record with the largest one), or a time: the first record with"
                            + " at least that timestamp. As 2026-01-31T12:00:00Z, UTC without a zone, or in ms since"
                            + " 1970 (default: ${DEFAULT-VALUE}).")
    private String time = "latest";

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        long timestamp = timestamp();
        List<String> named = names.required(terminal);
        int status;
        Map<TopicPartition, Long> found = new LinkedHashMap<>();
        try (Admin admin = cluster.admin()) {
            List<TopicPartition> partitions = new ArrayList<>();
            status = terminal.tell(
                    "topic", admin.topics().describe(named), Set.of(), topic -> partitions.addAll(partitions(topic)));
            for (var outcome : admin.offsets().find(partitions, timestamp).entrySet()) {
                switch (outcome.getValue()) {
                    case Answer.Granted<Long>(Long offset) -> found.put(outcome.getKey(), offset);
                    case Answer.Refused<Long>(var error, String message) -> {
                        terminal.complain("partition " + outcome.getKey() + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            }
        }
        print(found);
        return status;
    }

    private long timestamp() {
        return switch (time) {
            case "latest" -> OffsetAdmin.LATEST;
            case "earliest" -> OffsetAdmin.EARLIEST;
            case "max-timestamp" -> OffsetAdmin.MAX_TIMESTAMP;
            default -> {
                try {
                    yield Moment.parse(time);
                } catch (IllegalArgumentException e) {
                    throw terminal.wronglyAsked("--time " + e.getMessage());
                }
            }
        };
    }

    private static List<TopicPartition> partitions(TopicDescription topic) {
        return topic.partitions().stream()
                .map(it -> new TopicPartition(topic.name(), it.partition()))
                .toList();
    }

    /** Where there is no such record there is no offset. */
    private void print(Map<TopicPartition, Long> found) {
        if (json) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            found.forEach((partition, offset) -> {
                Map<String, @Nullable Object> row = new LinkedHashMap<>();
                row.put("topic", partition.topic());
                row.put("partition", partition.partition());
                row.put("offset", offset < 0 ? null : offset);
                rows.add(row);
            });
            terminal.out().println(JsonText.of(rows));
        } else if (!found.isEmpty()) {
            Table table = new Table("", List.of("TOPIC", "PARTITION", "OFFSET"));
            found.forEach((partition, offset) ->
                    table.add(partition.topic(), partition.partition(), offset < 0 ? "" : offset));
            table.print(terminal.out());
        }
    }
}
