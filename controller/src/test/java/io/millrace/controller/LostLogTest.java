package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All replicas of a partition stopped uncleanly, and one of them comes back with another directory than it had. */
class LostLogTest {
    private static final Uuid REPLACED = new Uuid(1000, 77);

    private final TestCluster cluster = new TestCluster(new SeededRandom(5), Map.of(), Map.of());

    @BeforeEach
    void start() {
        for (int id = 1; id <= 3; id++) cluster.start(id, null);
    }

    private PartitionImage partition() {
        return cluster.partition("t", 0);
    }

    private void create(int replicas) {
        cluster.create(TestCluster.topic("t", 1, replicas)
                .configs(List.of(CreatableTopicConfig.builder()
                        .name("min.insync.replicas")
                        .value("2")
                        .build()))
                .build());
    }

    private void comeBack(int id, Uuid directory) {
        cluster.register(cluster.registration(id).logDirs(List.of(directory)).build());
        cluster.heartbeat(id, false, false);
    }

    /** A broker begins the replica in the directory that it has now. */
    private void beginAnew(int id) {
        TopicImage topic = cluster.image().topics().topic("t");
        BrokerImage broker = cluster.image().cluster().broker(id);
        if (topic == null || broker == null) throw new AssertionError("no topic or no broker " + id);
        cluster.commit(cluster.controller.assignReplicasToDirs(AssignReplicasToDirsRequest.builder()
                .brokerId(id)
                .brokerEpoch(broker.epoch())
                .directories(List.of(AssignReplicasToDirsRequest.DirectoryData.builder()
                        .id(REPLACED)
                        .topics(List.of(AssignReplicasToDirsRequest.TopicData.builder()
                                .topicId(topic.id())
                                .partitions(List.of(AssignReplicasToDirsRequest.PartitionData.builder()
                                        .partitionIndex(0)
                                        .build()))
                                .build()))
                        .build()))
                .build()));
        cluster.heartbeat(id, false, false);
    }

    /** The last leader is back when so many others are; of those the second was in sync to the end, and the first was not. */
    private void theLastLeaderDoesNotLead(int others) {
        create(3);
        int leader = partition().leader();
        List<Integer> rest = Stream.of(1, 2, 3).filter(id -> id != leader).toList();
        for (int id : rest) cluster.heartbeat(id, true, false);
        cluster.heartbeat(leader, true, false);
        assertEquals(
                Stream.of(rest.get(1), leader).sorted().toList(), partition().elr());
        assertEquals(List.of(leader), partition().lastKnownElr());

        for (int id : rest.subList(0, others)) comeBack(id, TestCluster.directory(id));
        comeBack(leader, REPLACED);
        assertEquals(PartitionImage.NO_LEADER, partition().leader());
        beginAnew(leader);
        for (int id : rest.subList(others, 2)) {
            assertEquals(PartitionImage.NO_LEADER, partition().leader());
            comeBack(id, TestCluster.directory(id));
        }
        assertEquals(rest.get(1), partition().leader());
        assertTrue(partition().isLeaderRecovering());
        assertEquals(List.of(), partition().lastKnownElr());
    }

    @Test
    void aLastLeaderThatIsBackFirstDoesNotLead() {
        theLastLeaderDoesNotLead(0);
    }

    @Test
    void aLastLeaderThatIsBackBetweenTheOthersDoesNotLead() {
        theLastLeaderDoesNotLead(1);
    }

    @Test
    void aLastLeaderThatIsBackLastDoesNotLead() {
        theLastLeaderDoesNotLead(2);
    }

    @Test
    void oneThatIsEligibleIsNoMoreOnceItHasBegunAnew() {
        create(3);
        int leader = partition().leader();
        List<Integer> rest = Stream.of(1, 2, 3).filter(id -> id != leader).toList();
        for (int id : rest) cluster.heartbeat(id, true, false);
        assertEquals(rest.subList(1, 2), partition().elr());
        // In order, it says; but what it had is not there.
        int eligible = rest.get(1);
        BrokerImage before = cluster.image().cluster().broker(eligible);
        if (before == null) throw new AssertionError();
        cluster.heartbeat(leader, true, false);
        cluster.register(cluster.registration(eligible)
                .previousBrokerEpoch(before.epoch())
                .logDirs(List.of(REPLACED))
                .build());
        cluster.heartbeat(eligible, false, false);
        beginAnew(eligible);
        assertEquals(List.of(leader), partition().elr());
        assertEquals(PartitionImage.NO_LEADER, partition().leader());
    }

    @Test
    void theOnlyReplicaIsLeftAsItIs() {
        create(1);
        int only = partition().leader();
        cluster.heartbeat(only, true, false);
        comeBack(only, REPLACED);
        beginAnew(only);
        assertEquals(PartitionImage.NO_LEADER, partition().leader());
        assertEquals(List.of(only), partition().lastKnownElr());
    }
}
