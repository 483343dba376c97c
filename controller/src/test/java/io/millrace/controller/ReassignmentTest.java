package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.metadata.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignablePartition;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignableTopic;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionRequest.BrokerState;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replicas on their way from broker to broker; each answer and record is the same as of Apache Kafka's controller, which is asked alongside. */
class ReassignmentTest {
    private final Twins twins = new Twins(new SeededRandom(7), Map.of());

    ReassignmentTest() {
        for (int id = 1; id <= 4; id++) twins.start(id, true);
        twins.create("t", List.of(List.of(1, 2)));
    }

    @AfterEach
    void close() {
        twins.close();
    }

    private PartitionImage partition() {
        return twins.partition("t", 0);
    }

    private AlterPartitionReassignmentsResponse reassign(boolean mayChangeFactor, @Nullable List<Integer> replicas) {
        return twins.reassign(AlterPartitionReassignmentsRequest.builder()
                .allowReplicationFactorChange(mayChangeFactor)
                .topics(List.of(ReassignableTopic.builder()
                        .name("t")
                        .partitions(List.of(ReassignablePartition.builder()
                                .partitionIndex(0)
                                .replicas(replicas)
                                .build()))
                        .build()))
                .build());
    }

    private AlterPartitionResponse propose(List<Integer> isr) {
        PartitionImage partition = partition();
        return twins.alterPartition(
                AlterPartitionRequest.builder()
                        .brokerId(partition.leader())
                        .brokerEpoch(twins.broker(partition.leader()).epoch())
                        .topics(List.of(AlterPartitionRequest.TopicData.builder()
                                .topicId(twins.topic("t").id())
                                .partitions(List.of(AlterPartitionRequest.PartitionData.builder()
                                        .partitionIndex(0)
                                        .leaderEpoch(partition.leaderEpoch())
                                        .partitionEpoch(partition.partitionEpoch())
                                        .newIsrWithEpochs(isr.stream()
                                                .map(id -> BrokerState.builder()
                                                        .brokerId(id)
                                                        .brokerEpoch(
                                                                twins.broker(id).epoch())
                                                        .build())
                                                .toList())
                                        .build()))
                                .build()))
                        .build(),
                3);
    }

    @Test
    void newReplicasReplaceTheOldOnesOnceTheyAreInSync() {
        reassign(true, List.of(3, 4));
        assertEquals(List.of(3, 4, 1, 2), partition().replicas());
        assertEquals(List.of(3, 4), partition().addingReplicas());
        assertEquals(List.of(1, 2), partition().removingReplicas());
        assertEquals(1, partition().leader());
        var listed = twins.list(
                ListPartitionReassignmentsRequest.builder().topics(null).build());
        assertEquals("t", listed.topics().get(0).name());

        propose(List.of(1, 2, 3));
        assertEquals(List.of(3, 4, 1, 2), partition().replicas());
        AlterPartitionResponse last = propose(List.of(1, 2, 3, 4));
        assertEquals(
                ErrorCode.NEW_LEADER_ELECTED.code(),
                last.topics().get(0).partitions().get(0).errorCode());
        assertEquals(List.of(3, 4), partition().replicas());
        assertEquals(List.of(3, 4), partition().isr());
        assertEquals(3, partition().leader());
        assertEquals(List.of(), partition().addingReplicas());
        assertEquals(
                List.of(),
                twins.list(ListPartitionReassignmentsRequest.builder()
                                .topics(null)
                                .build())
                        .topics());
    }

    @Test
    void aCancelledReassignmentLeavesWhatWasThere() {
        reassign(true, List.of(2, 3));
        propose(List.of(1, 2));
        reassign(true, null);
        assertEquals(List.of(2, 1), partition().replicas());
        assertEquals(List.of(1, 2), partition().isr());
        assertEquals(1, partition().leader());
        assertEquals(List.of(), partition().addingReplicas());
        assertEquals(
                ErrorCode.NO_REASSIGNMENT_IN_PROGRESS.code(),
                reassign(true, null).responses().get(0).partitions().get(0).errorCode());
    }

    @Test
    void anOrderOfReplicasChangesAtOnce() {
        reassign(true, List.of(2, 1));
        assertEquals(List.of(2, 1), partition().replicas());
        assertEquals(1, partition().leader());
        twins.balanceAfter(Twins.BALANCE_MS + 1);
        assertEquals(2, partition().leader());
    }

    @Test
    void theReplicationFactorStaysIfThatIsAskedFor() {
        assertEquals(
                ErrorCode.INVALID_REPLICATION_FACTOR.code(),
                reassign(false, List.of(1, 2, 3))
                        .responses()
                        .get(0)
                        .partitions()
                        .get(0)
                        .errorCode());
        reassign(false, List.of(3, 2));
        assertEquals(
                ErrorCode.INVALID_REPLICATION_FACTOR.code(),
                reassign(false, List.of(1, 2, 3))
                        .responses()
                        .get(0)
                        .partitions()
                        .get(0)
                        .errorCode());
    }

    @Test
    void aReplicaThatIsAwayOrHasLivedOnMayNotJoin() {
        twins.heartbeat(2, true, false);
        assertEquals(List.of(1), partition().isr());
        assertEquals(
                ErrorCode.INELIGIBLE_REPLICA.code(),
                propose(List.of(1, 2)).topics().get(0).partitions().get(0).errorCode());
        twins.heartbeat(2, false, false);
        propose(List.of(1, 2));
        assertEquals(List.of(1, 2), partition().isr());
    }

    @Test
    void whereItIsAllowedSomebodyLeadsInTheEndByTheClock() {
        try (Twins others =
                new Twins(new SeededRandom(8), Map.of("eligible.leader.replicas.version", (short) 0), 60_000)) {
            others.start(1, true);
            others.start(2, true);
            others.create("u", List.of(List.of(1, 2)));
            others.heartbeat(2, true, false);
            others.heartbeat(1, true, false);
            others.heartbeat(2, false, false);
            assertEquals(PartitionImage.NO_LEADER, others.partition("u", 0).leader());
            others.set("u", "unclean.leader.election.enable", "true");
            others.electUncleanlyAfter(60_001);
            assertEquals(2, others.partition("u", 0).leader());
        }
    }
}
