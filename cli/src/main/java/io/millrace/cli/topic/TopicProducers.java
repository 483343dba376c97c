package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.ActiveProducer;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.records.TopicPartition;
import java.time.Instant;
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

/** {@code millrace topic producers NAME...}. */
@Command(
        name = "producers",
        description = "List the idempotent and transactional producers that each partition's leader remembers.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicProducers implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(names = "--open", description = "Only those with a transaction that is open in the partition.")
    private boolean open;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<String> named = names.required(terminal);
        int status;
        Map<TopicPartition, List<ActiveProducer>> found = new LinkedHashMap<>();
        try (Admin admin = cluster.admin()) {
            List<TopicPartition> partitions = new ArrayList<>();
            status = terminal.tell("topic", admin.topics().describe(named), Set.of(), topic -> {
                for (var each : topic.partitions()) partitions.add(new TopicPartition(topic.name(), each.partition()));
            });
            for (var outcome : admin.producers().describe(partitions).entrySet()) {
                switch (outcome.getValue()) {
                    case Answer.Granted<List<ActiveProducer>>(List<ActiveProducer> producers) ->
                        found.put(
                                outcome.getKey(),
                                producers.stream()
                                        .filter(each -> !open
                                                || each.transactionStartOffset().isPresent())
                                        .toList());
                    case Answer.Refused<List<ActiveProducer>>(var error, String message) -> {
                        terminal.complain("partition " + outcome.getKey() + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            }
        }
        print(found);
        return status;
    }

    private void print(Map<TopicPartition, List<ActiveProducer>> found) {
        if (json) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            found.forEach((partition, producers) -> {
                for (ActiveProducer each : producers) rows.add(fields(partition, each));
            });
            terminal.out().println(JsonText.of(rows));
            return;
        }
        if (found.values().stream().allMatch(List::isEmpty)) return;
        Table table = new Table(
                "", List.of("TOPIC", "PARTITION", "PRODUCER", "EPOCH", "SEQUENCE", "LAST-WRITTEN", "OPEN-FROM"));
        found.forEach((partition, producers) -> {
            for (ActiveProducer each : producers)
                table.add(
                        partition.topic(),
                        partition.partition(),
                        each.producerId(),
                        each.producerEpoch(),
                        each.lastSequence() < 0 ? "" : each.lastSequence(),
                        each.lastTimestamp() < 0 ? "" : Instant.ofEpochMilli(each.lastTimestamp()),
                        each.transactionStartOffset().isPresent()
                                ? each.transactionStartOffset().getAsLong()
                                : "");
        });
        table.print(terminal.out());
    }

    private static Map<String, @Nullable Object> fields(TopicPartition partition, ActiveProducer producer) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("topic", partition.topic());
        fields.put("partition", partition.partition());
        fields.put("producerId", producer.producerId());
        fields.put("producerEpoch", producer.producerEpoch());
        fields.put("lastSequence", producer.lastSequence());
        fields.put("lastTimestamp", producer.lastTimestamp());
        fields.put("coordinatorEpoch", producer.coordinatorEpoch());
        fields.put(
                "transactionStartOffset",
                producer.transactionStartOffset().isPresent()
                        ? producer.transactionStartOffset().getAsLong()
                        : null);
        return fields;
    }
}
