package io.millrace.cli.group;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.GroupListing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace group list}. */
@Command(
        name = "list",
        description = "List groups, one id per line.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class GroupList implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(
            names = "--state",
            split = ",",
            paramLabel = "STATE",
            description = "Only groups in these states: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead,"
                    + " Assigning, Reconciling, NotReady.")
    private List<String> states = new ArrayList<>();

    @Option(
            names = "--type",
            split = ",",
            paramLabel = "TYPE",
            description = "Only groups of these types: classic, consumer, share, streams.")
    private List<String> types = new ArrayList<>();

    @Option(
            names = {"-v", "--verbose"},
            description = "Show type, protocol and state too.")
    private boolean verbose;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<GroupListing> groups;
        try (Admin admin = cluster.admin()) {
            groups = admin.groups().list().stream()
                    .filter(group -> isOneOf(states, group.state()) && isOneOf(types, group.type()))
                    .toList();
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(groups.stream().map(GroupList::fields).toList()));
        } else if (verbose) {
            Table table = new Table("", List.of("GROUP", "TYPE", "PROTOCOL", "STATE"));
            for (GroupListing group : groups)
                table.add(group.groupId(), group.type(), group.protocolType(), group.state());
            table.print(terminal.out());
        } else {
            for (GroupListing group : groups) terminal.out().println(group.groupId());
        }
        return Terminal.DONE;
    }

    private static boolean isOneOf(List<String> wanted, String found) {
        return wanted.isEmpty() || wanted.stream().anyMatch(found::equalsIgnoreCase);
    }

    private static Map<String, Object> fields(GroupListing group) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("group", group.groupId());
        fields.put("type", group.type());
        fields.put("protocol", group.protocolType());
        fields.put("state", group.state());
        return fields;
    }
}
