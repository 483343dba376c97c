package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignablePartition;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignableTopic;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The offsets topic of a cluster that grows. */
class ReplicationGrowthTest {
    private static final String TOPIC = "__consumer_offsets";

    private static TestCluster cluster(SeededRandom random, int factor) {
        return new TestCluster(random, Map.of("offsets.topic.replication.factor", String.valueOf(factor)), Map.of());
    }

    private static TopicImage topic(TestCluster cluster) {
        TopicImage topic = cluster.image().topics().topic(TOPIC);
        if (topic == null) throw new AssertionError("no topic");
        return topic;
    }

    private static boolean grow(TestCluster cluster) {
        return cluster.commit(cluster.controller.growOffsetsTopic());
    }

    /** The leader of a partition says that all that is being added is in sync, as far as it is awake. */
    private static void catchUp(TestCluster cluster, int partitionId) {
        PartitionImage partition = cluster.partition(TOPIC, partitionId);
        BrokerImage leader = cluster.image().cluster().broker(partition.leader());
        if (leader == null) return;
        List<AlterPartitionRequest.BrokerState> isr = new ArrayList<>();
        for (int id : partition.replicas()) {
            BrokerImage broker = cluster.image().cluster().broker(id);
            if (broker != null && broker.isActive())
                isr.add(AlterPartitionRequest.BrokerState.builder()
                        .brokerId(id)
                        .brokerEpoch(broker.epoch())
                        .build());
        }
        cluster.commit(cluster.controller.alterPartition(
                AlterPartitionRequest.builder()
                        .brokerId(leader.id())
                        .brokerEpoch(leader.epoch())
                        .topics(List.of(AlterPartitionRequest.TopicData.builder()
                                .topicId(topic(cluster).id())
                                .partitions(List.of(AlterPartitionRequest.PartitionData.builder()
                                        .partitionIndex(partitionId)
                                        .leaderEpoch(partition.leaderEpoch())
                                        .partitionEpoch(partition.partitionEpoch())
                                        .newIsrWithEpochs(isr)
                                        .build()))
                                .build()))
                        .build(),
                3));
    }

    private static void catchUp(TestCluster cluster) {
        for (int id = 0; id < topic(cluster).partitionCount(); id++) catchUp(cluster, id);
    }

    private static void growAll(TestCluster cluster) {
        for (int rounds = 0; grow(cluster); rounds++) {
            assertTrue(rounds < 100, "it never ends");
            catchUp(cluster);
        }
        catchUp(cluster);
    }

    @Test
    void aTopicOfOneReplicaGetsThreeWhereThereAreBrokersForThem() {
        TestCluster cluster = cluster(new SeededRandom(1), 3);
        cluster.start(1, null);
        cluster.create(TOPIC, 50, 1);
        assertFalse(grow(cluster), "there is one broker");
        cluster.start(2, null);
        growAll(cluster);
        cluster.start(3, null);
        growAll(cluster);
        cluster.start(4, null);
        assertFalse(grow(cluster), "three are enough");
        Map<Integer, Integer> preferred = new TreeMap<>();
        topic(cluster).forEachPartition((id, partition) -> {
            assertEquals(Set.of(1, 2, 3), Set.copyOf(partition.replicas()));
            assertEquals(Set.of(1, 2, 3), Set.copyOf(partition.isr()));
            assertEquals(List.of(), partition.addingReplicas());
            preferred.merge(partition.preferredLeader(), 1, Integer::sum);
        });
        assertEquals(3, preferred.size(), preferred::toString);
        for (int leads : preferred.values()) assertTrue(leads == 16 || leads == 17, preferred::toString);
    }

    @Test
    void whereThereIsNoSuchTopicNothingGrows() {
        TestCluster cluster = cluster(new SeededRandom(1), 3);
        cluster.start(1, null);
        cluster.start(2, null);
        cluster.create("t", 1, 1);
        assertFalse(grow(cluster));
        assertEquals(1, cluster.partition("t", 0).replicas().size());
    }

    @Test
    void whatSomebodyElseReassignsIsLeftAlone() {
        TestCluster cluster = cluster(new SeededRandom(1), 2);
        cluster.start(1, null);
        cluster.create(TOPIC, 2, 1);
        cluster.start(2, null);
        cluster.commit(cluster.controller.alterPartitionReassignments(AlterPartitionReassignmentsRequest.builder()
                .topics(List.of(ReassignableTopic.builder()
                        .name(TOPIC)
                        .partitions(List.of(ReassignablePartition.builder()
                                .partitionIndex(0)
                                .replicas(List.of(2))
                                .build()))
                        .build()))
                .build()));
        PartitionImage before = cluster.partition(TOPIC, 0);
        assertTrue(grow(cluster));
        assertEquals(before, cluster.partition(TOPIC, 0));
        assertEquals(2, cluster.partition(TOPIC, 1).replicas().size());
    }

    @Test
    void aLargeTopicGrowsByParts() {
        TestCluster cluster = cluster(new SeededRandom(1), 2);
        cluster.start(1, null);
        cluster.create(TOPIC, 120, 1);
        cluster.start(2, null);
        assertTrue(grow(cluster));
        assertEquals(ReplicationGrowth.MOST_AT_ONCE, growing(cluster));
        assertFalse(grow(cluster), "until some have caught up");
        for (int id = 0; id < 10; id++) catchUp(cluster, id);
        assertTrue(grow(cluster));
        assertEquals(ReplicationGrowth.MOST_AT_ONCE, growing(cluster));
        growAll(cluster);
        growAll(cluster);
        topic(cluster)
                .forEachPartition(
                        (id, partition) -> assertEquals(2, partition.isr().size()));
    }

    private static int growing(TestCluster cluster) {
        int[] growing = {0};
        topic(cluster).forEachPartition((id, partition) -> {
            if (!partition.addingReplicas().isEmpty()) growing[0]++;
        });
        return growing[0];
    }

    @Test
    void newReplicasGoToAsManyRacksAsThereAre() {
        Property.check(100, random -> {
            int factor = 2 + random.nextInt(3);
            int brokers = factor + random.nextInt(4);
            int rackCount = 1 + random.nextInt(4);
            List<String> racks = new ArrayList<>();
            TestCluster cluster = cluster(random, factor);
            for (int id = 1; id <= brokers; id++) {
                String rack = "r" + random.nextInt(rackCount);
                racks.add(rack);
                cluster.start(id, rack);
            }
            cluster.create(TOPIC, 1 + random.nextInt(20), 1);
            growAll(cluster);
            Set<String> used = Set.copyOf(racks);
            topic(cluster).forEachPartition((id, partition) -> {
                assertEquals(factor, partition.replicas().size());
                Set<String> held = new HashSet<>();
                for (int replica : partition.replicas()) held.add(racks.get(replica - 1));
                assertEquals(Math.min(factor, used.size()), held.size(), held::toString);
            });
        });
    }

    /** Brokers come, go and catch up as they like; in the end all are there. */
    @Test
    void aTopicGrowsWhateverBrokersDoMeanwhile() {
        Property.check(150, random -> {
            int factor = 1 + random.nextInt(4);
            TestCluster cluster = cluster(random, factor);
            int brokers = 1 + random.nextInt(6);
            int first = 1 + random.nextInt(brokers);
            for (int id = 1; id <= first; id++) cluster.start(id, rack(random));
            int firstFactor = 1 + random.nextInt(Math.min(first, factor));
            assertEquals(
                    ErrorCode.NONE.code(),
                    cluster.create(TOPIC, 1 + random.nextInt(8), firstFactor).errorCode());
            cluster.create("other", 3, 1);
            for (int step = 0; step < 40; step++) {
                int id = 1 + random.nextInt(brokers);
                switch (random.nextInt(5)) {
                    case 0 -> start(cluster, id, random);
                    case 1 -> {
                        if (cluster.image().cluster().broker(id) != null && random.chance(0.5))
                            cluster.heartbeat(id, true, false);
                    }
                    case 2 -> catchUp(cluster, random.nextInt(topic(cluster).partitionCount()));
                    default -> growSoundly(cluster, factor);
                }
            }
            for (int id = 1; id <= brokers; id++) start(cluster, id, random);
            catchUp(cluster);
            growAll(cluster);
            int goal = Math.max(firstFactor, Math.min(factor, brokers));
            topic(cluster).forEachPartition((id, partition) -> {
                assertEquals(goal, partition.replicas().size(), partition::toString);
                assertEquals(goal, Set.copyOf(partition.isr()).size(), partition::toString);
                assertEquals(List.of(), partition.addingReplicas());
            });
        });
    }

    private static @Nullable String rack(SeededRandom random) {
        return random.chance(0.5) ? null : "r" + random.nextInt(3);
    }

    private static void start(TestCluster cluster, int id, SeededRandom random) {
        BrokerImage broker = cluster.image().cluster().broker(id);
        if (broker == null) cluster.start(id, rack(random));
        else if (!broker.isActive()) cluster.heartbeat(id, false, false);
    }

    private static void growSoundly(TestCluster cluster, int factor) {
        TopicImage before = topic(cluster);
        TopicImage other = cluster.image().topics().topic("other");
        grow(cluster);
        assertEquals(other, cluster.image().topics().topic("other"));
        topic(cluster).forEachPartition((id, now) -> {
            PartitionImage was = before.partition(id);
            if (was == null) throw new AssertionError("partition " + id + " is new");
            if (was.equals(now)) return;
            assertEquals(List.of(), was.addingReplicas(), "it was growing already");
            assertEquals(was.leader(), now.leader());
            assertEquals(was.isr(), now.isr());
            assertEquals(Set.copyOf(was.replicas()), without(now.replicas(), now.addingReplicas()));
            assertEquals(now.replicas().size(), Set.copyOf(now.replicas()).size());
            assertTrue(now.replicas().size() <= factor);
            for (int added : now.addingReplicas())
                assertTrue(cluster.image().cluster().isActive(added), () -> added + " is not awake");
        });
    }

    private static Set<Integer> without(List<Integer> replicas, List<Integer> adding) {
        Set<Integer> left = new HashSet<>(replicas);
        left.removeAll(adding);
        return left;
    }
}
