package io.millrace.cli.logs;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.LogDirListing;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace log dirs}. Ends with 1 if a directory is offline, so that a script notices. */
@Command(
        name = "dirs",
        description =
                "Show the log directories of the brokers: what lies in them, the room on their disks, whether they"
                        + " are cordoned, and the replicas that are being moved. Ends with 1 if one is offline.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class LogDirs implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--broker", paramLabel = "ID", description = "Only those of this broker.")
    private @Nullable Integer broker;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show every replica too.")
    private boolean verbose;

    @Option(names = "--json", description = "Print one JSON array, replicas with it.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    /** Made by picocli. */
    public LogDirs() {}

    @Override
    public Integer call() {
        Map<Integer, List<LogDirListing>> byBroker = new TreeMap<>();
        try (Admin admin = cluster.admin()) {
            Integer only = broker;
            List<Integer> ids = only == null ? admin.logDirs().brokerIds() : List.of(only);
            for (int id : ids) byBroker.put(id, admin.logDirs().describe(id));
        }
        LogDirsReport report = new LogDirsReport(byBroker);
        if (json) terminal.out().println(JsonText.of(report.fields()));
        else report.print(terminal.out(), verbose);
        return report.isAnyOffline() ? Terminal.FAILED : Terminal.DONE;
    }
}
