package io.millrace.cli.topic;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.ConfigPairs;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.NewTopic;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace topic create NAME...}. */
@Command(name = "create", description = "Create topics.", mixinStandardHelpOptions = true, sortOptions = false)
final class TopicCreate implements Callable<Integer> {
    private static final int CLUSTERS_DEFAULT = -1;

    @Mixin
    private Terminal terminal = new Terminal();

    @Mixin
    private TopicNames names = new TopicNames();

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "COUNT",
            description = "How many partitions (default: the cluster's num.partitions).")
    private @Nullable Integer partitions;

    @Option(
            names = {"-r", "--replication-factor"},
            paramLabel = "COUNT",
            description = "How many replicas of each partition (default: the cluster's default.replication.factor).")
    private @Nullable Integer replicationFactor;

    @Option(
            names = "--replica-assignment",
            paramLabel = "ID:ID,...",
            description =
                    "Place partitions by hand: broker ids of each partition's replicas, the preferred leader first,"
                            + " such as 1:2,2:1.")
    private @Nullable String replicaAssignment;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "NAME=VALUE",
            description = "A property of the topic, such as retention.ms=3600000.")
    private List<String> configs = new ArrayList<>();

    @Option(names = "--if-not-exists", description = "Pass over topics that exist.")
    private boolean ifNotExists;

    @Option(names = "--dry-run", description = "Have the cluster check it all, and create nothing.")
    private boolean dryRun;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        List<List<Integer>> assignments = ReplicaAssignment.read(replicaAssignment, terminal);
        if (!assignments.isEmpty() && (partitions != null || replicationFactor != null))
            throw terminal.wronglyAsked("--replica-assignment says itself how many partitions and replicas there are");
        Map<String, String> properties = ConfigPairs.read(configs, terminal);
        List<NewTopic> topics = new ArrayList<>();
        for (String name : names.required(terminal)) {
            topics.add(new NewTopic(
                    name,
                    atLeastOne("--partitions", partitions, Integer.MAX_VALUE),
                    atLeastOne("--replication-factor", replicationFactor, Short.MAX_VALUE),
                    assignments,
                    properties));
        }
        Set<ErrorCode> accepted = EnumSet.noneOf(ErrorCode.class);
        if (ifNotExists) accepted.add(ErrorCode.TOPIC_ALREADY_EXISTS);
        try (Admin admin = cluster.admin()) {
            return terminal.tell(
                    "topic",
                    admin.topics().create(topics, dryRun),
                    accepted,
                    created -> terminal.out()
                            .println((dryRun ? "Can create topic " : "Created topic ") + created.name()
                                    + counts(created.partitionCount(), created.replicationFactor()) + "."));
        }
    }

    private int atLeastOne(String option, @Nullable Integer value, int most) {
        if (value == null) return CLUSTERS_DEFAULT;
        if (value < 1 || value > most)
            throw terminal.wronglyAsked(option + " " + value + " is not in [1, " + most + "]");
        return value;
    }

    /** A cluster may keep these to itself. */
    private static String counts(int partitionCount, int replicationFactor) {
        if (partitionCount < 1 || replicationFactor < 1) return "";
        return " (partitions " + partitionCount + ", replication factor " + replicationFactor + ")";
    }
}
