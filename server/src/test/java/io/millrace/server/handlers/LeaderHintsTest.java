package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.TopicRecord;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a client is told that asks the wrong broker: here broker 1, where 2 leads {@code away} in epoch 7 and nobody {@code lost}. */
class LeaderHintsTest {
    private final TestBroker broker = new TestBroker(1);
    private final FetchHandler fetch =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> 1), 1 << 20);
    private final ProduceHandler produce = new ProduceHandler(broker.home(), broker.view, broker.failures::add);

    LeaderHintsTest() {
        broker.register(1, 10, "a");
        broker.register(2, 20, "b");
        broker.create("here", 1);
        create("away", 2, 7);
        create("lost", -1, 9);
    }

    private void create(String topic, int leader, int leaderEpoch) {
        broker.publish(
                TopicRecord.builder()
                        .name(topic)
                        .topicId(TestBroker.idOf(topic))
                        .build(),
                PartitionRecord.builder()
                        .topicId(TestBroker.idOf(topic))
                        .partitionId(0)
                        .replicas(List.of(2))
                        .isr(List.of(2))
                        .leader(leader)
                        .leaderEpoch(leaderEpoch)
                        .partitionEpoch(0)
                        .build());
    }

    private ProduceResponse produce(String topic, int version) {
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, version);
        var partition = ProduceRequest.PartitionProduceData.builder()
                .index(0)
                .records(new RecordsPayload.Buffer(Batches.of("x")));
        var data = ProduceRequest.TopicProduceData.builder().partitionData(List.of(partition.build()));
        if (version >= 13) data.topicId(TestBroker.idOf(topic));
        else data.name(topic);
        var request = ProduceRequest.builder()
                .transactionalId(null)
                .acks((short) 1)
                .timeoutMs(1_000)
                .topicData(List.of(data.build()));
        broker.onHome(() -> produce.handle(request.build(), exchange));
        return asSent(exchange.reply(), (short) version);
    }

    private static ProduceResponse asSent(ProduceResponse response, short version) {
        return (ProduceResponse)
                ApiKey.PRODUCE.readResponse(new ProtocolReader(ProtocolWriter.toBuffer(response, version)), version);
    }

    private FetchResponse fetch(String topic, int version, int believedEpoch) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, version);
        var partition = FetchRequest.FetchPartition.builder()
                .partition(0)
                .currentLeaderEpoch(believedEpoch)
                .partitionMaxBytes(1 << 20);
        var request = FetchRequest.builder()
                .sessionEpoch(-1)
                .minBytes(1)
                .maxWaitMs(0)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(TestBroker.idOf(topic))
                        .partitions(List.of(partition.build()))
                        .build()));
        broker.onHome(() -> fetch.handle(request.build(), exchange));
        exchange.sent();
        return (FetchResponse) ApiKey.FETCH.readResponse(
                new ProtocolReader(ProtocolWriter.toBuffer(exchange.reply(), (short) version)), (short) version);
    }

    private static ProduceResponse.PartitionProduceResponse only(ProduceResponse response) {
        return response.responses().getFirst().partitionResponses().getFirst();
    }

    private static FetchResponse.PartitionData only(FetchResponse response) {
        return response.responses().getFirst().partitions().getFirst();
    }

    private static final ProduceResponse.NodeEndpoint TWO_TO_PRODUCERS = ProduceResponse.NodeEndpoint.builder()
            .nodeId(2)
            .host("127.0.0.2")
            .port(9092)
            .rack("b")
            .build();
    private static final FetchResponse.NodeEndpoint TWO_TO_CONSUMERS = FetchResponse.NodeEndpoint.builder()
            .nodeId(2)
            .host("127.0.0.2")
            .port(9092)
            .rack("b")
            .build();

    @Test
    void aProducerIsToldWhoLeadsAndWhereThatIs() {
        for (int version : new int[] {10, 12, 13}) {
            ProduceResponse told = produce("away", version);
            assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), only(told).errorCode());
            assertEquals(new ProduceResponse.LeaderIdAndEpoch(2, 7), only(told).currentLeader());
            assertEquals(List.of(TWO_TO_PRODUCERS), told.nodeEndpoints());
        }
    }

    @Test
    void aProducerThatCouldNotReadItOrCameToTheLeaderIsToldNothing() {
        for (ProduceResponse told : List.of(produce("away", 9), produce("here", 13))) {
            assertEquals(
                    new ProduceResponse.LeaderIdAndEpoch(-1, -1), only(told).currentLeader());
            assertEquals(List.of(), told.nodeEndpoints());
        }
    }

    @Test
    void whereNobodyLeadsTheEpochIsTold() {
        ProduceResponse told = produce("lost", 13);
        assertEquals(new ProduceResponse.LeaderIdAndEpoch(-1, 9), only(told).currentLeader());
        assertEquals(List.of(), told.nodeEndpoints());
        assertEquals(
                new FetchResponse.LeaderIdAndEpoch(-1, 9),
                only(fetch("lost", 18, -1)).currentLeader());
    }

    @Test
    void aConsumerIsToldWhoLeadsOrInWhichEpoch() {
        FetchResponse away = fetch("away", 16, -1);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), only(away).errorCode());
        assertEquals(new FetchResponse.LeaderIdAndEpoch(2, 7), only(away).currentLeader());
        assertEquals(List.of(TWO_TO_CONSUMERS), away.nodeEndpoints());

        FetchResponse fenced = fetch("here", 18, 3);
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH.code(), only(fenced).errorCode());
        assertEquals(new FetchResponse.LeaderIdAndEpoch(1, 4), only(fenced).currentLeader());
        assertEquals(1, fenced.nodeEndpoints().getFirst().nodeId());
    }

    @Test
    void aConsumerThatCouldNotReadItOrIsAheadIsToldNothing() {
        FetchResponse ahead = fetch("here", 18, 5);
        assertEquals(ErrorCode.UNKNOWN_LEADER_EPOCH.code(), only(ahead).errorCode());
        for (FetchResponse told : List.of(ahead, fetch("away", 15, -1), fetch("here", 18, 4))) {
            assertEquals(new FetchResponse.LeaderIdAndEpoch(-1, -1), only(told).currentLeader());
            assertEquals(List.of(), told.nodeEndpoints());
        }
    }
}
