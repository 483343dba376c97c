package io.millrace.cli.cluster;

import io.millrace.cli.features.FeatureLevels;
import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.JsonText;
import io.millrace.cli.terminal.Table;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ClientFailure;
import io.millrace.client.ClusterDescription;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.ConfigEntry;
import io.millrace.client.NodeVersions;
import io.millrace.client.QuorumStatus;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace cluster describe}. Ends with 1 if a partition is offline, so that a script notices. */
@Command(
        name = "describe",
        description =
                "Show a cluster's id, its controllers, its brokers with what metadata.version they could speak, and how its"
                        + " partitions are. Ends with 1 if one is offline.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ClusterDescribe implements Callable<Integer> {
    private static final String MIN_ISR = "min.insync.replicas";
    private static final String METADATA_VERSION = "metadata.version";

    /** More names of partitions than that say no more. */
    private static final int NAMES_SHOWN = 10;

    @Mixin
    private Terminal terminal = new Terminal();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        ClusterDescription found;
        ClusterHealth health;
        Optional<QuorumStatus> quorum;
        Map<Integer, NodeVersions> versions = new TreeMap<>();
        try (Admin admin = cluster.admin()) {
            found = admin.cluster().describe();
            quorum = quorum(admin);
            for (ClusterDescription.Node node : found.nodes()) {
                if (node.isFenced()) continue;
                try {
                    versions.put(node.id(), admin.cluster().versions(node.id()));
                } catch (ClientFailure failure) {
                    terminal.complain("broker " + node.id() + " does not answer: " + failure.sentence());
                }
            }
            health = health(admin);
        }
        if (json) terminal.out().println(JsonText.of(fields(found, quorum, versions, health)));
        else print(terminal.out(), found, quorum, versions, health);
        return health.offline().isEmpty() ? Terminal.DONE : Terminal.FAILED;
    }

    /** Clusters before KRaft have none. */
    private static Optional<QuorumStatus> quorum(Admin admin) {
        try {
            return Optional.of(admin.quorum().describe());
        } catch (ClientFailure.NotSupported noQuorum) {
            return Optional.empty();
        }
    }

    private ClusterHealth health(Admin admin) {
        List<String> names =
                admin.topics().list().stream().map(TopicListing::name).toList();
        List<TopicDescription> topics = new ArrayList<>();
        terminal.tell("topic", admin.topics().describe(names), Set.of(), topics::add);
        Map<String, Integer> minIsr = new TreeMap<>();
        admin.configs().describe(ConfigAdmin.Kind.TOPIC, names).forEach((topic, answer) -> {
            if (!(answer instanceof Answer.Granted<List<ConfigEntry>>(List<ConfigEntry> entries))) return;
            for (ConfigEntry entry : entries) {
                String value = entry.value();
                if (entry.name().equals(MIN_ISR) && value != null) minIsr.put(topic, Integer.parseInt(value));
            }
        });
        return ClusterHealth.of(topics, minIsr);
    }

    private static void print(
            PrintWriter out,
            ClusterDescription found,
            Optional<QuorumStatus> quorum,
            Map<Integer, NodeVersions> versions,
            ClusterHealth health) {
        out.println("Cluster: " + (found.clusterId().isEmpty() ? "-" : found.clusterId()));
        out.println("Metadata version: "
                + versions.values().stream()
                        .map(it -> metadataVersion(it, true))
                        .filter(it -> !it.isEmpty())
                        .findFirst()
                        .orElse("-"));
        if (quorum.isPresent())
            out.println("Controllers: " + ids(quorum.get().voters()) + ", of which "
                    + quorum.get().leaderId() + " leads epoch " + quorum.get().leaderEpoch());
        long fenced =
                found.nodes().stream().filter(ClusterDescription.Node::isFenced).count();
        out.println("Brokers: " + (found.nodes().size() - fenced) + " up, " + fenced + " fenced");
        out.println("Topics: " + health.topicCount() + ", partitions: " + health.partitionCount() + ", replicas: "
                + health.replicaCount());
        out.println("Under-replicated: " + shown(health.underReplicated()));
        out.println("Under min.insync.replicas: " + shown(health.underMinIsr()));
        out.println("Offline: " + shown(health.offline()));
        Table table = new Table("", List.of("NODE", "ADDRESS", "RACK", "STATE", "COULD SPEAK"));
        for (ClusterDescription.Node node : found.nodes()) {
            NodeVersions spoken = versions.get(node.id());
            table.add(
                    node.id(),
                    node.address(),
                    node.rack() == null ? "" : node.rack(),
                    node.isFenced() ? "fenced" : "up",
                    spoken == null ? "" : metadataVersion(spoken, false));
        }
        table.print(out);
    }

    private static String ids(List<QuorumStatus.Replica> voters) {
        return voters.stream().map(it -> Integer.toString(it.id())).collect(Collectors.joining(","));
    }

    /** How many, and the names of the first few. */
    private static String shown(List<TopicPartition> partitions) {
        if (partitions.isEmpty()) return "0";
        String names = partitions.stream()
                .limit(NAMES_SHOWN)
                .map(TopicPartition::toString)
                .collect(Collectors.joining(", "));
        return partitions.size() + " (" + names + (partitions.size() > NAMES_SHOWN ? ", ..." : "") + ")";
    }

    /** The level in force, or the highest that the node could speak; empty if it does not say. */
    private static String metadataVersion(NodeVersions versions, boolean isInForce) {
        for (NodeVersions.Feature feature : versions.features()) {
            if (!feature.name().equals(METADATA_VERSION)) continue;
            int level = isInForce ? feature.level().orElse(-1) : feature.highest();
            if (level >= 0) return FeatureLevels.text(METADATA_VERSION, level);
        }
        return "";
    }

    private static Map<String, @Nullable Object> fields(
            ClusterDescription found,
            Optional<QuorumStatus> quorum,
            Map<Integer, NodeVersions> versions,
            ClusterHealth health) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("cluster", found.clusterId());
        fields.put(
                "controllers",
                quorum.isEmpty()
                        ? List.of()
                        : quorum.get().voters().stream()
                                .map(QuorumStatus.Replica::id)
                                .toList());
        fields.put("leader", quorum.isEmpty() ? null : quorum.get().leaderId());
        fields.put("epoch", quorum.isEmpty() ? null : quorum.get().leaderEpoch());
        List<Map<String, Object>> nodes = new ArrayList<>();
        for (ClusterDescription.Node node : found.nodes()) {
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("node", node.id());
            each.put("address", node.address().toString());
            each.put("rack", node.rack() == null ? "" : node.rack());
            each.put("fenced", node.isFenced());
            NodeVersions spoken = versions.get(node.id());
            each.put("metadataVersion", spoken == null ? "" : metadataVersion(spoken, true));
            each.put("couldSpeak", spoken == null ? "" : metadataVersion(spoken, false));
            nodes.add(each);
        }
        fields.put("nodes", nodes);
        fields.put("topics", health.topicCount());
        fields.put("partitions", health.partitionCount());
        fields.put("replicas", health.replicaCount());
        fields.put("underReplicated", names(health.underReplicated()));
        fields.put("underMinIsr", names(health.underMinIsr()));
        fields.put("offline", names(health.offline()));
        return fields;
    }

    private static List<String> names(List<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::toString).toList();
    }
}
