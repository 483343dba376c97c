package io.millrace.cli.group;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.FileTrouble;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.TopicDescription;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace group reset GROUP}. */
@Command(
        name = "reset",
        description = "Set where a group without members reads on. Shows what it would do; --execute does it.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Offsets outside a log are brought to its nearest end. A file written by --undo-file is for --from-file: it brings back",
            "what was committed, and has forgotten (-1 in the file) what was not."
        })
final class GroupReset implements Callable<Integer> {
    /**
     * What is to be done in one partition.
     *
     * @param offset to be committed; {@link OffsetFile#NONE} if what is committed is to be forgotten
     */
    private record Row(TopicPartition partition, @Nullable CommittedOffset committed, long offset) {
        boolean isNone() {
            return offset == OffsetFile.NONE;
        }
    }

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "GROUP", description = "The group, by id.")
    private String groupId = "";

    @Option(
            names = {"-t", "--topic"},
            paramLabel = "TOPIC[:NUMBER,...]",
            description = "A topic, or some of its partitions.")
    private List<String> topics = new ArrayList<>();

    @Option(names = "--all-topics", description = "All partitions the group has committed.")
    private boolean allTopics;

    @Mixin
    private ResetOptions options = new ResetOptions();

    @Option(names = "--execute", description = "Do it.")
    private boolean execute;

    @Option(
            names = "--undo-file",
            paramLabel = "FILE",
            description = "With --execute, write what was committed to a new file first.")
    private @Nullable Path undoFile;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ResetGoal goal = options.goal(terminal, System.currentTimeMillis());
        int scopes = (topics.isEmpty() ? 0 : 1) + (allTopics ? 1 : 0) + (options.isFromFile() ? 1 : 0);
        if (scopes != 1) throw terminal.wronglyAsked("say which partitions: one of --topic, --all-topics, --from-file");
        if (undoFile != null && !execute) throw terminal.wronglyAsked("--undo-file goes with --execute");
        Map<String, Set<Integer>> wanted = TopicScope.read(topics, terminal);
        try (Admin admin = cluster.admin()) {
            if (!hasNoMembers(admin)) return Terminal.FAILED;
            Map<TopicPartition, CommittedOffset> committed = admin.groups().committedOffsets(groupId);
            Set<TopicPartition> partitions = new TreeSet<>();
            int status = Terminal.DONE;
            if (goal instanceof ResetGoal.Listed(Map<TopicPartition, Long> offsets)) {
                partitions.addAll(offsets.keySet());
            } else if (allTopics) {
                partitions.addAll(committed.keySet());
            } else {
                status = resolve(admin, wanted, partitions);
            }
            List<Row> rows = new ArrayList<>();
            status = Math.max(status, plan(admin, goal, partitions, committed, rows));
            // Half of what was asked for is not done: the rest would have to be found out by hand.
            if (status != Terminal.DONE && execute) {
                terminal.complain("nothing was changed");
                return status;
            }
            if (!execute) {
                print(rows);
                if (!json) terminal.err().println("Nothing was changed; --execute does it.");
                return status;
            }
            return carryOut(admin, rows);
        }
    }

    /** A group there is not has none; its offsets may be set before it first reads. */
    private boolean hasNoMembers(Admin admin) {
        Answer<GroupDescription> answer =
                admin.groups().describe(List.of(groupId)).get(groupId);
        return switch (answer) {
            case null -> true;
            case Answer.Granted<GroupDescription>(GroupDescription group) -> {
                if (group.members().isEmpty()) yield true;
                terminal.complain("group " + groupId + " has " + group.members().size() + " members (state "
                        + group.state() + "), which know better; stop them first");
                yield false;
            }
            case Answer.Refused<GroupDescription>(ErrorCode error, String message) -> {
                if (error == ErrorCode.GROUP_ID_NOT_FOUND) yield true;
                terminal.complain("group " + groupId + ": " + message);
                yield false;
            }
        };
    }

    private int resolve(Admin admin, Map<String, Set<Integer>> wanted, Set<TopicPartition> partitions) {
        List<TopicDescription> found = new ArrayList<>();
        int status =
                terminal.tell("topic", admin.topics().describe(List.copyOf(wanted.keySet())), Set.of(), found::add);
        for (TopicDescription topic : found) {
            Set<Integer> numbers = wanted.getOrDefault(topic.name(), Set.of());
            for (int number : numbers) {
                if (number < topic.partitions().size()) continue;
                terminal.complain("topic " + topic.name() + " has no partition " + number);
                status = Terminal.FAILED;
            }
            for (TopicDescription.PartitionDescription each : topic.partitions()) {
                if (!numbers.isEmpty() && !numbers.contains(each.partition())) continue;
                partitions.add(new TopicPartition(topic.name(), each.partition()));
            }
        }
        return status;
    }

    private int plan(
            Admin admin,
            ResetGoal goal,
            Set<TopicPartition> partitions,
            Map<TopicPartition, CommittedOffset> committed,
            List<Row> rows) {
        OffsetAdmin offsets = admin.offsets();
        Map<TopicPartition, Long> starts = new TreeMap<>();
        Map<TopicPartition, Long> ends = new TreeMap<>();
        Map<TopicPartition, Long> times = new TreeMap<>();
        int status = terminal.tell("partition", byName(offsets.find(partitions, OffsetAdmin.EARLIEST), starts));
        status = Math.max(
                status, terminal.tell("partition", byName(offsets.find(starts.keySet(), OffsetAdmin.LATEST), ends)));
        if (goal instanceof ResetGoal.Time(long timestampMs))
            status = Math.max(
                    status, terminal.tell("partition", byName(offsets.find(ends.keySet(), timestampMs), times)));
        for (TopicPartition partition : ends.keySet()) {
            var known = new ResetGoal.Known(
                    partition,
                    committed.get(partition),
                    starts.getOrDefault(partition, 0L),
                    ends.getOrDefault(partition, 0L),
                    times.getOrDefault(partition, -1L));
            if (goal.wanted(known).equals(OptionalLong.of(OffsetFile.NONE)) && goal instanceof ResetGoal.Listed) {
                rows.add(new Row(partition, committed.get(partition), OffsetFile.NONE));
                continue;
            }
            OptionalLong target = goal.target(known);
            if (target.isEmpty()) {
                terminal.complain("partition " + partition + ": nothing is committed that could be shifted");
                status = Terminal.FAILED;
                continue;
            }
            OptionalLong asked = goal.wanted(known);
            if (!asked.equals(target))
                terminal.complain("partition " + partition + ": offset " + asked.getAsLong()
                        + " is outside the log, from " + known.logStartOffset() + " to " + known.logEndOffset()
                        + "; taking " + target.getAsLong());
            rows.add(new Row(partition, committed.get(partition), target.getAsLong()));
        }
        return status;
    }

    /** Notes what was granted. */
    private static Map<String, Answer<Long>> byName(
            Map<TopicPartition, Answer<Long>> outcomes, Map<TopicPartition, Long> granted) {
        Map<String, Answer<Long>> named = new LinkedHashMap<>();
        outcomes.forEach((partition, answer) -> {
            named.put(partition.toString(), answer);
            if (answer instanceof Answer.Granted<Long>(Long offset)) granted.put(partition, offset);
        });
        return named;
    }

    private int carryOut(Admin admin, List<Row> rows) {
        Path undo = undoFile;
        if (undo != null) {
            Map<TopicPartition, Long> before = new TreeMap<>();
            for (Row row : rows) {
                CommittedOffset old = row.committed();
                before.put(row.partition(), old == null ? OffsetFile.NONE : old.offset());
            }
            try {
                OffsetFile.write(undo, before);
            } catch (IOException e) {
                terminal.complain(
                        "nothing was changed: --undo-file " + undo + " cannot be written: " + FileTrouble.why(e));
                return Terminal.FAILED;
            }
        }
        Map<TopicPartition, CommittedOffset> wanted = new TreeMap<>();
        Set<TopicPartition> forgotten = new TreeSet<>();
        for (Row row : rows) {
            if (!row.isNone()) wanted.put(row.partition(), new CommittedOffset(row.offset(), -1, ""));
            else if (row.committed() != null) forgotten.add(row.partition());
        }
        Set<TopicPartition> done = new TreeSet<>();
        int status = tellOutcomes(admin.groups().alterOffsets(groupId, wanted), done);
        status = Math.max(status, tellOutcomes(admin.groups().deleteOffsets(groupId, forgotten), done));
        print(rows.stream()
                .filter(row -> done.contains(row.partition()) || (row.isNone() && row.committed() == null))
                .toList());
        return status;
    }

    private <T> int tellOutcomes(Map<TopicPartition, Answer<T>> outcomes, Set<TopicPartition> done) {
        Map<String, Answer<T>> named = new LinkedHashMap<>();
        outcomes.forEach((partition, answer) -> {
            named.put(partition.toString(), answer);
            if (answer instanceof Answer.Granted<T>) done.add(partition);
        });
        return terminal.tell("partition", named);
    }

    private void print(List<Row> rows) {
        if (json) {
            List<Map<String, @Nullable Object>> all = new ArrayList<>();
            for (Row row : rows) {
                CommittedOffset old = row.committed();
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("topic", row.partition().topic());
                fields.put("partition", row.partition().partition());
                fields.put("committed", old == null ? null : old.offset());
                fields.put("offset", row.isNone() ? null : row.offset());
                all.add(fields);
            }
            terminal.out().println(JsonText.of(all));
            return;
        }
        if (rows.isEmpty()) {
            terminal.out().println("Group " + groupId + ": no partition to reset.");
            return;
        }
        Table table = new Table("", List.of("GROUP", "TOPIC", "PARTITION", "COMMITTED", "NEW-OFFSET"));
        for (Row row : rows) {
            CommittedOffset old = row.committed();
            table.add(
                    groupId,
                    row.partition().topic(),
                    row.partition().partition(),
                    old == null ? "" : old.offset(),
                    row.isNone() ? "" : row.offset());
        }
        table.print(terminal.out());
    }
}
