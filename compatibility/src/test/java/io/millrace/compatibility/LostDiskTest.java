package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three controllers and three brokers, of which one finds an empty directory where its logs were: nobody takes it for the broker that had them. */
@Tag("campaign")
class LostDiskTest {
    private static final String TOPIC = "kept";
    private static final int PARTITIONS = 6;
    private static final int PER_SECOND = 2_000;
    private static final List<String> ROLES = List.of(
            MillraceNode.CONTROLLER,
            MillraceNode.CONTROLLER,
            MillraceNode.CONTROLLER,
            MillraceNode.BROKER,
            MillraceNode.BROKER,
            MillraceNode.BROKER);

    @TempDir
    Path directory;

    private ReplicatedCluster cluster() throws Exception {
        ReplicatedCluster cluster = new ReplicatedCluster(
                ROLES,
                NodePlace.onLoopback(directory, ROLES.size()),
                3,
                "offsets.topic.replication.factor=3",
                "offsets.topic.num.partitions=4");
        cluster.create(TOPIC, PARTITIONS, Map.of("min.insync.replicas", "2"));
        return cluster;
    }

    @Test
    void itIsRefusedUnformattedAndThenTakesAllOfItFromTheOthers() throws Exception {
        try (ReplicatedCluster cluster = cluster();
                Admin admin = JavaClients.admin(cluster.bootstrap());
                NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS, PER_SECOND)) {
            cluster.awaitInSync(admin, TOPIC, 3);
            load.awaitMore(PER_SECOND, cluster);
            MillraceNode victim = cluster.node(cluster.leader(admin, TOPIC, 0, -1));
            victim.kill();
            victim.loseDisk();
            victim.begin();
            assertEquals(1, victim.awaitEnd(), victim::output);
            assertTrue(victim.output().contains("millrace format"), victim::output);
            victim.formatAgain();
            victim.begin();
            victim.awaitReady();
            load.awaitMore(2 * PER_SECOND, cluster);
            cluster.awaitInSync(admin, TOPIC, 3);
            load.end();
            load.check(cluster);
            // One alone is to commit what it has (KIP-966).
            var alone = new AlterConfigOp(new ConfigEntry("min.insync.replicas", "1"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, TOPIC), List.of(alone)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            for (MillraceNode broker : cluster.brokers()) if (broker != victim) broker.kill();
            Await.until(
                    "it leads",
                    ReplicatedCluster.PATIENCE,
                    () -> {
                        try (Admin its = JavaClients.admin(victim.address())) {
                            return cluster.partitions(its, TOPIC).stream()
                                    .allMatch(each -> each.leader() != null
                                            && each.leader().id() == victim.id());
                        }
                    },
                    cluster::output);
            load.check(cluster);
        }
    }

    @Test
    void whereAllWereKilledItDoesNotLeadThoughItIsThereFirst() throws Exception {
        try (ReplicatedCluster cluster = cluster();
                Admin admin = JavaClients.admin(cluster.bootstrap());
                NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS, PER_SECOND)) {
            cluster.awaitInSync(admin, TOPIC, 3);
            load.awaitMore(2 * PER_SECOND, cluster);
            load.end();
            MillraceNode victim = cluster.node(cluster.leader(admin, TOPIC, 0, -1));
            for (MillraceNode broker : cluster.brokers()) if (broker != victim) broker.kill();
            victim.kill();
            victim.loseDisk();
            victim.formatAgain();
            victim.begin();
            victim.awaitReady();
            try (Admin its = JavaClients.admin(victim.address())) {
                for (int look = 0; look < 20; look++)
                    for (var partition : cluster.partitions(its, TOPIC))
                        assertTrue(
                                partition.leader() == null || partition.leader().id() != victim.id(),
                                () -> partition + "\n" + cluster.output());
            }
            for (MillraceNode broker : cluster.brokers()) if (broker != victim) broker.begin();
            for (MillraceNode broker : cluster.brokers()) if (broker != victim) broker.awaitReady();
            cluster.awaitInSync(admin, TOPIC, 3);
            load.check(cluster);
        }
    }
}
