package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionInfo;

/** Nodes 1 to N, each a process that can be killed, stopped by a signal, frozen and begun again. */
final class ReplicatedCluster implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<MillraceNode> nodes;
    private final int replicas;

    /** Starts all nodes, each broker and controller in one, on loopback, and waits until they serve. */
    ReplicatedCluster(Path directory, int size, String... settings) {
        this(directory, size, List.of(), settings);
    }

    /** The same, but clients are told of other ports than those where the nodes listen. */
    ReplicatedCluster(Path directory, int size, List<Integer> advertisedPorts, String... settings) {
        this(
                Collections.nCopies(size, MillraceNode.COMBINED),
                NodePlace.onLoopback(directory, size, advertisedPorts),
                size,
                settings);
    }

    /**
     * Starts all nodes, and waits until they serve.
     *
     * @param replicas of each partition
     */
    ReplicatedCluster(List<String> roles, List<NodePlace> places, int replicas, String... settings) {
        this.replicas = replicas;
        List<String> all = new ArrayList<>(List.of(
                "group.initial.rebalance.delay.ms=0",
                "default.replication.factor=" + replicas,
                "broker.heartbeat.interval.ms=300",
                "broker.session.timeout.ms=3000",
                "replica.lag.time.max.ms=3000",
                "replica.fetch.backoff.ms=200",
                "controller.quorum.election.timeout.ms=500",
                "controller.quorum.fetch.timeout.ms=1500"));
        all.addAll(List.of(settings));
        try {
            nodes = MillraceNode.cluster(roles, places, all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            nodes.forEach(MillraceNode::begin);
            nodes.forEach(MillraceNode::awaitReady);
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    /** The node of that id. */
    MillraceNode node(int id) {
        return nodes.get(id - 1);
    }

    /** All nodes, by id. */
    List<MillraceNode> nodes() {
        return nodes;
    }

    /** Those that are brokers. */
    List<MillraceNode> brokers() {
        return nodes.stream().filter(MillraceNode::isBroker).toList();
    }

    /** Where clients begin. */
    String bootstrap() {
        return brokers().stream().map(MillraceNode::address).collect(Collectors.joining(","));
    }

    /** Makes a topic whose partitions have the cluster's number of replicas. */
    void create(String topic, int partitions, Map<String, String> configs) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) replicas).configs(configs)))
                    .all()
                    .get(60, TimeUnit.SECONDS);
        }
    }

    /** A topic's partitions as a node that answers has them. */
    List<TopicPartitionInfo> partitions(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic))
                .allTopicNames()
                .get(30, TimeUnit.SECONDS)
                .get(topic)
                .partitions();
    }

    /** Who leads a partition; waits for a leader other than {@code not}. */
    int leader(Admin admin, String topic, int partition, int not) {
        int[] found = {-1};
        Await.until(
                "partition " + partition + " has a leader other than " + not,
                PATIENCE,
                () -> {
                    var leader = partitions(admin, topic).get(partition).leader();
                    found[0] = leader == null ? -1 : leader.id();
                    return found[0] >= 0 && found[0] != not;
                },
                this::output);
        return found[0];
    }

    /** The controller that leads. */
    int activeController(Admin admin) throws Exception {
        return admin.describeMetadataQuorum()
                .quorumInfo()
                .get(60, TimeUnit.SECONDS)
                .leaderId();
    }

    /** Waits until so many replicas of each partition are in sync. */
    void awaitInSync(Admin admin, String topic, int count) {
        List<TopicPartitionInfo> last = new ArrayList<>();
        Await.until(
                count + " replicas are in sync",
                PATIENCE,
                () -> {
                    last.clear();
                    last.addAll(partitions(admin, topic));
                    return last.stream().allMatch(each -> each.isr().size() == count);
                },
                () -> last + "\n" + output());
    }

    /** The end of what all nodes have printed. */
    String output() {
        return nodes.stream().map(MillraceNode::output).collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        nodes.forEach(MillraceNode::close);
    }
}
