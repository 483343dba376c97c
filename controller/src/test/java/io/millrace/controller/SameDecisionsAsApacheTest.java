package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignablePartition;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignableTopic;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionRequest.BrokerState;
import io.millrace.protocol.messages.AlterPartitionRequest.PartitionData;
import io.millrace.protocol.messages.AlterPartitionRequest.TopicData;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersRequest.TopicPartitions;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Stories drawn from a seed, lived by our controller and by Apache Kafka 4.4.0's: every answer and every metadata record is the same. */
class SameDecisionsAsApacheTest {
    private static final int BROKERS = 5;
    private static final int STORIES = 60;
    private static final int STEPS = 120;

    @Test
    void leadersReplicasAndBrokersFareTheSame() {
        Property.check(STORIES, random -> {
            short elr = (short) random.nextInt(2);
            try (Twins twins = new Twins(random, Map.of("eligible.leader.replicas.version", elr))) {
                for (int id = 1; id <= BROKERS; id++) twins.start(id, true);
                for (int topic = 0; topic < 3; topic++) create(twins, random, "t" + topic);
                for (int step = 0; step < STEPS; step++) step(twins, random);
            }
        });
    }

    @Test
    void featuresGoUpAndDownTheSame() {
        Property.check(STORIES / 3, random -> {
            try (Twins twins = new Twins(random, Map.of())) {
                for (int id = 1; id <= BROKERS; id++) twins.start(id, true);
                for (int topic = 0; topic < 3; topic++) create(twins, random, "t" + topic);
                for (int step = 0; step < STEPS / 3; step++) {
                    if (random.chance(0.3)) step(twins, random);
                    twins.updateFeatures(features(random));
                }
            }
        });
    }

    private static UpdateFeaturesRequest features(SeededRandom random) {
        return UpdateFeaturesRequest.builder()
                .featureUpdates(List.of(UpdateFeaturesRequest.FeatureUpdateKey.builder()
                        .feature(random.pick(
                                "eligible.leader.replicas.version",
                                "eligible.leader.replicas.version",
                                "transaction.version",
                                "group.version",
                                "share.version",
                                "streams.version",
                                "metadata.version",
                                "nope"))
                        .maxVersionLevel((short) (random.chance(0.1) ? 28 + random.nextInt(7) : random.nextInt(4) - 1))
                        .upgradeType(random.pick(1, 2, 3, 2, 1, 0).byteValue())
                        .build()))
                .validateOnly(random.chance(0.2))
                .build();
    }

    private static void create(Twins twins, SeededRandom random, String name) {
        List<List<Integer>> assignment = new ArrayList<>();
        int partitionCount = 1 + random.nextInt(3);
        int replicationFactor = 1 + random.nextInt(4);
        for (int i = 0; i < partitionCount; i++)
            assignment.add(random.shuffled(List.of(1, 2, 3, 4, 5)).subList(0, replicationFactor));
        twins.create(name, assignment);
        twins.set(name, "min.insync.replicas", "" + (1 + random.nextInt(2)));
    }

    private static void step(Twins twins, SeededRandom random) {
        int id = 1 + random.nextInt(BROKERS);
        if (twins.image().cluster().broker(id) == null) twins.start(id, true);
        BrokerImage broker = twins.broker(id);
        if (broker.isInControlledShutdown() && !broker.isFenced()) everybodyReadsOn(twins, id);
        switch (random.nextInt(18)) {
            case 0, 1, 2, 3, 4 -> {
                int version = 2 + random.nextInt(2);
                twins.alterPartition(alteration(twins, random, version), version);
            }
            case 5 -> twins.electLeaders(election(random));
            case 6, 7 -> {
                if (random.chance(0.3)) twins.reassign(impossible(random));
            }
            case 8 -> twins.list(listing(random));
            case 9 -> {
                if (!broker.isInControlledShutdown()) twins.heartbeat(id, true, false);
            }
            case 10 -> {
                boolean leaves = broker.isInControlledShutdown();
                if (!leaves || !broker.isFenced())
                    twins.heartbeat(id, false, leaves || (!broker.isFenced() && random.chance(0.4)));
            }
            case 11 -> {
                if (broker.isFenced()) twins.start(id, random.nextBoolean());
            }
            case 12 ->
                twins.set(
                        "t" + random.nextInt(3),
                        "unclean.leader.election.enable",
                        Boolean.toString(random.nextBoolean()));
            case 13 -> {
                // With ELR this clears it, and Kafka goes on to think of some brokers as eligible.
                if (!twins.image().features().isElrEnabled())
                    twins.set("t" + random.nextInt(3), "min.insync.replicas", "" + (1 + random.nextInt(3)));
            }
            case 14 -> twins.assignDirectories(directories(twins, random));
            case 15 -> {
                int leaving = id + random.nextInt(3);
                if (random.chance(0.2) && !isEligibleSomewhere(twins, leaving)) twins.unregister(leaving);
            }
            case 16 ->
                twins.allocateProducerIds(AllocateProducerIdsRequest.builder()
                        .brokerId(id)
                        .brokerEpoch(broker.epoch() + off(random))
                        .build());
            default -> {
                if (random.nextBoolean()) twins.balanceAfter(Twins.BALANCE_MS + 1);
                else if (broker.isActive() && random.nextBoolean()) twins.register(id, random.nextBoolean());
                else twins.start(id, random.nextBoolean());
            }
        }
    }

    private static AlterPartitionRequest alteration(Twins twins, SeededRandom random, int version) {
        TopicImage topic = twins.topic("t" + random.nextInt(3));
        int partitionId = random.nextInt(topic.partitionCount());
        PartitionImage partition = twins.partition(topic.name(), partitionId);
        int leader = random.chance(0.9) && partition.hasLeader() ? partition.leader() : 1 + random.nextInt(BROKERS);
        List<Integer> isr = new ArrayList<>();
        for (int replica : random.chance(0.95) ? partition.replicas() : List.of(1, 2, 3, 4, 5, 6))
            if (replica == leader || random.chance(0.8)) isr.add(replica);
        if (random.chance(0.03) && !isr.isEmpty()) isr.add(isr.get(0));
        List<BrokerState> states = new ArrayList<>();
        for (int replica : isr) {
            BrokerImage broker = twins.image().cluster().broker(replica);
            long epoch = broker == null || random.chance(0.05) ? random.nextInt(3) - 1 : broker.epoch();
            states.add(
                    BrokerState.builder().brokerId(replica).brokerEpoch(epoch).build());
        }
        boolean recovering =
                random.chance(0.1) ? random.nextBoolean() : partition.isLeaderRecovering() && isr.size() == 1;
        PartitionData data = PartitionData.builder()
                .partitionIndex(random.chance(0.97) ? partitionId : 7)
                .leaderEpoch(partition.leaderEpoch() + off(random))
                .partitionEpoch(partition.partitionEpoch() + off(random))
                .newIsr(version == 2 ? isr : List.of())
                .newIsrWithEpochs(version == 2 ? List.of() : states)
                .leaderRecoveryState((byte) (recovering ? 1 : 0))
                .build();
        BrokerImage asking = twins.image().cluster().broker(leader);
        return AlterPartitionRequest.builder()
                .brokerId(leader)
                .brokerEpoch((asking == null ? 3 : asking.epoch()) + off(random))
                .topics(List.of(TopicData.builder()
                        .topicId(random.chance(0.97) ? topic.id() : new Uuid(7, 7))
                        .partitions(List.of(data))
                        .build()))
                .build();
    }

    private static int off(SeededRandom random) {
        return random.chance(0.96) ? 0 : random.nextInt(3) - 1;
    }

    /** Kafka goes over the partitions for which an unregistered broker was eligible, too; here it loses that when it comes back (ADR 52). */
    private static boolean isEligibleSomewhere(Twins twins, int brokerId) {
        boolean[] found = {false};
        for (TopicImage topic : twins.image().topics().inOrder())
            topic.forEachPartition(
                    (number, partition) -> found[0] |= partition.elr().contains(brokerId));
        return found[0];
    }

    /** Kafka lets a leaving broker go when the others have read all there is, we when they have read that it leads nothing. */
    private static void everybodyReadsOn(Twins twins, int except) {
        for (BrokerImage each : twins.image().cluster().brokersInOrder())
            if (each.id() != except && each.isActive()) twins.heartbeat(each.id(), false, false);
    }

    private static AssignReplicasToDirsRequest directories(Twins twins, SeededRandom random) {
        int id = 1 + random.nextInt(BROKERS);
        BrokerImage broker = twins.image().cluster().broker(id);
        TopicImage topic = twins.topic("t" + random.nextInt(3));
        return AssignReplicasToDirsRequest.builder()
                .brokerId(id)
                .brokerEpoch(broker == null ? 3 : broker.epoch() + off(random))
                .directories(List.of(AssignReplicasToDirsRequest.DirectoryData.builder()
                        .id(random.pick(
                                TestCluster.directory(id), new Uuid(9, 9), DirectoryIds.LOST, DirectoryIds.UNASSIGNED))
                        .topics(List.of(AssignReplicasToDirsRequest.TopicData.builder()
                                .topicId(random.chance(0.9) ? topic.id() : new Uuid(7, 7))
                                .partitions(Stream.of(0, 2)
                                        .filter(index -> !isLost(broker, topic.partition(index)))
                                        .map(index -> AssignReplicasToDirsRequest.PartitionData.builder()
                                                .partitionIndex(index)
                                                .build())
                                        .toList())
                                .build()))
                        .build()))
                .build();
    }

    /** A replica that begins anew is still believed by Kafka (ADR 52). */
    private static boolean isLost(@Nullable BrokerImage broker, @Nullable PartitionImage partition) {
        return broker != null
                && partition != null
                && partition.replicas().contains(broker.id())
                && !broker.hasOnlineDirectory(partition.directoryOf(broker.id()));
    }

    private static ElectLeadersRequest election(SeededRandom random) {
        return ElectLeadersRequest.builder()
                .electionType((byte) (random.chance(0.95) ? random.nextInt(2) : 2))
                .topicPartitions(random.nextBoolean() ? null : topicPartitions(random))
                .build();
    }

    private static List<TopicPartitions> topicPartitions(SeededRandom random) {
        List<TopicPartitions> topics = new ArrayList<>();
        for (String name : List.of("t0", "t2", "nope"))
            topics.add(TopicPartitions.builder()
                    .topic(name)
                    .partitions(random.nextBoolean() ? List.of(0) : List.of(2, 1))
                    .build());
        return topics;
    }

    private static AlterPartitionReassignmentsRequest impossible(SeededRandom random) {
        ReassignablePartition partition = ReassignablePartition.builder()
                .partitionIndex(random.chance(0.8) ? 0 : 7)
                .replicas(random.pick(List.of(1, 1), List.of(1, 6), List.<Integer>of()))
                .build();
        return AlterPartitionReassignmentsRequest.builder()
                .topics(List.of(ReassignableTopic.builder()
                        .name(random.chance(0.8) ? "t0" : "nope")
                        .partitions(List.of(
                                partition, partition.toBuilder().replicas(null).build()))
                        .build()))
                .build();
    }

    private static ListPartitionReassignmentsRequest listing(SeededRandom random) {
        if (random.nextBoolean())
            return ListPartitionReassignmentsRequest.builder().topics(null).build();
        return ListPartitionReassignmentsRequest.builder()
                .topics(List.of(
                        ListPartitionReassignmentsTopics.builder()
                                .name("t0")
                                .partitionIndexes(List.of(0, 1, 2, 9))
                                .build(),
                        ListPartitionReassignmentsTopics.builder()
                                .name("nope")
                                .partitionIndexes(List.of(0))
                                .build()))
                .build();
    }
}
