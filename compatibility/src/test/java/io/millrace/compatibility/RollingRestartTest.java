package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every node of a cluster in turn is stopped and started again under the official client: its producer is told of no failure, its consumer group of
 * none either, and everything is written once and given to the group once. Says for how long either stood still at most.
 */
@Tag("campaign")
class RollingRestartTest {
    private static final String TOPIC = "rolling";
    private static final int PARTITIONS = 12;
    private static final int PER_SECOND = 3_000;
    private static final int ROUNDS = Integer.getInteger("millrace.rolling.rounds", 2);

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"3, 0, 0", "5, 0, 0", "0, 3, 3"})
    void nobodyIsToldOfIt(int combined, int controllers, int brokers) throws Exception {
        List<String> roles = new ArrayList<>(Collections.nCopies(combined, MillraceNode.COMBINED));
        roles.addAll(Collections.nCopies(controllers, MillraceNode.CONTROLLER));
        roles.addAll(Collections.nCopies(brokers, MillraceNode.BROKER));
        List<String> told = new ArrayList<>();
        try (ReplicatedCluster cluster = new ReplicatedCluster(
                        roles,
                        NodePlace.onLoopback(directory, roles.size()),
                        3,
                        "offsets.topic.replication.factor=3",
                        "offsets.topic.num.partitions=6");
                Admin admin = JavaClients.admin(cluster.bootstrap())) {
            cluster.create(TOPIC, PARTITIONS, Map.of("min.insync.replicas", "2"));
            try (NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS, PER_SECOND);
                    NumberedGroup group = new NumberedGroup(cluster.bootstrap(), TOPIC, 2)) {
                load.awaitMore(PER_SECOND, cluster);
                group.await(PER_SECOND, cluster);
                for (int round = 0; round < ROUNDS; round++) {
                    for (MillraceNode node : cluster.nodes()) {
                        cluster.awaitInSync(admin, TOPIC, 3);
                        load.longestSilenceMs();
                        group.longestSilenceMs();
                        node.stop();
                        load.awaitMore(PER_SECOND, cluster);
                        node.begin();
                        node.awaitReady();
                        load.awaitMore(PER_SECOND, cluster);
                        group.await(load.count(), cluster);
                        told.add("node " + node.id() + ": " + load.longestSilenceMs() + " and "
                                + group.longestSilenceMs() + " ms");
                    }
                }
                load.end();
                group.await(load.count(), cluster);
                group.end(load.acknowledged());
                load.check(cluster);
            }
            System.out.println(roles + ", silence of the producer and of the group: " + told);
        } catch (AssertionError | Exception failed) {
            throw new AssertionError(told + ": " + failed, failed);
        }
    }
}
