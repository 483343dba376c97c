package io.millrace.server.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.ConnectionQuota;
import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.PipedConnection;
import io.millrace.server.fixture.TestBroker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ListenerGateTest {
    private final TestBroker broker = new TestBroker(2);
    private final Map<Lane, LaneNetwork> networks = broker.networks();
    private final ManualLane lane = (ManualLane) broker.lanes.get(1).lane();
    private final LaneNetwork network = networkOf(lane);
    private final ListenerGate gate = gate(2, 100);
    private final List<Exchange<HeartbeatResponse>> heartbeats = new ArrayList<>();
    private int opened;
    private int nextPort = 30_000;

    private LaneNetwork networkOf(Lane which) {
        LaneNetwork found = networks.get(which);
        if (found == null) throw new AssertionError("no network on " + which.name());
        return found;
    }

    private ListenerGate gate(int maxConnections, int maxNewPerSecond) {
        return new ListenerGate(
                "PLAINTEXT",
                ApiKey.Listener.BROKER,
                networks,
                broker.home().lane(),
                new ConnectionQuota(
                        new ConnectionQuota.Limits(maxConnections, 100, Map.of(), maxNewPerSecond),
                        broker.time.monotonicMs()));
    }

    private void open() {
        network.apis().serve(ApiKey.HEARTBEAT, (HeartbeatRequest request, Exchange<HeartbeatResponse> exchange) -> {
            if (request.groupId().equals("broken")) throw new IllegalStateException("a handler's own fault");
            heartbeats.add(exchange);
        });
        gate.open(() -> opened++);
        broker.time.run();
    }

    private PipedConnection connect() {
        PipedConnection connection =
                new PipedConnection(new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPort++));
        lane.as(() -> connection.hear(gate.accepted(connection, lane)));
        broker.time.run();
        return connection;
    }

    private static ByteBuffer frame(int correlationId, Request request, int version) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        RequestHeader.builder()
                .requestApiKey(request.apiKey().code())
                .requestApiVersion((short) version)
                .correlationId(correlationId)
                .clientId("test")
                .build()
                .write(out, request.apiKey().requestHeaderVersion(version));
        request.write(out, version);
        out.setInt32(0, (int) out.sizeBytes() - 4);
        return out.finish().toBuffer();
    }

    private static HeartbeatRequest heartbeat(String group) {
        return HeartbeatRequest.builder().groupId(group).memberId("m").build();
    }

    private void send(PipedConnection connection, ByteBuffer bytes) {
        lane.as(() -> connection.deliver(bytes));
        broker.time.run();
    }

    private static int[] correlationIds(ByteBuffer replies) {
        List<Integer> ids = new ArrayList<>();
        while (replies.hasRemaining()) {
            int sizeBytes = replies.getInt();
            ids.add(replies.getInt(replies.position()));
            replies.position(replies.position() + sizeBytes);
        }
        return ids.stream().mapToInt(id -> id).toArray();
    }

    private void answer(Exchange<HeartbeatResponse> exchange) {
        exchange.reply(HeartbeatResponse.builder().build());
        broker.time.run();
    }

    @Test
    void whoComesBeforeTheNodeIsReadyFindsTheConnectionClosed() {
        PipedConnection early = connect();
        assertTrue(early.isClosed());
        open();
        assertEquals(1, opened);
        assertFalse(connect().isClosed());
    }

    @Test
    void repliesLeaveInTheOrderOfTheRequestsWhicheverLaneAnswersFirst() {
        open();
        PipedConnection connection = connect();
        for (int i = 0; i < 3; i++) send(connection, frame(i, heartbeat("g"), 4));
        assertEquals(3, heartbeats.size());
        answer(heartbeats.get(2));
        assertEquals(0, connection.take().remaining());
        broker.homeThread()
                .as(() -> heartbeats.get(0).reply(HeartbeatResponse.builder().build()));
        broker.time.run();
        assertArrayEquals(new int[] {0}, correlationIds(connection.take()));
        answer(heartbeats.get(1));
        assertArrayEquals(new int[] {1, 2}, correlationIds(connection.take()));
        assertEquals(3, network.counters().counts()[ApiKey.HEARTBEAT.code()]);
    }

    @Test
    void aConnectionBeyondTheQuotaIsClosedAndMakesRoomForNobody() {
        open();
        PipedConnection first = connect();
        PipedConnection second = connect();
        PipedConnection third = connect();
        assertFalse(first.isClosed());
        assertFalse(second.isClosed());
        assertTrue(third.isClosed());
        assertTrue(connect().isClosed(), "a refused connection is not counted down either");
        lane.as(first::lose);
        broker.time.run();
        assertFalse(connect().isClosed());
        assertTrue(connect().isClosed());
    }

    @Test
    void aMalformedRequestEndsItsConnectionAndNoOther() {
        open();
        PipedConnection good = connect();
        PipedConnection bad = connect();
        ByteBuffer cut = frame(1, heartbeat("group"), 4);
        cut.limit(cut.limit() - 4);
        cut.putInt(0, cut.limit() - 4);
        send(bad, cut);
        assertTrue(bad.isClosed());
        assertFalse(good.isClosed());
        assertEquals(0, network.counters().failedRequests(), "the client's fault is not counted as ours");
        send(good, frame(1, heartbeat("g"), 4));
        assertEquals(1, heartbeats.size());
    }

    @Test
    void aHandlerThatBreaksIsCountedAndCostsItsConnection() {
        open();
        PipedConnection connection = connect();
        send(connection, frame(1, heartbeat("broken"), 4));
        assertTrue(connection.isClosed());
        assertEquals(1, network.counters().failedRequests());
    }

    @Test
    void anApiThatIsNotServedEndsTheConnectionOnceEarlierRepliesAreSent() {
        open();
        PipedConnection connection = connect();
        send(connection, frame(1, heartbeat("g"), 4));
        send(
                connection,
                frame(
                        2,
                        io.millrace.protocol.messages.ListGroupsRequest.builder()
                                .build(),
                        5));
        assertFalse(connection.isClosed());
        answer(heartbeats.get(0));
        assertArrayEquals(new int[] {1}, correlationIds(connection.take()));
        assertTrue(connection.isClosed());
    }

    @Test
    void anAnswerAfterTheConnectionIsLostGoesNowhereAndIsGivenBack() {
        open();
        PipedConnection connection = connect();
        send(connection, frame(1, heartbeat("g"), 4));
        lane.as(connection::lose);
        int[] givenBack = {0};
        heartbeats.get(0).reply(HeartbeatResponse.builder().build(), () -> givenBack[0]++);
        broker.time.run();
        assertEquals(1, givenBack[0]);
        assertEquals(0, connection.take().remaining());
    }

    @Test
    void aLostConnectionAbandonsWhatIsBeingWorkedOnOnce() {
        int[] abandoned = {0};
        network.apis().serve(ApiKey.LIST_GROUPS, (request, exchange) -> exchange.whenAbandoned(() -> abandoned[0]++));
        open();
        PipedConnection connection = connect();
        send(
                connection,
                frame(
                        1,
                        io.millrace.protocol.messages.ListGroupsRequest.builder()
                                .build(),
                        5));
        assertEquals(0, abandoned[0]);
        lane.as(connection::lose);
        broker.time.run();
        assertEquals(1, abandoned[0]);
    }

    @Test
    void anAnswerEndsTheRightToBeAbandoned() {
        int[] abandoned = {0};
        List<Exchange<HeartbeatResponse>> asked = new ArrayList<>();
        network.apis().serve(ApiKey.LIST_GROUPS, (request, exchange) -> {
            exchange.whenAbandoned(() -> abandoned[0]++);
            exchange.replyNothing();
        });
        open();
        PipedConnection connection = connect();
        send(
                connection,
                frame(
                        1,
                        io.millrace.protocol.messages.ListGroupsRequest.builder()
                                .build(),
                        5));
        lane.as(connection::lose);
        broker.time.run();
        assertEquals(0, abandoned[0]);
        assertEquals(List.of(), asked);
    }

    @Test
    void aProduceWithoutAcknowledgementsThatFailsClosesTheConnection() {
        network.apis().serve(ApiKey.PRODUCE, (ProduceRequest request, Exchange<ProduceResponse> exchange) -> {
            if (request.timeoutMs() == 1) exchange.closeConnection(ErrorCode.NOT_LEADER_OR_FOLLOWER, "moved");
            else exchange.replyNothing();
        });
        open();
        PipedConnection connection = connect();
        ProduceRequest.Builder produce = ProduceRequest.builder().acks((short) 0);
        send(connection, frame(1, produce.timeoutMs(0).build(), 9));
        assertFalse(connection.isClosed());
        send(connection, frame(2, produce.timeoutMs(1).build(), 9));
        assertTrue(connection.isClosed());
        assertEquals(0, connection.take().remaining());
    }

    @Test
    void aRetainedRequestIsGivenBackHoweverItEnds() {
        List<Exchange<ProduceResponse>> asked = new ArrayList<>();
        network.apis().serve(ApiKey.PRODUCE, (ProduceRequest request, Exchange<ProduceResponse> exchange) -> {
            if (request.timeoutMs() == 1) throw new IllegalStateException("a handler's own fault");
            asked.add(exchange);
        });
        open();
        long before = network.shared().pool().lentBytes();
        PipedConnection answered = connect();
        ProduceRequest.Builder produce = ProduceRequest.builder().acks((short) 1);
        send(answered, frame(1, produce.timeoutMs(0).build(), 9));
        assertTrue(network.shared().pool().lentBytes() >= before);
        asked.get(0).reply(ProduceResponse.builder().build());
        broker.time.run();
        PipedConnection broken = connect();
        send(broken, frame(1, produce.timeoutMs(1).build(), 9));
        lane.as(answered::lose);
        broker.time.run();
        PipedConnection lost = connect();
        send(lost, frame(1, produce.timeoutMs(0).build(), 9));
        lane.as(lost::lose);
        asked.get(1).reply(ProduceResponse.builder().build());
        broker.time.run();
        assertEquals(before, network.shared().pool().lentBytes());
        assertNotNull(asked.get(1).principal());
    }
}
