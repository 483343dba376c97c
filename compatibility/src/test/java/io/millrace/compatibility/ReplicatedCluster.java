package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionInfo;

/** Nodes 1 to N, broker and controller in one, each a process that can be killed, stopped by a signal, frozen and begun again. */
final class ReplicatedCluster implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SHOWN_LINES = 80;

    private final Path directory;
    private final List<Integer> ports = new ArrayList<>();
    private final Map<Integer, ChildProcess> nodes = new TreeMap<>();
    private final Map<Integer, List<String>> past = new TreeMap<>();

    /** Starts all nodes, and waits until they serve. */
    ReplicatedCluster(Path directory, int size, String... settings) {
        this.directory = directory;
        while (ports.size() < 2 * size) {
            int port = FreePort.find();
            if (!ports.contains(port)) ports.add(port);
        }
        StringBuilder voters = new StringBuilder("controller.quorum.voters=");
        for (int id = 1; id <= size; id++)
            voters.append(id == 1 ? "" : ",").append(id).append("@127.0.0.1:").append(ports.get(size + id - 1));
        try {
            for (int id = 1; id <= size; id++) {
                List<String> lines = new ArrayList<>(List.of(
                        "process.roles=broker,controller",
                        "node.id=" + id,
                        voters.toString(),
                        "controller.listener.names=CONTROLLER",
                        "listeners=PLAINTEXT://127.0.0.1:" + ports.get(id - 1) + ",CONTROLLER://127.0.0.1:"
                                + ports.get(size + id - 1),
                        "log.dirs=" + home(id).resolve("log"),
                        "group.initial.rebalance.delay.ms=0",
                        "default.replication.factor=" + size,
                        "broker.heartbeat.interval.ms=300",
                        "broker.session.timeout.ms=3000",
                        "replica.lag.time.max.ms=3000",
                        "replica.fetch.backoff.ms=200",
                        "controller.quorum.election.timeout.ms=500",
                        "controller.quorum.fetch.timeout.ms=1500"));
                lines.addAll(List.of(settings));
                Files.createDirectories(home(id));
                Files.write(home(id).resolve("server.properties"), lines);
                past.put(id, new ArrayList<>());
                ChildProcess.run(
                        "formatting node " + id,
                        home(id),
                        Map.of(),
                        PATIENCE,
                        List.of(
                                MillraceBroker.PROGRAM,
                                "format",
                                "--cluster-id",
                                ControllerProcess.CLUSTER,
                                "--config",
                                home(id).resolve("server.properties").toString()));
            }
            for (int id = 1; id <= size; id++) begin(id);
            for (int id = 1; id <= size; id++) awaitReady(id);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    private Path home(int id) {
        return directory.resolve("node-" + id);
    }

    /** Where clients begin. */
    String bootstrap() {
        return ports.subList(0, ports.size() / 2).stream()
                .map(port -> "127.0.0.1:" + port)
                .collect(Collectors.joining(","));
    }

    /** One broker's address. */
    String address(int id) {
        return "127.0.0.1:" + ports.get(id - 1);
    }

    /** Begins to start a node. */
    void begin(int id) {
        nodes.put(
                id,
                ChildProcess.start(
                        "node " + id,
                        home(id),
                        Map.of("MILLRACE_JVM_OPTS", "-Xmx256m"),
                        List.of(
                                MillraceBroker.PROGRAM,
                                "start",
                                "--config",
                                home(id).resolve("server.properties").toString(),
                                "--set",
                                "millrace.metrics.address=")));
    }

    /** Waits until a node serves. */
    void awaitReady(int id) {
        node(id).awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
    }

    private ChildProcess node(int id) {
        ChildProcess node = nodes.get(id);
        if (node == null) throw new AssertionError("node " + id + " is not running");
        return node;
    }

    /** {@code kill -9}. */
    void kill(int id) {
        ChildProcess node = node(id);
        node.kill();
        ended(id, node);
    }

    /** SIGTERM, and a check that it ends in order. */
    void stop(int id) {
        ChildProcess node = node(id);
        node.terminate();
        int status = node.awaitExit(PATIENCE);
        ended(id, node);
        assertEquals(0, status, () -> "exit status of node " + id + "\n" + output());
    }

    private void ended(int id, ChildProcess node) {
        past.computeIfAbsent(id, any -> new ArrayList<>()).addAll(node.lines());
        nodes.remove(id);
    }

    /** SIGSTOP: alive, and silent. */
    void freeze(int id) {
        signal(id, "STOP");
    }

    /** SIGCONT. */
    void thaw(int id) {
        signal(id, "CONT");
    }

    private void signal(int id, String name) {
        ChildProcess.run(
                "kill -" + name,
                directory,
                Map.of(),
                PATIENCE,
                List.of("kill", "-" + name, String.valueOf(node(id).pid())));
    }

    /** Makes a topic whose partitions have a replica on every node. */
    void create(String topic, int partitions, Map<String, String> configs) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) (ports.size() / 2)).configs(configs)))
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
        StringBuilder all = new StringBuilder();
        past.forEach((id, before) -> {
            List<String> lines = new ArrayList<>(before);
            ChildProcess node = nodes.get(id);
            if (node != null) lines.addAll(node.lines());
            all.append("---- node ").append(id).append(":\n");
            for (String line : lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()))
                all.append(line).append('\n');
        });
        return all.toString();
    }

    @Override
    public void close() {
        nodes.values().forEach(ChildProcess::close);
    }
}
