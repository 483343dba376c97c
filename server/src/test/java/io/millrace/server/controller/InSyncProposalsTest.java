package io.millrace.server.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.TestBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class InSyncProposalsTest {
    private final TestBroker broker = new TestBroker(2);
    private final ManualLane metadataLane = broker.time.lane("metadata");
    private final List<AlterPartitionRequest> asked = new ArrayList<>();
    private final List<Consumer<AlterPartitionResponse>> open = new ArrayList<>();

    InSyncProposalsTest() {
        InSyncProposals proposals = new InSyncProposals(
                (request, then) -> {
                    asked.add(request);
                    open.add(then);
                },
                () -> 77,
                TestBroker.ID,
                metadataLane);
        for (var lane : broker.lanes) lane.applier().inSync().askBy(proposals);
        broker.register(1, 10, null);
        broker.register(2, 20, null);
    }

    /** A topic whose leader proposes at once: it is told that it is recovering. */
    private void proposeIn(String... topics) {
        List<io.millrace.protocol.MetadataRecord> records = new ArrayList<>();
        for (String topic : topics) {
            records.addAll(List.of(TestBroker.topicRecords(topic, TestBroker.idOf(topic), 0)));
            records.add(TestBroker.partition(topic, List.of(1, 2), List.of(1), 4, 4).toBuilder()
                    .leaderRecoveryState((byte) 1)
                    .build());
        }
        broker.publish(records.toArray(io.millrace.protocol.MetadataRecord[]::new));
    }

    private static AlterPartitionResponse answerTo(AlterPartitionRequest request, ErrorCode error) {
        return AlterPartitionResponse.builder()
                .topics(request.topics().stream()
                        .map(topic -> AlterPartitionResponse.TopicData.builder()
                                .topicId(topic.topicId())
                                .partitions(topic.partitions().stream()
                                        .map(data -> AlterPartitionResponse.PartitionData.builder()
                                                .partitionIndex(data.partitionIndex())
                                                .errorCode(error.code())
                                                .leaderId(1)
                                                .leaderEpoch(data.leaderEpoch())
                                                .partitionEpoch(data.partitionEpoch() + 1)
                                                .isr(data.newIsrWithEpochs().stream()
                                                        .map(AlterPartitionRequest.BrokerState::brokerId)
                                                        .toList())
                                                .build())
                                        .toList())
                                .build())
                        .toList())
                .build();
    }

    private void answer(AlterPartitionResponse response) {
        Consumer<AlterPartitionResponse> first = open.removeFirst();
        metadataLane.as(() -> first.accept(response));
        broker.time.run();
    }

    @Test
    void whatTheLanesProposeGoesInOneRequestAndTheNextWaitsForItsAnswer() {
        proposeIn("a", "b", "c", "d");
        assertEquals(1, asked.size());
        assertEquals(4, asked.get(0).topics().size());
        assertEquals(77, asked.get(0).brokerEpoch());
        assertEquals(TestBroker.ID, asked.get(0).brokerId());
        AlterPartitionRequest.PartitionData data =
                asked.get(0).topics().get(0).partitions().get(0);
        assertEquals(4, data.leaderEpoch());
        assertEquals(4, data.partitionEpoch());
        assertEquals(0, data.leaderRecoveryState());
        assertEquals(10, data.newIsrWithEpochs().get(0).brokerEpoch());
        proposeIn("e");
        assertEquals(1, asked.size());
        answer(answerTo(asked.get(0), ErrorCode.NONE));
        assertEquals(5, broker.partition("a", 0).partitionEpoch());
        assertEquals(2, asked.size());
        assertEquals(TestBroker.idOf("e"), asked.get(1).topics().get(0).topicId());
    }

    @Test
    void aRequestThatFailsIsMadeAgainLaterAndOneThatIsRefusedIsNot() {
        proposeIn("a");
        answer(AlterPartitionResponse.builder()
                .errorCode(ErrorCode.NOT_CONTROLLER.code())
                .build());
        assertEquals(1, asked.size());
        broker.time.advance(1_000);
        assertEquals(2, asked.size());
        assertEquals(asked.get(0), asked.get(1));
        answer(AlterPartitionResponse.builder().build());
        broker.time.advance(1_000);
        assertEquals(3, asked.size(), "an answer without the partition is none");
        answer(answerTo(asked.get(2), ErrorCode.INELIGIBLE_REPLICA));
        broker.time.advance(5_000);
        assertEquals(3, asked.size());
        assertTrue(open.isEmpty());
    }

    @Test
    void nobodyIsToldOfALeadershipThatHasEnded() {
        proposeIn("a");
        broker.delete("a");
        answer(AlterPartitionResponse.builder()
                .errorCode(ErrorCode.NOT_CONTROLLER.code())
                .build());
        broker.time.advance(5_000);
        assertEquals(1, asked.size());
    }
}
