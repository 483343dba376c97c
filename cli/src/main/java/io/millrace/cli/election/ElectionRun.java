package io.millrace.cli.election;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.PartitionName;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ReplicaAdmin;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace election run TOPIC:PARTITION...}. */
@Command(
        name = "run",
        description =
                "Have leaders elected. Preferred: the first replica takes its partition back, if it is in sync. Unclean:"
                        + " a partition that nobody leads gets any replica that is up, and records may be lost.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ElectionRun implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "0..*", paramLabel = "TOPIC:PARTITION", description = "Which partitions.")
    private List<String> partitions = new ArrayList<>();

    @Option(names = "--all", description = "All partitions that need it.")
    private boolean all;

    @Option(
            names = {"--type", "--election-type"},
            paramLabel = "TYPE",
            defaultValue = "preferred",
            description = "preferred or unclean (default: ${DEFAULT-VALUE}).")
    private ReplicaAdmin.Election type = ReplicaAdmin.Election.PREFERRED;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        if (all == !partitions.isEmpty()) throw terminal.wronglyAsked("say which partitions, or --all, and not both");
        Set<TopicPartition> wanted = new TreeSet<>();
        for (String word : partitions) wanted.add(PartitionName.parse(word, terminal));
        SortedMap<TopicPartition, Answer<TopicPartition>> answers;
        try (Admin admin = cluster.admin()) {
            answers = all ? admin.replicas().electAll(type) : admin.replicas().elect(type, wanted);
        }
        Map<String, Answer<TopicPartition>> outcomes = new LinkedHashMap<>();
        answers.forEach((partition, answer) -> {
            if (answer instanceof Answer.Refused<TopicPartition>(ErrorCode error, String message)
                    && error == ErrorCode.ELECTION_NOT_NEEDED)
                terminal.out().println(partition + " needs no election.");
            outcomes.put(partition.toString(), answer);
        });
        if (outcomes.isEmpty()) terminal.out().println("No partition needs an election.");
        return terminal.tell(
                "partition",
                outcomes,
                Set.of(ErrorCode.ELECTION_NOT_NEEDED),
                partition -> terminal.out().println(partition + " has a leader elected."));
    }
}
