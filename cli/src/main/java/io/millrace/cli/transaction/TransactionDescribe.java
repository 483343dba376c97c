package io.millrace.cli.transaction;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.TransactionAdmin;
import io.millrace.records.TopicPartition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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

/** {@code millrace transaction describe ID...}. */
@Command(
        name = "describe",
        description = "Tell how transactional ids stand, and which partitions take part in what is under way.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TransactionDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "1..*", paramLabel = "ID", description = "Transactional ids.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<TransactionAdmin.Description> found = new ArrayList<>();
        int status;
        try (Admin admin = cluster.admin()) {
            status = terminal.tell(
                    "transactional id", admin.transactions().describe(new LinkedHashSet<>(ids)), Set.of(), found::add);
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(
                            found.stream().map(TransactionDescribe::fields).toList()));
        } else if (!found.isEmpty()) {
            Table table = new Table(
                    "", List.of("TRANSACTIONAL-ID", "PRODUCER", "EPOCH", "STATE", "TIMEOUT-MS", "SINCE", "PARTITIONS"));
            for (TransactionAdmin.Description each : found)
                table.add(
                        each.transactionalId(),
                        each.producerId(),
                        each.producerEpoch(),
                        each.state(),
                        each.timeoutMs(),
                        each.startedAtMs().isPresent()
                                ? Instant.ofEpochMilli(each.startedAtMs().getAsLong())
                                : "",
                        String.join(
                                ",",
                                each.partitions().stream()
                                        .map(TopicPartition::toString)
                                        .toList()));
            table.print(terminal.out());
        }
        return status;
    }

    private static Map<String, @Nullable Object> fields(TransactionAdmin.Description description) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("transactionalId", description.transactionalId());
        fields.put("producerId", description.producerId());
        fields.put("producerEpoch", description.producerEpoch());
        fields.put("state", description.state());
        fields.put("timeoutMs", description.timeoutMs());
        fields.put(
                "startedAtMs",
                description.startedAtMs().isPresent()
                        ? description.startedAtMs().getAsLong()
                        : null);
        fields.put(
                "partitions",
                description.partitions().stream().map(TopicPartition::toString).toList());
        return fields;
    }
}
