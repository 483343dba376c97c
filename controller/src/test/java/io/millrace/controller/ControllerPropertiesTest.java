package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.TransactionBuffer;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.messages.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsRequest.DeleteTopicState;
import io.millrace.protocol.messages.RemoveTopicRecord;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.junit.jupiter.api.Test;

/** What holds whatever brokers do: stories are drawn from a seed. */
class ControllerPropertiesTest {
    private static final int BROKERS = 5;

    /** Brokers come, go, crash and fall silent while topics are made and removed. */
    private static TestCluster story(SeededRandom random) {
        short elr = (short) random.nextInt(2);
        TestCluster cluster = new TestCluster(random, Map.of(), Map.of("eligible.leader.replicas.version", elr));
        for (int id = 1; id <= BROKERS; id++) cluster.start(id, random.nextBoolean() ? "r" + id % 2 : null);
        for (int step = 0; step < 60; step++) {
            step(cluster, random);
            check(cluster.image());
        }
        return cluster;
    }

    private static void step(TestCluster cluster, SeededRandom random) {
        int id = 1 + random.nextInt(BROKERS);
        BrokerImage broker = cluster.image().cluster().broker(id);
        if (broker == null) throw new AssertionError("broker " + id);
        switch (random.nextInt(8)) {
            case 0, 1 ->
                cluster.create(TestCluster.topic("t" + random.nextInt(30), 1 + random.nextInt(5), 1 + random.nextInt(3))
                        .configs(List.of(CreatableTopicConfig.builder()
                                .name("min.insync.replicas")
                                .value(Integer.toString(1 + random.nextInt(2)))
                                .build()))
                        .build());
            case 2 ->
                cluster.commit(cluster.controller.deleteTopics(DeleteTopicsRequest.builder()
                        .topics(List.of(DeleteTopicState.builder()
                                .name("t" + random.nextInt(30))
                                .build()))
                        .build()));
            case 3 -> cluster.heartbeat(id, random.nextBoolean(), random.chance(0.3));
            case 4 -> {
                if (broker.isFenced()) cluster.start(id, broker.rack());
            }
            case 5 -> {
                cluster.nowMs += random.nextInt(8_000);
                int expired = 2;
                while (expired > 1) expired = cluster.commit(cluster.controller.fenceExpiredBrokers(cluster.context()));
            }
            case 6 -> cluster.register(cluster.registration(id).build());
            default -> cluster.heartbeat(id, false, false);
        }
    }

    private static void check(MetadataImage image) {
        boolean elr = image.features().isElrEnabled();
        for (TopicImage topic : image.topics().inOrder())
            topic.forEachPartition((number, partition) -> {
                String where = topic.name() + "-" + number + " " + partition;
                if (partition.hasLeader()) {
                    assertTrue(image.cluster().isActive(partition.leader()), where);
                    assertTrue(partition.isr().contains(partition.leader()), where);
                    assertTrue(partition.lastKnownElr().isEmpty(), where);
                }
                assertTrue(partition.replicas().containsAll(partition.isr()), where);
                assertTrue(partition.replicas().containsAll(partition.elr()), where);
                assertTrue(partition.isr().stream().noneMatch(partition.elr()::contains), where);
                if (elr) assertTrue(partition.isr().stream().allMatch(image.cluster()::isActive), where);
                else assertTrue(!partition.isr().isEmpty() && partition.elr().isEmpty(), where);
                boolean somebodyCouldLead = partition.isr().stream().anyMatch(image.cluster()::isActive)
                        || partition.elr().stream().anyMatch(image.cluster()::isActive);
                assertEquals(somebodyCouldLead || partition.hasLeader(), partition.hasLeader(), where);
            });
    }

    @Test
    void whoLeadsIsAwakeAndInSyncAndNobodyIsLeftOut() {
        Property.check(60, ControllerPropertiesTest::story);
    }

    @Test
    void epochsOnlyGrow() {
        Property.check(20, random -> {
            TestCluster cluster = story(random);
            Map<String, PartitionImage> before = new HashMap<>();
            MetadataImage image = MetadataImage.EMPTY;
            for (VersionedRecord record : new TransactionBuffer().accept(cluster.log)) {
                image = image.apply(List.of(record), MetadataProvenance.EMPTY);
                if (record.message() instanceof RemoveTopicRecord) before.clear();
                for (TopicImage topic : image.topics().inOrder())
                    topic.forEachPartition((number, partition) -> {
                        PartitionImage old = before.put(topic.id() + "-" + number, partition);
                        if (old == null) return;
                        assertTrue(partition.leaderEpoch() >= old.leaderEpoch());
                        assertEquals(partition.equals(old) ? 0 : 1, partition.partitionEpoch() - old.partitionEpoch());
                        if (partition.leader() != old.leader())
                            assertEquals(old.leaderEpoch() + 1, partition.leaderEpoch());
                    });
            }
        });
    }

    @Test
    void theSameSeedWritesTheSameLog() {
        Property.check(10, random -> {
            long seed = random.nextLong();
            assertEquals(bytes(story(new SeededRandom(seed)).log), bytes(story(new SeededRandom(seed)).log));
        });
    }

    @Test
    void aControllerThatLoadsTheLogOrASnapshotKnowsTheSame() {
        Property.check(20, random -> {
            TestCluster cluster = story(random);
            Controller loading = new Controller(TestCluster.settings(Map.of()), MetadataImage.EMPTY);
            loading.replay(cluster.log, cluster.image().provenance());
            assertEquals(cluster.image(), loading.image());
            MetadataImage snapshot = MetadataImage.EMPTY.apply(
                    cluster.image().records(), cluster.image().provenance());
            assertEquals(cluster.image(), snapshot);
        });
    }

    @Test
    void kafkasOwnImageTakesTheLog() {
        Property.check(20, random -> {
            TestCluster cluster = story(random);
            List<VersionedRecord> log = new TransactionBuffer().accept(cluster.log);
            assertEquals(officialImage(cluster.image().records()), officialImage(log));
        });
    }

    private static org.apache.kafka.image.MetadataImage officialImage(List<VersionedRecord> log) {
        org.apache.kafka.image.MetadataImage image = org.apache.kafka.image.MetadataImage.EMPTY;
        for (VersionedRecord record : log) {
            ByteBuffer frame = MetadataRecordFrame.write(record.message(), record.version());
            MetadataDelta delta = new MetadataDelta.Builder().setImage(image).build();
            delta.replay(MetadataRecordSerde.INSTANCE
                    .read(new ByteBufferAccessor(frame), frame.remaining())
                    .message());
            image = delta.apply(org.apache.kafka.image.MetadataProvenance.EMPTY);
        }
        return image;
    }

    private static List<ByteBuffer> bytes(List<VersionedRecord> log) {
        List<ByteBuffer> bytes = new ArrayList<>();
        for (VersionedRecord record : log) bytes.add(MetadataRecordFrame.write(record.message(), record.version()));
        return bytes;
    }

    @Test
    void replicasSpreadOverBrokersAndRacks() {
        Property.check(random -> {
            int rackCount = 1 + random.nextInt(4);
            int perRack = 1 + random.nextInt(3);
            List<Placement.Candidate> candidates = new ArrayList<>();
            for (int i = 0; i < rackCount * perRack; i++)
                candidates.add(new Placement.Candidate(i, "rack" + i % rackCount, false));
            Placement placement = Placement.among(candidates, TestCluster.drawsFrom(random));
            int replicationFactor = 1 + random.nextInt(candidates.size());
            int partitionCount = candidates.size() * 4;
            int[] led = new int[candidates.size()];
            int[] held = new int[candidates.size()];
            for (int i = 0; i < partitionCount; i++) {
                List<Integer> replicas = placement.next(replicationFactor);
                assertEquals(replicationFactor, new HashSet<>(replicas).size());
                Set<Integer> racks = new HashSet<>();
                for (int replica : replicas) {
                    racks.add(replica % rackCount);
                    held[replica]++;
                }
                assertEquals(Math.min(rackCount, replicationFactor), racks.size());
                led[replicas.get(0)]++;
            }
            for (int broker = 0; broker < candidates.size(); broker++) {
                assertEquals(4, led[broker], "partitions led by " + broker);
                assertTrue(held[broker] >= 4, "replicas on " + broker);
            }
        });
    }

    @Test
    void fencedBrokersTakeWhatOthersOfTheirRackCannotAndNeverLead() {
        Property.check(random -> {
            List<Placement.Candidate> candidates = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                boolean fenced = i > 0 && random.nextBoolean();
                candidates.add(new Placement.Candidate(i, "r" + random.nextInt(3), fenced));
            }
            Placement placement = Placement.among(candidates, TestCluster.drawsFrom(random));
            for (int i = 0; i < 20; i++) {
                int replicationFactor = 1 + random.nextInt(6);
                List<Integer> replicas = placement.next(replicationFactor);
                assertEquals(replicationFactor, new HashSet<>(replicas).size());
                assertTrue(!candidates.get(replicas.get(0)).isFenced());
                for (int replica : replicas) {
                    Placement.Candidate it = candidates.get(replica);
                    if (!it.isFenced()) continue;
                    for (Placement.Candidate other : candidates)
                        assertTrue(
                                other.isFenced() || !other.rack().equals(it.rack()) || replicas.contains(other.id()),
                                () -> other + " is passed over for " + it);
                }
            }
        });
    }
}
