package io.millrace.cli.group;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.GroupDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace group describe GROUP...}. */
@Command(
        name = "describe",
        description =
                "Describe groups: what they have committed and how far they lag behind, who their members are, and"
                        + " their state. Without --offsets, --members or --state, the offsets.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "LAG counts offsets between what is committed and the log's end. LAG-SECONDS is how long ago the first record was",
            "written that is not read yet, by its time stamp. LAG-BYTES is an estimate: the log's bytes in the proportion of the",
            "offsets that are not read."
        })
final class GroupDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private GroupNames names = new GroupNames();

    @Option(
            names = "--offsets",
            description = "Show committed offsets, log ends and lag of each partition, in records, bytes and seconds.")
    private boolean offsets;

    @Option(names = "--members", description = "Show the members.")
    private boolean members;

    @Option(names = "--state", description = "Show state, assignor and coordinator.")
    private boolean state;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show the members' partitions, and epochs and metadata of offsets.")
    private boolean verbose;

    @Option(names = "--json", description = "Print one JSON array, with all there is to know.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        names.check(terminal);
        boolean withOffsets = offsets || json || (!members && !state);
        List<GroupReport> reports = new ArrayList<>();
        int status;
        try (Admin admin = cluster.admin()) {
            List<GroupDescription> found = new ArrayList<>();
            status = terminal.tell("group", admin.groups().describe(names.resolve(admin)), Set.of(), found::add);
            for (GroupDescription group : found)
                reports.add(new GroupReport(
                        group, withOffsets ? GroupLag.of(admin, group, System.currentTimeMillis()) : List.of()));
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(
                            reports.stream().map(GroupReport::fields).toList()));
        } else {
            for (GroupReport report : reports) {
                if (state) report.printState(terminal.out());
                if (members) report.printMembers(terminal.out(), verbose);
                if (withOffsets) report.printOffsets(terminal.out(), verbose);
            }
        }
        return status;
    }
}
