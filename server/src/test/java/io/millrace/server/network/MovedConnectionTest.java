package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.ConnectionQuota;
import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.PipedConnection;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.handlers.FetchHandler;
import io.millrace.server.handlers.ProduceHandler;
import io.millrace.server.partitions.BrokerLane;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MovedConnectionTest {
    /** Versions whose response header is the correlation id and nothing else. */
    private static final int PRODUCE_VERSION = 8;

    private static final int FETCH_VERSION = 11;

    private final TestBroker broker = new TestBroker(2);
    private final Map<Lane, LaneNetwork> networks = broker.networks();
    private final ManualLane home = broker.homeThread();
    private final ManualLane other = (ManualLane) broker.lanes.get(1).lane();
    private final int here = broker.partitionOn(0, "t", 0);
    private final int there = broker.partitionOn(1, "t", 0);
    private final PipedConnection connection =
            new PipedConnection(new InetSocketAddress(InetAddress.getLoopbackAddress(), 30_000));
    private int nextCorrelationId;

    MovedConnectionTest() {
        broker.create("t", Math.max(here, there) + 1);
        for (BrokerLane lane : broker.lanes) {
            LaneNetwork network = network(lane.lane());
            network.apis()
                    .serve(ApiKey.PRODUCE, new ProduceHandler(lane, broker.view, broker.failures::add))
                    .serve(ApiKey.FETCH, new FetchHandler(lane, broker.view, network.fetchSessions(), 1 << 20));
        }
        ListenerGate gate = new ListenerGate(
                "PLAINTEXT",
                ApiKey.Listener.BROKER,
                networks,
                home,
                new ConnectionQuota(new ConnectionQuota.Limits(10, 10, Map.of(), 100), broker.time.monotonicMs()));
        gate.open(() -> {});
        broker.time.run();
        home.as(() -> connection.hear(gate.accepted(connection, home)));
        broker.time.run();
    }

    private LaneNetwork network(Lane lane) {
        LaneNetwork network = networks.get(lane);
        if (network == null) throw new AssertionError("no network on " + lane.name());
        return network;
    }

    private long answered(Lane lane, ApiKey api) {
        return network(lane).counters().counts()[api.code()];
    }

    private ManualLane current() {
        return other.equals(connection.movedTo()) ? other : home;
    }

    private void deliver(Request request, int version) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        RequestHeader.builder()
                .requestApiKey(request.apiKey().code())
                .requestApiVersion((short) version)
                .correlationId(nextCorrelationId++)
                .clientId("test")
                .build()
                .write(out, request.apiKey().requestHeaderVersion(version));
        request.write(out, version);
        out.setInt32(0, (int) out.sizeBytes() - 4);
        ByteBuffer frame = out.finish().toBuffer();
        current().as(() -> connection.deliver(frame));
    }

    /** The next reply among those sent, which answers the request of that number. */
    private static ProtocolReader reply(ByteBuffer replies, int correlationId) {
        int sizeBytes = replies.getInt();
        ByteBuffer frame = replies.slice(replies.position(), sizeBytes);
        replies.position(replies.position() + sizeBytes);
        assertEquals(correlationId, frame.getInt());
        return new ProtocolReader(frame.slice());
    }

    private static ProduceRequest produce(int... partitions) {
        return ProduceRequest.builder()
                .acks((short) 1)
                .timeoutMs(1_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name("t")
                        .partitionData(Arrays.stream(partitions)
                                .mapToObj(partition -> ProduceRequest.PartitionProduceData.builder()
                                        .index(partition)
                                        .records(new RecordsPayload.Buffer(Batches.of("a record")))
                                        .build())
                                .toList())
                        .build()))
                .build();
    }

    private void produced(int... partitions) {
        int correlationId = nextCorrelationId;
        deliver(produce(partitions), PRODUCE_VERSION);
        broker.time.run();
        reply(connection.take(), correlationId);
    }

    private static FetchRequest fetch(int sessionId, int epoch, long offset, int... partitions) {
        return FetchRequest.builder()
                .sessionId(sessionId)
                .sessionEpoch(epoch)
                .maxWaitMs(500)
                .minBytes(0)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topic("t")
                        .partitions(Arrays.stream(partitions)
                                .mapToObj(partition -> FetchRequest.FetchPartition.builder()
                                        .partition(partition)
                                        .fetchOffset(offset)
                                        .partitionMaxBytes(1 << 20)
                                        .build())
                                .toList())
                        .build()))
                .build();
    }

    private FetchResponse fetched(FetchRequest request) {
        int correlationId = nextCorrelationId;
        deliver(request, FETCH_VERSION);
        broker.time.run();
        return FetchResponse.read(reply(connection.take(), correlationId), FETCH_VERSION);
    }

    @Test
    void aProducersConnectionGoesToItsPartitionsLaneWithoutLosingItsRequestsOrTheirOrder() {
        int count = LaneAffinity.FIRST_STREAK + 10;
        for (int i = 0; i < count; i++) deliver(produce(there), PRODUCE_VERSION);
        broker.time.run();
        ByteBuffer replies = connection.take();
        for (int i = 0; i < count; i++) {
            ProduceResponse response = ProduceResponse.read(reply(replies, i), PRODUCE_VERSION);
            assertEquals(
                    i, response.responses().get(0).partitionResponses().get(0).baseOffset());
        }
        assertFalse(replies.hasRemaining());
        assertEquals(other, connection.movedTo());
        assertEquals(count, answered(home, ApiKey.PRODUCE) + answered(other, ApiKey.PRODUCE));
        long atHome = answered(home, ApiKey.PRODUCE);
        produced(there);
        assertEquals(atHome, answered(home, ApiKey.PRODUCE), "its first lane has nothing to do with it any more");
        assertEquals(count + 1, broker.partition("t", there).log().logEndOffset());
    }

    @Test
    void aConsumersSessionGoesWithItsConnection() {
        produced(here);
        produced(there);
        FetchResponse full = fetched(fetch(0, 0, 0, there));
        int session = full.sessionId();
        assertNotEquals(0, session);
        int epoch = 1;
        while (connection.movedTo() == null) {
            assertTrue(epoch <= LaneAffinity.FIRST_STREAK, "it moves");
            FetchResponse next = fetched(fetch(session, epoch++, 0, there));
            assertEquals(ErrorCode.NONE.code(), next.errorCode());
        }
        assertEquals(other, connection.movedTo());
        assertEquals(0, network(home).fetchSessions().size());
        assertEquals(0, network(home).fetchSessions().followedCount());
        assertEquals(1, network(other).fetchSessions().size());
        assertEquals(1, network(other).fetchSessions().followedCount());
        FetchResponse after = fetched(fetch(session, epoch, 1, there));
        assertEquals(ErrorCode.NONE.code(), after.errorCode());
        assertEquals(session, after.sessionId());
        assertTrue(answered(other, ApiKey.FETCH) > 0);
    }

    @Test
    void aConnectionThatLeavesBeforeItsFetchSessionIsUsedAgainLeavesNoneBehind() {
        FetchResponse full = fetched(fetch(0, 0, 0, there));
        assertNotEquals(0, full.sessionId());
        for (int i = 0; i < LaneAffinity.FIRST_STREAK; i++) produced(there);
        assertEquals(other, connection.movedTo());
        assertEquals(0, network(home).fetchSessions().size());
        assertEquals(1, network(other).fetchSessions().size());
    }

    @Test
    void requestsForPartitionsOfSeveralLanesKeepAConnectionWhereItIs() {
        for (int i = 0; i < 3 * LaneAffinity.FIRST_STREAK; i++) produced(here, there);
        for (int i = 0; i < 3 * LaneAffinity.FIRST_STREAK; i++) produced(i % 8 == 0 ? here : there);
        assertNull(connection.movedTo());
        assertEquals(0, answered(other, ApiKey.PRODUCE));
    }

    @Test
    void noConnectionIsMovedToALaneThatIsBusy() {
        other.load(0.6);
        for (int i = 0; i < 3 * LaneAffinity.FIRST_STREAK; i++) produced(there);
        assertNull(connection.movedTo());
        other.load(0.4);
        for (int i = 0; i < LaneAffinity.FIRST_STREAK; i++) produced(there);
        assertEquals(other, connection.movedTo());
    }
}
