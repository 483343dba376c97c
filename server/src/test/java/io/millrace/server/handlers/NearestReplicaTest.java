package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerRegistrationChangeRecord;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Broker 1 in rack a leads; brokers 2 and 3 follow in racks b and c, their fetches are the test's. Three records. */
class NearestReplicaTest {
    private static final int V = 18;

    private final TestBroker broker = new TestBroker(1, new MemoryDisk(), Map.of());
    private final FetchHandler fetch =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> 1), 1 << 20, true);

    NearestReplicaTest() {
        broker.register(1, 10, "a");
        broker.register(2, 20, "b");
        broker.register(3, 30, "c");
        broker.createReplicated("t", List.of(1, 2, 3), List.of(1, 2));
        for (String value : List.of("x", "y", "z"))
            broker.onHome(() -> broker.partition("t", 0).append(Batches.of(value), AppendOrigin.CLIENT));
    }

    private RecordedExchange<FetchResponse> ask(
            FetchHandler handler, int replica, String rack, long offset, int version, int maxWaitMs) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, version);
        var partition = FetchRequest.FetchPartition.builder()
                .partition(0)
                .currentLeaderEpoch(4)
                .fetchOffset(offset)
                .lastFetchedEpoch(replica >= 0 && offset > 0 ? 4 : -1)
                .logStartOffset(replica >= 0 ? 0 : -1)
                .partitionMaxBytes(1 << 20);
        var request = FetchRequest.builder()
                .sessionEpoch(-1)
                .minBytes(1)
                .maxWaitMs(maxWaitMs)
                .rackId(rack)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topic("t")
                        .topicId(TestBroker.idOf("t"))
                        .partitions(List.of(partition.build()))
                        .build()));
        if (replica >= 0)
            request.replicaState(FetchRequest.ReplicaState.builder()
                    .replicaId(replica)
                    .replicaEpoch(10L * replica)
                    .build());
        broker.onHome(() -> handler.handle(request.build(), exchange));
        return exchange;
    }

    private static FetchResponse.PartitionData only(RecordedExchange<FetchResponse> exchange) {
        FetchResponse.PartitionData data =
                exchange.reply().responses().getFirst().partitions().getFirst();
        exchange.sent();
        return data;
    }

    private void follower(int id, long offset) {
        assertEquals(
                ErrorCode.NONE.code(), only(ask(fetch, id, "", offset, V, 0)).errorCode());
    }

    private FetchResponse.PartitionData consumer(String rack, long offset) {
        return only(ask(fetch, -1, rack, offset, V, 0));
    }

    private static boolean hasRecords(FetchResponse.PartitionData data) {
        RecordsPayload records = data.records();
        return records != null && records.sizeBytes() > 0;
    }

    private static void assertReadsHere(FetchResponse.PartitionData data) {
        assertEquals(-1, data.preferredReadReplica());
        assertTrue(hasRecords(data), data::toString);
    }

    private void assertSentTo(int replica, FetchResponse.PartitionData data) {
        assertEquals(replica, data.preferredReadReplica());
        assertEquals(ErrorCode.NONE.code(), data.errorCode());
        assertFalse(hasRecords(data));
        assertEquals(broker.partition("t", 0).highWatermark(), data.highWatermark());
        assertEquals(0, data.logStartOffset());
    }

    @Test
    void aConsumerIsSentToTheReplicaInItsRackThatIsInSyncAndHasTheOffset() {
        follower(2, 0);
        // It has nothing yet; what it has not got is read at the leader.
        assertSentTo(2, consumer("b", 0));
        follower(2, 2);
        assertSentTo(2, consumer("b", 2));
        assertEquals(-1, consumer("b", 3).preferredReadReplica());
        // Broker 3 has it all, and is not in sync.
        follower(3, 2);
        assertReadsHere(consumer("c", 1));
        assertReadsHere(consumer("elsewhere", 1));
        assertReadsHere(consumer("", 1));
        assertReadsHere(consumer("a", 1));
    }

    @Test
    void whoIsSentElsewhereHearsOfItAtOnce() {
        follower(2, 3);
        RecordedExchange<FetchResponse> waiting = ask(fetch, -1, "b", 3, V, 10_000);
        assertTrue(waiting.isAnswered());
        assertSentTo(2, only(waiting));
    }

    @Test
    void whoWaitsAtTheLeaderIsSentOnOnceTheReplicaHasComeUp() {
        follower(2, 0);
        follower(2, 2);
        RecordedExchange<FetchResponse> waiting = ask(fetch, -1, "b", 3, V, 10_000);
        assertFalse(waiting.isAnswered());
        follower(2, 3);
        assertSentTo(2, only(waiting));
    }

    @Test
    void onlyWhoCanReadTheHintGetsItAndOnlyWhereItIsAskedFor() {
        follower(2, 2);
        assertReadsHere(only(ask(fetch, -1, "b", 1, 10, 0)));
        assertSentTo(2, only(ask(fetch, -1, "b", 1, 11, 0)));
        FetchHandler atLeaders = new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> 1), 1 << 20);
        assertReadsHere(only(ask(atLeaders, -1, "b", 1, V, 0)));
        // A follower is no consumer, whatever it says of its rack.
        assertEquals(-1, only(ask(fetch, 2, "b", 2, V, 0)).preferredReadReplica());
    }

    @Test
    void nobodyIsSentWhereItCannotGo() {
        follower(2, 2);
        broker.publish(BrokerRegistrationChangeRecord.builder()
                .brokerId(2)
                .brokerEpoch(20)
                .fenced((byte) 1)
                .build());
        assertReadsHere(consumer("b", 1));
        broker.publish(RegisterBrokerRecord.builder()
                .brokerId(2)
                .incarnationId(new Uuid(5, 21))
                .brokerEpoch(20)
                .rack("b")
                .endPoints(List.of(RegisterBrokerRecord.BrokerEndpoint.builder()
                        .name("REPLICATION")
                        .host("127.0.0.2")
                        .port(9093)
                        .build()))
                .fenced(false)
                .build());
        assertReadsHere(consumer("b", 1));
        broker.register(2, 20, "b");
        assertSentTo(2, consumer("b", 1));
    }
}
