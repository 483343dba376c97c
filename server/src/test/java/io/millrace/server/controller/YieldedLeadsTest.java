package io.millrace.server.controller;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.MetadataDelta;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.protocol.messages.TopicRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Brokers 1 and 2 are awake, 3 is fenced; 1 wants to leave the lead to others. */
class YieldedLeadsTest {
    private static final Uuid TOPIC = new Uuid(7, 7);

    private static RegisterBrokerRecord broker(int id, boolean isFenced) {
        return RegisterBrokerRecord.builder()
                .brokerId(id)
                .brokerEpoch(id)
                .incarnationId(new Uuid(2, id))
                .fenced(isFenced)
                .build();
    }

    private static boolean canYield(List<Integer> replicas, int leader, List<Integer> isr, List<Integer> elr) {
        MetadataDelta delta = new MetadataDelta(MetadataImage.EMPTY);
        for (int id = 1; id <= 3; id++) delta.replay(broker(id, id == 3));
        delta.replay(TopicRecord.builder().name("t").topicId(TOPIC).build());
        delta.replay(PartitionRecord.builder()
                .topicId(TOPIC)
                .partitionId(0)
                .replicas(replicas)
                .isr(isr)
                .eligibleLeaderReplicas(elr)
                .leader(leader)
                .leaderEpoch(0)
                .partitionEpoch(0)
                .build());
        return YieldedLeads.canYield(delta.apply(MetadataImage.EMPTY.provenance()), 1);
    }

    @Test
    void whatAnotherInSyncReplicaCanLeadIsLeftToIt() {
        assertTrue(canYield(List.of(1, 2, 3), 1, List.of(1, 2), List.of()));
        assertTrue(canYield(List.of(1, 2, 3), 2, List.of(1, 2), List.of()));
        assertTrue(canYield(List.of(2, 3), 2, List.of(2, 3), List.of()));
    }

    @Test
    void whatNobodyElseCanLeadIsKept() {
        assertFalse(canYield(List.of(1), 1, List.of(1), List.of()));
        assertFalse(canYield(List.of(1, 2), 1, List.of(1), List.of()));
        assertFalse(canYield(List.of(1, 3), 1, List.of(1, 3), List.of()));
    }

    @Test
    void whoeverIsAwakeAloneStaysSo() {
        MetadataDelta delta = new MetadataDelta(MetadataImage.EMPTY);
        delta.replay(broker(1, false));
        delta.replay(broker(3, true));
        assertFalse(YieldedLeads.canYield(delta.apply(MetadataImage.EMPTY.provenance()), 1));
    }

    @Test
    void whatNobodyLeadsIsTakenBackIfItCanBe() {
        assertFalse(canYield(List.of(1, 2, 3), -1, List.of(), List.of(1, 2)));
        assertFalse(canYield(List.of(1, 2, 3), -1, List.of(1), List.of()));
        assertTrue(canYield(List.of(1, 2, 3), -1, List.of(), List.of(2, 3)));
    }
}
