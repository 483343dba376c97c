package io.millrace.cli.config;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.ConfigEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace config describe KIND NAME...}. */
@Command(
        name = "describe",
        description = "Describe configurations: the values in force that somebody set, and where each comes from.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ConfigDescribe implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private Resources resources = new Resources();

    @Option(
            names = {"-a", "--all"},
            description = "Show properties that have Kafka's default, too.")
    private boolean all;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ConfigAdmin.Kind kind = resources.kind(terminal);
        List<String> names = resources.names(kind, terminal);
        List<ConfigReport> reports = new ArrayList<>();
        int status = Terminal.DONE;
        try (Admin admin = cluster.admin()) {
            for (var outcome : admin.configs().describe(kind, names).entrySet()) {
                String phrase = Resources.phrase(kind, outcome.getKey());
                switch (outcome.getValue()) {
                    case Answer.Granted<List<ConfigEntry>>(List<ConfigEntry> entries) ->
                        reports.add(new ConfigReport(kind, outcome.getKey(), shown(entries)));
                    case Answer.Refused<List<ConfigEntry>>(var error, String message) -> {
                        terminal.complain(phrase + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            }
        }
        if (json) {
            terminal.out()
                    .println(JsonText.of(
                            reports.stream().map(ConfigReport::fields).toList()));
        } else {
            for (ConfigReport report : reports) report.print(terminal.out());
        }
        return status;
    }

    private List<ConfigEntry> shown(List<ConfigEntry> entries) {
        return entries.stream()
                .filter(it -> all || it.source() != ConfigEntry.Source.DEFAULT_CONFIG)
                .toList();
    }
}
