package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ClientFailure;
import io.millrace.client.ClusterDescription;
import io.millrace.client.LogDirListing;
import io.millrace.client.ReplicaAdmin.Reassignment;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.placement.PlacedPartition;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as plans need it.
 *
 * @param nodes its brokers by id, those that are fenced too
 * @param partitions those looked at, by topic and number; one that is being reassigned has the replicas it will have
 * @param disks of brokers that told of their log directories, by id
 */
public record ClusterState(
        SortedMap<Integer, ClusterDescription.Node> nodes,
        List<PlacedPartition> partitions,
        SortedMap<Integer, Disks> disks) {
    /**
     * What the log directories of a broker come to.
     *
     * @param usableBytes room in those that take new replicas; empty if the broker does not say
     * @param isCordoned whether none takes new replicas
     */
    public record Disks(OptionalLong usableBytes, boolean isCordoned) {
        static Disks of(List<LogDirListing> directories) {
            List<LogDirListing> open = directories.stream()
                    .filter(it -> it.error().isEmpty() && !it.isCordoned())
                    .toList();
            boolean isKnown = open.stream().allMatch(it -> it.usableBytes().isPresent());
            return new Disks(
                    isKnown
                            ? OptionalLong.of(open.stream()
                                    .mapToLong(it -> it.usableBytes().orElse(0))
                                    .sum())
                            : OptionalLong.empty(),
                    open.isEmpty());
        }
    }

    /**
     * Asks the cluster for all of it. A broker that does not answer is complained of, and so is what is not known then.
     *
     * @param isMeant which topics
     */
    public static ClusterState read(Admin admin, Terminal terminal, Predicate<String> isMeant) {
        SortedMap<Integer, ClusterDescription.Node> nodes = new TreeMap<>();
        for (var node : admin.cluster().describe().nodes()) nodes.put(node.id(), node);
        List<String> topics = admin.topics().list().stream()
                .map(TopicListing::name)
                .filter(isMeant)
                .toList();
        List<TopicDescription> described = new ArrayList<>();
        terminal.tell("topic", admin.topics().describe(topics), Set.of(), described::add);
        SortedMap<Integer, Disks> disks = new TreeMap<>();
        Map<TopicPartition, Map<Integer, Long>> sizes = new TreeMap<>();
        for (var node : nodes.values()) {
            if (node.isFenced()) continue;
            try {
                List<LogDirListing> directories = admin.logDirs().describe(node.id());
                disks.put(node.id(), Disks.of(directories));
                for (LogDirListing directory : directories)
                    for (LogDirListing.Replica replica : directory.replicas())
                        if (!replica.isFuture())
                            sizes.computeIfAbsent(replica.partition(), it -> new TreeMap<>())
                                    .put(node.id(), replica.sizeBytes());
            } catch (ClientFailure failure) {
                terminal.complain(
                        "broker " + node.id() + " does not tell of its log directories: " + failure.sentence());
            }
        }
        var moving = admin.replicas().reassignments();
        List<PlacedPartition> partitions = new ArrayList<>();
        for (TopicDescription topic : described)
            for (var it : topic.partitions()) {
                TopicPartition partition = new TopicPartition(topic.name(), it.partition());
                partitions.add(new PlacedPartition(
                        partition,
                        goal(it.replicas(), moving.get(partition)),
                        Set.copyOf(it.isr()),
                        size(sizes.getOrDefault(partition, Map.of()), it.leader())));
            }
        return new ClusterState(nodes, partitions, disks);
    }

    private static List<Integer> goal(List<Integer> replicas, @Nullable Reassignment moving) {
        Set<Integer> goal = new LinkedHashSet<>(replicas);
        if (moving != null) moving.removing().forEach(goal::remove);
        return List.copyOf(goal);
    }

    /** What the leader says; the most that anyone says where it is not to be had. */
    private static long size(Map<Integer, Long> byBroker, int leader) {
        Long leaders = byBroker.get(leader);
        return leaders != null
                ? leaders
                : byBroker.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** The broker's rack; empty if it says none. */
    public String rack(int id) {
        ClusterDescription.Node node = nodes.get(id);
        String rack = node == null ? null : node.rack();
        return rack == null ? "" : rack;
    }

    /** Whether it is registered and in service. */
    public boolean isUp(int id) {
        ClusterDescription.Node node = nodes.get(id);
        return node != null && !node.isFenced();
    }

    /** Ids of all brokers: those the cluster tells of, and others that have replicas. */
    public SortedSet<Integer> brokerIds() {
        SortedSet<Integer> ids = new TreeSet<>(nodes.keySet());
        for (PlacedPartition each : partitions) ids.addAll(each.replicas());
        return ids;
    }

    /** Whether new replicas can go there. */
    public boolean takesReplicas(int id) {
        Disks known = disks.get(id);
        return isUp(id) && known != null && !known.isCordoned();
    }
}
