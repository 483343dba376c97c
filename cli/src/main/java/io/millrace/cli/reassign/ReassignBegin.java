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
import picocli.CommandLine.Parameters;

/** {@code millrace reassign begin TOPIC:PARTITION=ID,...}. */
@Command(
        name = "begin",
        description =
                "Begin to move partitions to these brokers. They go on serving; reassign list shows how far it is.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignBegin implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(
            arity = "1..*",
            paramLabel = "TOPIC:PARTITION=ID,...",
            description = "The brokers that are to have a partition's replicas, the preferred leader first.")
    private List<String> targets = new ArrayList<>();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Map<TopicPartition, Optional<List<Integer>>> wanted = new LinkedHashMap<>();
        for (String target : targets) {
            int equals = target.indexOf('=');
            if (equals < 1) throw terminal.wronglyAsked(target + " is not of the form TOPIC:PARTITION=ID,...");
            TopicPartition partition = PartitionName.parse(target.substring(0, equals), terminal);
            if (wanted.put(partition, Optional.of(brokers(target, target.substring(equals + 1)))) != null)
                throw terminal.wronglyAsked(partition + " is named twice");
        }
        Map<String, Answer<Optional<List<Integer>>>> outcomes = new LinkedHashMap<>();
        try (Admin admin = cluster.admin()) {
            admin.replicas().reassign(wanted).forEach((partition, answer) -> {
                outcomes.put(partition.toString(), answer);
                if (answer instanceof Answer.Granted<Optional<List<Integer>>>(Optional<List<Integer>> brokers))
                    terminal.out().println(partition + " is on its way to " + brokers.orElse(List.of()) + ".");
            });
        }
        return terminal.tell("partition", outcomes, Set.of(), brokers -> {});
    }

    private List<Integer> brokers(String target, String text) {
        List<Integer> brokers = new ArrayList<>();
        for (String id : text.split(",", -1)) {
            try {
                brokers.add(Integer.parseUnsignedInt(id));
            } catch (NumberFormatException notANumber) {
                throw terminal.wronglyAsked(target + ": '" + id + "' is not a broker id");
            }
        }
        return brokers;
    }
}
