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
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace node list}. */
@Command(
        name = "list",
        description = "List the brokers, those that are fenced too: registered, and not heard of.",
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
        try (Admin admin = cluster.admin()) {
            found = admin.cluster().describe();
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(
                            found.nodes().stream().map(NodeList::fields).toList()));
            return Terminal.DONE;
        }
        Table table = new Table("", List.of("NODE", "ADDRESS", "RACK", "STATE"));
        for (ClusterDescription.Node node : found.nodes())
            table.add(node.id(), node.address(), rack(node), node.isFenced() ? "fenced" : "up");
        table.print(terminal.out());
        return Terminal.DONE;
    }

    private static String rack(ClusterDescription.Node node) {
        String rack = node.rack();
        return rack == null ? "" : rack;
    }

    private static Map<String, Object> fields(ClusterDescription.Node node) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("node", node.id());
        fields.put("address", node.address().toString());
        fields.put("rack", rack(node));
        fields.put("fenced", node.isFenced());
        return fields;
    }
}
