package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.SharedDirectory.Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.Uuid;

/** A cluster of nodes of both kinds, formatted by Apache's tool: begun as Apache's, after which nodes change hands one at a time, or mixed from the start. */
final class MixedCluster implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String OFFSETS = "__consumer_offsets";

    private final List<MixedNode> nodes;
    private final Set<String> topics = new TreeSet<>(Set.of(OFFSETS));

    /** Begins them all, each by the program that its node says. */
    private MixedCluster(List<MixedNode> nodes) {
        this.nodes = nodes;
        try {
            for (MixedNode node : nodes) node.begin(node.server());
            for (MixedNode node : nodes) node.awaitReady();
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    private static List<String> properties(String... more) {
        List<String> all = new ArrayList<>(List.of(
                "controller.listener.names=CONTROLLER",
                "default.replication.factor=3",
                "min.insync.replicas=2",
                "offsets.topic.num.partitions=4",
                "offsets.topic.replication.factor=3",
                "transaction.state.log.num.partitions=2",
                "group.initial.rebalance.delay.ms=0",
                "broker.heartbeat.interval.ms=300",
                "broker.session.timeout.ms=3000",
                "replica.lag.time.max.ms=5000",
                "auto.leader.rebalance.enable=false",
                "controller.quorum.election.timeout.ms=500",
                "controller.quorum.fetch.timeout.ms=1500"));
        all.addAll(List.of(more));
        return all;
    }

    /** Nodes 1 to 3, broker and controller in one, whose voters can change (KIP-853). */
    static MixedCluster combined(Path directory) {
        List<Integer> ports = ports(6);
        List<String> addresses =
                ports.subList(3, 6).stream().map(port -> "127.0.0.1:" + port).toList();
        List<String> initial = new ArrayList<>();
        for (int id = 1; id <= 3; id++) initial.add(id + "@" + addresses.get(id - 1) + ":" + Uuid.randomUuid());
        List<MixedNode> nodes = new ArrayList<>();
        for (int id = 1; id <= 3; id++)
            nodes.add(new MixedNode(
                    id,
                    ports.get(id - 1),
                    directory.resolve("node-" + id),
                    properties(
                            "process.roles=broker,controller",
                            "controller.quorum.bootstrap.servers=" + String.join(",", addresses),
                            "listeners=PLAINTEXT://127.0.0.1:" + ports.get(id - 1) + ",CONTROLLER://"
                                    + addresses.get(id - 1)),
                    List.of("--initial-controllers", String.join(",", initial)),
                    Server.APACHE));
        return new MixedCluster(nodes);
    }

    /** Brokers 1 to 3 and controllers 11 to 13, whose voters are static; a controller stands before each broker. */
    static MixedCluster apart(Path directory) {
        List<Integer> ports = ports(6);
        List<String> voters = new ArrayList<>();
        for (int id = 1; id <= 3; id++) voters.add(10 + id + "@127.0.0.1:" + ports.get(2 + id));
        String quorum = "controller.quorum.voters=" + String.join(",", voters);
        List<MixedNode> nodes = new ArrayList<>();
        for (int id = 1; id <= 3; id++) {
            nodes.add(new MixedNode(
                    10 + id,
                    0,
                    directory.resolve("controller-" + id),
                    properties(
                            "process.roles=controller",
                            quorum,
                            "listeners=CONTROLLER://127.0.0.1:" + ports.get(2 + id)),
                    List.of(),
                    Server.APACHE));
            nodes.add(new MixedNode(
                    id,
                    ports.get(id - 1),
                    directory.resolve("broker-" + id),
                    properties("process.roles=broker", quorum, "listeners=PLAINTEXT://127.0.0.1:" + ports.get(id - 1)),
                    List.of(),
                    Server.APACHE));
        }
        return new MixedCluster(nodes);
    }

    /** A controller, 11, of that kind, and brokers 1 and 2 of Apache's and 3 and 4 of ours. */
    static MixedCluster ofFourBrokers(Path directory, Server controllerKind) {
        List<Integer> ports = ports(5);
        String quorum = "controller.quorum.voters=11@127.0.0.1:" + ports.get(4);
        List<MixedNode> nodes = new ArrayList<>();
        nodes.add(new MixedNode(
                11,
                0,
                directory.resolve("controller"),
                properties("process.roles=controller", quorum, "listeners=CONTROLLER://127.0.0.1:" + ports.get(4)),
                List.of(),
                controllerKind));
        for (int id = 1; id <= 4; id++)
            nodes.add(new MixedNode(
                    id,
                    ports.get(id - 1),
                    directory.resolve("broker-" + id),
                    properties("process.roles=broker", quorum, "listeners=PLAINTEXT://127.0.0.1:" + ports.get(id - 1)),
                    List.of(),
                    id <= 2 ? Server.APACHE : Server.MILLRACE));
        return new MixedCluster(nodes);
    }

    private static List<Integer> ports(int count) {
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < count) {
            int port = FreePort.find();
            if (!ports.contains(port)) ports.add(port);
        }
        return ports;
    }

    /** All of them, in the order in which they change hands. */
    List<MixedNode> nodes() {
        return nodes;
    }

    /** Those that are brokers. */
    List<MixedNode> brokers() {
        return nodes.stream().filter(MixedNode::isBroker).toList();
    }

    /** The first broker that such a program runs. */
    MixedNode firstBrokerOf(Server kind) {
        return brokers().stream()
                .filter(node -> node.server() == kind)
                .findFirst()
                .orElseThrow();
    }

    /** Where clients begin. */
    String bootstrap() {
        return brokers().stream().map(MixedNode::address).collect(Collectors.joining(","));
    }

    /** Makes a topic with a replica on each broker. */
    void create(Admin admin, String topic, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 3)))
                .all()
                .get(60, TimeUnit.SECONDS);
        topics.add(topic);
    }

    /** Another program takes over a node's directory: the one is stopped in order, the other started with the same file. */
    void handOver(Admin admin, MixedNode node, Server to) {
        long begun = System.nanoTime();
        node.stop();
        node.begin(to);
        node.awaitReady();
        long ready = System.nanoTime();
        awaitWhole(admin);
        System.out.printf(
                "node %d is %s: ready after %d ms, all in sync after %d ms; %s%n",
                node.id(),
                to,
                (ready - begun) / 1_000_000,
                (System.nanoTime() - begun) / 1_000_000,
                quorumLeader(admin));
    }

    /** Kills a node, and starts it again by the same program. */
    void killAndBeginAgain(Admin admin, MixedNode node) {
        node.kill();
        node.begin(node.server());
        node.awaitReady();
        awaitWhole(admin);
        System.out.printf("node %d (%s) was killed and is back; %s%n", node.id(), node.server(), quorumLeader(admin));
    }

    private String quorumLeader(Admin admin) {
        try {
            int leader = admin.describeMetadataQuorum()
                    .quorumInfo()
                    .get(30, TimeUnit.SECONDS)
                    .leaderId();
            return "the controller is " + leader + " ("
                    + nodes.stream()
                            .filter(node -> node.id() == leader)
                            .map(MixedNode::server)
                            .findFirst()
                            .orElseThrow()
                    + ")";
        } catch (Exception e) {
            return "the controller is not known: " + e;
        }
    }

    /** Waits until each replica is in sync, each voter has what is committed, and each broker leads what it is to lead. */
    void awaitWhole(Admin admin) {
        List<Object> last = new ArrayList<>();
        Await.until(
                "all is in sync, and led by those who should",
                PATIENCE,
                () -> {
                    last.clear();
                    QuorumInfo quorum =
                            admin.describeMetadataQuorum().quorumInfo().get(30, TimeUnit.SECONDS);
                    last.add(quorum);
                    var described = admin.describeTopics(topics).allTopicNames().get(30, TimeUnit.SECONDS);
                    last.add(described);
                    var partitions = described.values().stream()
                            .flatMap(topic -> topic.partitions().stream())
                            .toList();
                    if (!partitions.stream().allMatch(each -> each.isr().size() == 3)) return false;
                    if (!partitions.stream()
                            .allMatch(each -> each.leader() != null
                                    && each.leader().id()
                                            == each.replicas().getFirst().id()))
                        last.add(admin.electLeaders(ElectionType.PREFERRED, null)
                                .partitions()
                                .get(30, TimeUnit.SECONDS));
                    else
                        return quorum.voters().size() == 3
                                && quorum.voters().stream()
                                        .allMatch(voter -> voter.logEndOffset() >= quorum.highWatermark());
                    return false;
                },
                () -> last + "\n" + output());
    }

    /** The bytes of a partition's segments at a node that does not run, one after the other. */
    private static byte[] log(MixedNode node, String partition) {
        try (Stream<Path> files = Files.list(node.logs().resolve(partition))) {
            var all = new ByteArrayOutputStream();
            for (Path file : files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList()) all.write(Files.readAllBytes(file));
            return all.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops all nodes, and holds the replicas of a topic against each other: the same bytes. */
    void stopAndCompare(String topic, int partitions) {
        List<MixedNode> brokers = brokers();
        for (MixedNode node : brokers) node.terminate();
        for (MixedNode node : brokers) node.awaitEnd();
        // A broker asks to be let go, so controllers go last.
        for (MixedNode node : nodes) if (!node.isBroker()) node.stop();
        for (int partition = 0; partition < partitions; partition++) {
            byte[] first = log(brokers.getFirst(), topic + "-" + partition);
            for (MixedNode other : brokers) {
                byte[] its = log(other, topic + "-" + partition);
                int common = Math.min(first.length, its.length);
                int differs = Arrays.mismatch(first, 0, common, its, 0, common);
                assertEquals(-1, differs, topic + "-" + partition + " differs at node " + other.id());
                assertEquals(first.length, its.length, topic + "-" + partition + " at node " + other.id());
            }
        }
    }

    /** The end of what all nodes have printed. */
    String output() {
        return nodes.stream().map(MixedNode::output).collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        nodes.forEach(MixedNode::close);
    }
}
