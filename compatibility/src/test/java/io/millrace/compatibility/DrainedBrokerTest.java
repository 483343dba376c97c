package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.SharedDirectory.Server;
import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Brokers of either kind leave a cluster of both, which a controller of either kind leads, under load: {@code node drain}, a stop, {@code node unregister};
 * and they join it anew, and are given their replicas back.
 */
@Tag("campaign")
final class DrainedBrokerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String TOPIC = "numbers";
    private static final int PARTITIONS = 8;
    private static final int PER_SECOND = 1_000;
    private static final int AT_LEAST = 1_500;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Server.class)
    void oneOfEachKindLeavesAClusterAndComesBack(Server controllerKind) throws Exception {
        try (MixedCluster cluster = MixedCluster.ofFourBrokers(directory, controllerKind);
                Admin admin = JavaClients.admin(cluster.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, replicas(cluster.brokers()))))
                    .all()
                    .get(60, TimeUnit.SECONDS);
            try (NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS, PER_SECOND);
                    WatchedGroup group = new WatchedGroup(cluster.bootstrap(), "readers", TOPIC, 2)) {
                var run = new Run(cluster, admin, load, group, new MillraceCommand(directory, cluster.bootstrap()));
                run.goesOn();
                for (Server kind : Server.values()) run.leavesAndComesBack(cluster.firstBrokerOf(kind));
                load.end();
                group.end(load.ends(admin), cluster::output);
                group.check(admin, cluster::output);
                load.check(cluster::output);
                System.out.println(load.count() + " records acknowledged; " + group.summary());
            }
        }
    }

    /** Three brokers for each partition, each broker first by turns. */
    private static Map<Integer, List<Integer>> replicas(List<MixedNode> brokers) {
        Map<Integer, List<Integer>> all = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<Integer> its = new ArrayList<>();
            for (int i = 0; i < 3; i++)
                its.add(brokers.get((partition + i) % brokers.size()).id());
            all.put(partition, its);
        }
        return all;
    }

    private record Run(
            MixedCluster cluster, Admin admin, NumberedLoad load, WatchedGroup group, MillraceCommand millrace) {
        void goesOn() throws Exception {
            load.awaitMore(AT_LEAST, cluster::output);
            group.awaitMore(AT_LEAST, cluster::output);
            group.check(admin, cluster::output);
        }

        void leavesAndComesBack(MixedNode broker) throws Exception {
            String id = Integer.toString(broker.id());
            long its = replicasOf(broker);
            assertTrue(its > PARTITIONS / 2, "it has " + its + " replicas");
            Path undo = broker.logs().resolveSibling("undo.json");
            var _ = load.longestSilenceMs();
            List<String> drained = millrace.run(
                    "node", "drain", id, "--execute", "--cordon", "--batch", "4", "--undo-file", undo.toString());
            assertTrue(drained.getLast().startsWith("Broker " + id + " has no replicas any more"), drained::toString);
            assertEquals(0, replicasOf(broker));
            goesOn();
            broker.stop();
            Await.until("it is fenced", PATIENCE, () -> !brokers(false).contains(broker.id()), cluster::output);
            millrace.run("node", "unregister", id);
            Await.until("it is forgotten", PATIENCE, () -> !brokers(true).contains(broker.id()), cluster::output);
            goesOn();
            broker.begin(broker.server());
            broker.awaitReady();
            millrace.run("config", "alter", "broker", id, "--delete-config", "cordoned.log.dirs");
            List<String> undone = millrace.run("reassign", "run", "--json-file", undo.toString());
            assertTrue(undone.getLast().endsWith("partitions are where they are wanted."), undone::toString);
            awaitInSync();
            assertEquals(its, replicasOf(broker));
            goesOn();
            System.out.println("broker " + id + " (" + broker.server() + ") left and came back, with " + its
                    + " replicas; the longest time without an acknowledgement: " + load.longestSilenceMs() + " ms");
        }

        private List<TopicPartitionInfo> partitions() throws Exception {
            Set<String> topics = admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names()
                    .get(60, TimeUnit.SECONDS);
            return admin.describeTopics(topics).allTopicNames().get(60, TimeUnit.SECONDS).values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .toList();
        }

        private long replicasOf(MixedNode broker) throws Exception {
            return partitions().stream()
                    .filter(partition -> partition.replicas().stream().anyMatch(node -> node.id() == broker.id()))
                    .count();
        }

        private void awaitInSync() {
            Await.until(
                    "all replicas are in sync",
                    PATIENCE,
                    () -> partitions().stream()
                            .allMatch(partition -> partition.replicas().size() == 3
                                    && partition.isr().size() == 3),
                    cluster::output);
        }

        private Set<Integer> brokers(boolean fencedToo) throws Exception {
            return admin
                    .describeCluster(new DescribeClusterOptions().includeFencedBrokers(fencedToo))
                    .nodes()
                    .get(60, TimeUnit.SECONDS)
                    .stream()
                    .map(Node::id)
                    .collect(Collectors.toSet());
        }
    }
}
