package io.millrace.cli.group;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace group delete-offsets GROUP}. */
@Command(
        name = "delete-offsets",
        description = "Forget what a group has committed for topics that its members do not read.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class GroupDeleteOffsets implements Callable<Integer> {
    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "GROUP", description = "The group, by id.")
    private String groupId = "";

    @Option(
            names = {"-t", "--topic"},
            paramLabel = "TOPIC[:NUMBER,...]",
            required = true,
            description = "A topic, or some of its partitions; may be given several times.")
    private List<String> topics = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        Map<String, Set<Integer>> scope = TopicScope.read(topics, terminal);
        try (Admin admin = cluster.admin()) {
            Map<TopicPartition, CommittedOffset> committed = admin.groups().committedOffsets(groupId);
            Map<TopicPartition, Long> wanted = new TreeMap<>();
            int status = Terminal.DONE;
            for (Map.Entry<String, Set<Integer>> topic : scope.entrySet()) {
                int before = wanted.size();
                committed.forEach((partition, offset) -> {
                    boolean isMeant = partition.topic().equals(topic.getKey())
                            && (topic.getValue().isEmpty() || topic.getValue().contains(partition.partition()));
                    if (isMeant) wanted.put(partition, offset.offset());
                });
                for (int number : topic.getValue()) {
                    if (wanted.containsKey(new TopicPartition(topic.getKey(), number))) continue;
                    terminal.complain(
                            "group " + groupId + " has committed nothing for " + topic.getKey() + "-" + number);
                    status = Terminal.FAILED;
                }
                if (topic.getValue().isEmpty() && wanted.size() == before) {
                    terminal.complain("group " + groupId + " has committed nothing for topic " + topic.getKey());
                    status = Terminal.FAILED;
                }
            }
            Map<String, Answer<TopicPartition>> named = new LinkedHashMap<>();
            Map<TopicPartition, Answer<TopicPartition>> outcomes =
                    admin.groups().deleteOffsets(groupId, wanted.keySet());
            outcomes.forEach((partition, answer) -> named.put(partition.toString(), answer));
            List<TopicPartition> deleted = new ArrayList<>();
            status = Math.max(status, terminal.tell("partition", named, Set.of(), deleted::add));
            print(deleted, wanted);
            return status;
        }
    }

    private void print(List<TopicPartition> deleted, Map<TopicPartition, Long> offsets) {
        if (json) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            for (TopicPartition each : deleted) {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("topic", each.topic());
                fields.put("partition", each.partition());
                fields.put("committed", offsets.get(each));
                rows.add(fields);
            }
            terminal.out().println(JsonText.of(rows));
            return;
        }
        for (TopicPartition each : deleted)
            terminal.out()
                    .println("Deleted offset " + offsets.get(each) + " of group " + groupId + " for " + each + ".");
    }
}
