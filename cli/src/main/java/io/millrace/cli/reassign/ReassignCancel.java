package io.millrace.cli.reassign;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.PartitionName;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace reassign cancel TOPIC:PARTITION...}. */
@Command(
        name = "cancel",
        description = "Call off moves to other brokers: the replicas of before are those that stay.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignCancel implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "0..*", paramLabel = "TOPIC:PARTITION", description = "Which partitions.")
    private List<String> partitions = new ArrayList<>();

    @Option(names = "--all", description = "All that move.")
    private boolean all;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        if (all == !partitions.isEmpty()) throw terminal.wronglyAsked("say which partitions, or --all, and not both");
        Map<TopicPartition, Optional<List<Integer>>> wanted = new LinkedHashMap<>();
        for (String word : partitions) wanted.put(PartitionName.parse(word, terminal), Optional.empty());
        Map<String, Answer<Optional<List<Integer>>>> outcomes = new LinkedHashMap<>();
        try (Admin admin = cluster.admin()) {
            if (all)
                for (TopicPartition partition : admin.replicas().reassignments().keySet())
                    wanted.put(partition, Optional.empty());
            if (wanted.isEmpty()) terminal.out().println("Nothing moves.");
            admin.replicas().reassign(wanted).forEach((partition, answer) -> {
                outcomes.put(partition.toString(), answer);
                if (answer instanceof Answer.Granted<Optional<List<Integer>>>)
                    terminal.out().println(partition + " stays where it was.");
            });
        }
        return terminal.tell("partition", outcomes, Set.of(), brokers -> {});
    }
}
