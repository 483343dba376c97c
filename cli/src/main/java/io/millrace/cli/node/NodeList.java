package io.millrace.cli.node;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ClusterDescription;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace node list}. */
@Command(
        name = "list",
        description =
                "List the brokers and what they carry: replicas, how many of them lead and are out of sync, and bytes. Those that are fenced too:"
                        + " registered, and not in service.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class NodeList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ClusterDescription found;
        NodeLoads loads;
        try (Admin admin = cluster.admin()) {
            found = admin.cluster().describe();
            loads = NodeLoads.read(admin, terminal);
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(found.nodes().stream()
                            .map(node -> fields(node, loads))
                            .toList()));
            return Terminal.DONE;
        }
        Table table = new Table(
                "", List.of("NODE", "ADDRESS", "RACK", "STATE", "REPLICAS", "LEADERS", "OUT OF SYNC", "BYTES"));
        for (ClusterDescription.Node node : found.nodes()) {
            NodeLoads.Counts counts = loads.of(node.id());
            table.add(
                    node.id(),
                    node.address(),
                    rack(node),
                    node.isFenced() ? "fenced" : "up",
                    counts.replicas(),
                    counts.leaders(),
                    counts.outOfSync(),
                    loads.bytesOf(node.id()).isPresent()
                            ? loads.bytesOf(node.id()).getAsLong()
                            : "");
        }
        table.print(terminal.out());
        return Terminal.DONE;
    }

    private static String rack(ClusterDescription.Node node) {
        String rack = node.rack();
        return rack == null ? "" : rack;
    }

    private static Map<String, @Nullable Object> fields(ClusterDescription.Node node, NodeLoads loads) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("node", node.id());
        fields.put("address", node.address().toString());
        fields.put("rack", rack(node));
        fields.put("fenced", node.isFenced());
        fields.put("replicas", loads.of(node.id()).replicas());
        fields.put("leaders", loads.of(node.id()).leaders());
        fields.put("outOfSync", loads.of(node.id()).outOfSync());
        OptionalLong bytes = loads.bytesOf(node.id());
        fields.put("bytes", bytes.isPresent() ? bytes.getAsLong() : null);
        return fields;
    }
}
