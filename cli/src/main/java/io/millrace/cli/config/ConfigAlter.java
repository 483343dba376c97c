package io.millrace.cli.config;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.ConfigPairs;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ConfigAdmin.Kind kind = resources.kind(terminal);
        List<String> names = resources.names(kind, terminal);
        Map<String, String> set = ConfigPairs.read(configs, terminal);
        if (set.isEmpty() && deletedConfigs.isEmpty())
            throw terminal.wronglyAsked("say what to alter: --config or --delete-config");
        for (String name : deletedConfigs)
            if (set.containsKey(name)) throw terminal.wronglyAsked(name + " is to be set and to be deleted");
        var change = new ConfigAdmin.Change(set, deletedConfigs);
        int status = Terminal.DONE;
        try (Admin admin = cluster.admin()) {
            for (var outcome : ask(admin, kind, names, change).entrySet()) {
                String phrase = Resources.phrase(kind, outcome.getKey());
                switch (outcome.getValue()) {
                    case Answer.Granted<String> done ->
                        terminal.out().println("Altered the configuration of " + phrase + ".");
                    case Answer.Refused<String>(var error, String message) -> {
                        terminal.complain(phrase + ": " + message);
                        status = Terminal.FAILED;
                    }
                }
            }
        }
        return status;
    }

    private static Map<String, Answer<String>> ask(
            Admin admin, ConfigAdmin.Kind kind, List<String> names, ConfigAdmin.Change change) {
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        if (kind == ConfigAdmin.Kind.BROKER) {
            for (String name : names) outcomes.putAll(admin.configs().alter(kind, Map.of(name, change)));
            return outcomes;
        }
        Map<String, ConfigAdmin.Change> changes = new LinkedHashMap<>();
        for (String name : names) changes.put(name, change);
        return admin.configs().alter(kind, changes);
    }
}
