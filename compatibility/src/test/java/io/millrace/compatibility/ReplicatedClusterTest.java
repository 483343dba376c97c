package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes with all of a topic's replicas each, under the official producer: whatever happens to one of them, nothing acknowledged is lost. */
class ReplicatedClusterTest {
    private static final String TOPIC = "replicated";
    private static final int PARTITIONS = 3;

    @TempDir
    Path directory;

    private ReplicatedCluster cluster() throws Exception {
        ReplicatedCluster cluster = new ReplicatedCluster(
                directory, 3, "offsets.topic.replication.factor=3", "offsets.topic.num.partitions=4");
        cluster.create(TOPIC, PARTITIONS, Map.of("min.insync.replicas", "2"));
        return cluster;
    }

    @Test
    void aKilledLeaderLosesNothingAndIsInSyncAgainWhenItIsBack() throws Exception {
        try (ReplicatedCluster cluster = cluster();
                Admin admin = JavaClients.admin(cluster.bootstrap());
                NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS)) {
            cluster.awaitInSync(admin, TOPIC, 3);
            load.awaitMore(2_000, cluster);
            int leader = cluster.leader(admin, TOPIC, 0, -1);
            cluster.node(leader).kill();
            cluster.leader(admin, TOPIC, 0, leader);
            cluster.awaitInSync(admin, TOPIC, 2);
            load.awaitMore(2_000, cluster);
            cluster.node(leader).begin();
            cluster.node(leader).awaitReady();
            cluster.awaitInSync(admin, TOPIC, 3);
            load.awaitMore(1_000, cluster);
            load.end();
            load.check(cluster);
        }
    }

    @Test
    @Tag("campaign")
    void nodesThatAreKilledFrozenAndStoppedByTurnsLoseNothing() throws Exception {
        try (ReplicatedCluster cluster = cluster();
                Admin admin = JavaClients.admin(cluster.bootstrap());
                NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS)) {
            for (int round = 0; round < 6; round++) {
                cluster.awaitInSync(admin, TOPIC, 3);
                load.awaitMore(5_000, cluster);
                int leader = cluster.leader(admin, TOPIC, round % PARTITIONS, -1);
                switch (round % 3) {
                    case 0 -> cluster.node(leader).kill();
                    case 1 -> cluster.node(leader).freeze();
                    default -> cluster.node(leader).stop();
                }
                cluster.leader(admin, TOPIC, round % PARTITIONS, leader);
                load.awaitMore(5_000, cluster);
                if (round % 3 == 1) cluster.node(leader).thaw();
                else {
                    cluster.node(leader).begin();
                    cluster.node(leader).awaitReady();
                }
            }
            cluster.awaitInSync(admin, TOPIC, 3);
            load.end();
            load.check(cluster);
        }
    }

    @Test
    @Tag("long")
    void aRollingRestartFailsNoRequestAndWhatFollowersHaveIsWhatLeadersHad() throws Exception {
        try (ReplicatedCluster cluster = cluster();
                Admin admin = JavaClients.admin(cluster.bootstrap());
                NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS)) {
            for (int id = 1; id <= 3; id++) {
                cluster.awaitInSync(admin, TOPIC, 3);
                load.awaitMore(1_000, cluster);
                cluster.node(id).stop();
                load.awaitMore(1_000, cluster);
                cluster.node(id).begin();
                cluster.node(id).awaitReady();
            }
            cluster.awaitInSync(admin, TOPIC, 3);
            load.end();
            load.check(cluster);
            // Each node in turn has to serve all of it.
            for (int id = 1; id <= 3; id++) {
                cluster.node(id).kill();
                for (int partition = 0; partition < PARTITIONS; partition++)
                    assertEquals(true, cluster.leader(admin, TOPIC, partition, id) > 0);
                load.check(cluster);
                cluster.node(id).begin();
                cluster.node(id).awaitReady();
                cluster.awaitInSync(admin, TOPIC, 3);
            }
        }
    }
}
