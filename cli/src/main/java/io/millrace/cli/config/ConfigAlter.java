package io.millrace.cli.config;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.ConfigPairs;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace config alter KIND NAME...}. */
@Command(
        name = "alter",
        description = "Set properties, or bring them back to what is in force above them. Others stay as they are.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ConfigAlter implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private Resources resources = new Resources();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "NAME=VALUE",
            description = "Set a property.")
    private List<String> configs = new ArrayList<>();

    @Option(names = "--delete-config", paramLabel = "NAME", description = "Take back what was set.")
    private List<String> deletedConfigs = new ArrayList<>();

    @Option(
            names = "--append-config",
            paramLabel = "NAME=VALUE",
            description = "Add elements, with commas between, to a property that is a list.")
    private List<String> appendedConfigs = new ArrayList<>();

    @Option(
            names = "--subtract-config",
            paramLabel = "NAME=VALUE",
            description = "Take elements, with commas between, out of a property that is a list.")
    private List<String> subtractedConfigs = new ArrayList<>();

    @Option(names = "--dry-run", description = "Have the cluster check it all, and alter nothing.")
    private boolean dryRun;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ConfigAdmin.Kind kind = resources.kind(terminal);
        List<String> names = resources.names(kind, terminal);
        var change = new ConfigAdmin.Change(
                ConfigPairs.read("--config", configs, terminal),
                deletedConfigs,
                ConfigPairs.read("--append-config", appendedConfigs, terminal),
                ConfigPairs.read("--subtract-config", subtractedConfigs, terminal));
        requireEachOnce(change);
        Map<String, ConfigAdmin.Change> changes = new LinkedHashMap<>();
        for (String name : names) changes.put(name, change);
        int status = Terminal.DONE;
        try (Admin admin = cluster.admin()) {
            for (var outcome : admin.configs().alter(kind, changes, dryRun).entrySet()) {
                String phrase = Resources.phrase(kind, outcome.getKey());
                switch (outcome.getValue()) {
                    case Answer.Granted<String> done ->
                        terminal.out()
                                .println((dryRun ? "Can alter" : "Altered") + " the configuration of " + phrase + ".");
                    case Answer.Refused<String>(var error, String message) -> {
                        terminal.complain(phrase + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            }
        }
        return status;
    }

    private void requireEachOnce(ConfigAdmin.Change change) {
        List<String> names = new ArrayList<>(change.set().keySet());
        names.addAll(change.delete());
        names.addAll(change.append().keySet());
        names.addAll(change.subtract().keySet());
        if (names.isEmpty())
            throw terminal.wronglyAsked(
                    "say what to alter: --config, --delete-config, --append-config or --subtract-config");
        Set<String> seen = new HashSet<>();
        for (String name : names)
            if (!seen.add(name)) throw terminal.wronglyAsked(name + " is to be altered in two ways");
    }
}
