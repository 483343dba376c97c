package io.millrace.cli.reassign;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ReplicaAdmin;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace reassign list}. */
@Command(
        name = "list",
        description =
                "List the partitions whose replicas are moving: all their brokers, those that come and those that go.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        SortedMap<TopicPartition, ReplicaAdmin.Reassignment> found;
        try (Admin admin = cluster.admin()) {
            found = admin.replicas().reassignments();
        }
        if (json) {
            List<Map<String, Object>> rows = new ArrayList<>();
            found.forEach((partition, moving) -> rows.add(fields(partition, moving)));
            terminal.out().println(JsonText.of(rows));
            return Terminal.DONE;
        }
        Table table = new Table("", List.of("PARTITION", "BROKERS", "COMING", "GOING"));
        found.forEach((partition, moving) ->
                table.add(partition, text(moving.replicas()), text(moving.adding()), text(moving.removing())));
        table.print(terminal.out());
        return Terminal.DONE;
    }

    private static String text(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static Map<String, Object> fields(TopicPartition partition, ReplicaAdmin.Reassignment moving) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("topic", partition.topic());
        fields.put("partition", partition.partition());
        fields.put("replicas", moving.replicas());
        fields.put("adding", moving.adding());
        fields.put("removing", moving.removing());
        return fields;
    }
}
