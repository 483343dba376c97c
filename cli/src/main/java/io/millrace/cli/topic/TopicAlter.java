package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.ConfigPairs;
import io.millrace.cli.terminal.Counts;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.TopicDescription;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic alter NAME...}: more partitions, other properties. */
@Command(
        name = "alter",
        description =
                "Give topics more partitions or other properties. Partitions cannot be taken away, and a key's records"
                        + " may go to another partition than before.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TopicAlter implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "COUNT",
            description = "How many partitions there shall be in all.")
    private @Nullable Integer partitions;

    @Option(
            names = "--replica-assignment",
            paramLabel = "ID:ID,...",
            description = "Place the new partitions by hand: broker ids for all partitions, old ones included.")
    private @Nullable String replicaAssignment;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "NAME=VALUE",
            description = "Set a property of the topic.")
    private List<String> configs = new ArrayList<>();

    @Option(
            names = "--delete-config",
            paramLabel = "NAME",
            description = "Bring a property back to the cluster's default.")
    private List<String> deletedConfigs = new ArrayList<>();

    @Option(names = "--if-exists", description = "Pass over topics that do not exist.")
    private boolean ifExists;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Map<String, String> set = ConfigPairs.read(configs, terminal);
        List<List<Integer>> placed = ReplicaAssignment.read(replicaAssignment, terminal);
        Integer count = partitions;
        if (count == null && set.isEmpty() && deletedConfigs.isEmpty())
            throw terminal.wronglyAsked("say what to alter: --partitions, --config or --delete-config");
        if (count != null && count < 1) throw terminal.wronglyAsked("--partitions " + count + " is below 1");
        if (!placed.isEmpty() && (count == null || placed.size() != count))
            throw terminal.wronglyAsked(
                    "--replica-assignment places " + placed.size() + " partitions; --partitions must say the same");
        List<String> named = names.required(terminal);
        Set<ErrorCode> accepted = EnumSet.noneOf(ErrorCode.class);
        if (ifExists) accepted.add(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        try (Admin admin = cluster.admin()) {
            int status = Terminal.DONE;
            if (count != null) status = Math.max(status, addPartitions(admin, named, count, placed, accepted));
            if (!set.isEmpty() || !deletedConfigs.isEmpty())
                status = Math.max(status, alterConfigs(admin, named, set, accepted));
            return status;
        }
    }

    /** The protocol wants the places of new partitions only, so a topic's present count has to be known. */
    private int addPartitions(
            Admin admin, List<String> named, int count, List<List<Integer>> placed, Set<ErrorCode> accepted) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        Map<String, List<List<Integer>>> assignments = new LinkedHashMap<>();
        for (String name : named) counts.put(name, count);
        if (!placed.isEmpty()) {
            Map<String, Answer<TopicDescription>> present = admin.topics().describe(named);
            present.forEach((name, answer) -> {
                if (answer instanceof Answer.Granted<TopicDescription>(TopicDescription topic)
                        && topic.partitions().size() <= count)
                    assignments.put(name, placed.subList(topic.partitions().size(), count));
            });
        }
        return terminal.tell(
                "topic",
                admin.topics().createPartitions(counts, assignments),
                accepted,
                name -> terminal.out()
                        .println("Topic " + name + " has " + Counts.of(count, "partition", "partitions") + "."));
    }

    private int alterConfigs(Admin admin, List<String> named, Map<String, String> set, Set<ErrorCode> accepted) {
        Map<String, ConfigAdmin.Change> changes = new LinkedHashMap<>();
        for (String name : named) changes.put(name, new ConfigAdmin.Change(set, deletedConfigs));
        return terminal.tell(
                "topic",
                admin.configs().alter(ConfigAdmin.Kind.TOPIC, changes),
                accepted,
                name -> terminal.out().println("Altered the configuration of topic " + name + "."));
    }
}
