package io.millrace.connection.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.connection.CloseReason;
import io.millrace.connection.ConversationLimits;
import io.millrace.connection.PooledBuffer;
import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private final VirtualLane lane = new VirtualLane();
    private final BufferPool pool = BufferPool.poisoning(4 << 20, 16 << 20);
    private final ConversationLane shared = new ConversationLane(lane, lane, pool);
    private Wire wire = new Wire(new SeededRandom(11));
    private final List<RequestFrame> requests = new ArrayList<>();
    private final List<CloseReason> closings = new ArrayList<>();
    private ConversationLimits limits = ConversationLimits.DEFAULT;
    private RequestSink sink = (conversation, frame) -> {
        if (frame.apiKey() == ApiKey.API_VERSIONS) conversation.reply(frame, allVersions());
        else requests.add(frame);
    };

    private static ConversationTest seeded(SeededRandom random) {
        ConversationTest test = new ConversationTest();
        test.wire = new Wire(random);
        return test;
    }

    private ServerConversation server() {
        ServerConversation conversation = ServerConversation.begin(
                wire.server,
                shared,
                limits,
                ApiKey.Listener.BROKER,
                true,
                MemoryFile.FILES,
                (from, frame) -> sink.onRequest(from, frame),
                (from, reason) -> closings.add(reason));
        wire.server.hear(conversation);
        return conversation;
    }

    private static ApiVersionsResponse allVersions() {
        List<ApiVersionsResponse.ApiVersion> versions = new ArrayList<>();
        for (ApiKey apiKey : ApiKey.values()) {
            versions.add(ApiVersionsResponse.ApiVersion.builder()
                    .apiKey(apiKey.code())
                    .minVersion(apiKey.oldestVersion())
                    .maxVersion(apiKey.latestVersion())
                    .build());
        }
        return ApiVersionsResponse.builder().apiKeys(versions).build();
    }

    private final class Client implements ClientConversationEvents {
        private final ClientConversation conversation;
        private final List<Answer> answers = new ArrayList<>();
        private @Nullable CloseReason closed;

        Client() {
            conversation = ClientConversation.open(
                    new OneWire(), Wire.ADDRESS, shared, ClientSettings.named("test"), PayloadFiles.NONE, this);
        }

        void heartbeat(int number) {
            conversation.send(
                    HeartbeatRequest.builder()
                            .groupId("g")
                            .generationId(number)
                            .memberId("m")
                            .build(),
                    answers::add);
        }

        @Override
        public void onReady(ClientConversation ready) {}

        @Override
        public void onClosed(ClientConversation ended, CloseReason reason) {
            closed = reason;
        }
    }

    /** Connects to the other end of the wire. */
    private final class OneWire implements Transport {
        @Override
        public Listening listen(InetSocketAddress address, List<? extends Lane> lanes, Acceptor acceptor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Connection connect(InetSocketAddress address, Lane onLane, ConnectionEvents events) {
            wire.client.hear(events);
            onLane.execute(events::onConnected);
            return wire.client;
        }
    }

    private static HeartbeatResponse heartbeatAnswer(RequestFrame frame) {
        HeartbeatRequest request = (HeartbeatRequest) frame.read();
        return HeartbeatResponse.builder()
                .throttleTimeMs(request.generationId())
                .build();
    }

    private static byte[] heartbeatFrame(int number) {
        byte[] frame = HexFormat.of()
                .parseHex("00000018" + "000c0000" + "00000007" + "000178" + "000167" + "00000000" + "00016d");
        ByteBuffer all = ByteBuffer.wrap(frame);
        all.putInt(0, frame.length - 4).putInt(8, number).putInt(frame.length - 7, number);
        return frame;
    }

    private static void assertAnswered(int expected, Answer answer) {
        var answered = assertInstanceOf(Answer.Answered.class, answer);
        assertEquals(expected, ((HeartbeatResponse) answered.response()).throttleTimeMs());
    }

    @Test
    void repliesLeaveInTheOrderOfTheRequestsInWhateverOrderTheyAreGiven() {
        Property.check(60, seeded -> {
            ConversationTest test = seeded(seeded);
            test.wire.capacityBytes = seeded.pick(10, 1000, 200_000);
            ServerConversation server = test.server();
            List<Response> prepared = new ArrayList<>();
            test.sink = (conversation, frame) -> {
                if (frame.apiKey() == ApiKey.API_VERSIONS) {
                    conversation.reply(frame, allVersions());
                    return;
                }
                Response response = heartbeatAnswer(frame);
                if (seeded.chance(0.2)) {
                    conversation.reply(frame, response);
                } else {
                    test.requests.add(frame);
                    prepared.add(response);
                }
            };
            Client client = test.new Client();
            int count = 1 + seeded.nextInt(90);
            for (int i = 0; i < count; i++) client.heartbeat(i);
            test.wire.settle(test.lane);
            while (client.answers.size() < count) {
                if (test.requests.isEmpty()) test.wire.settle(test.lane);
                if (client.answers.size() == count) break;
                assertFalse(test.requests.isEmpty(), () -> client.answers.size() + " answers and nothing to do");
                int next = seeded.nextInt(test.requests.size());
                server.reply(test.requests.remove(next), prepared.remove(next));
                if (seeded.nextBoolean()) test.wire.settle(test.lane);
            }
            for (int i = 0; i < count; i++) assertAnswered(i, client.answers.get(i));
            assertEquals(0, test.pool.lentBytes());
            assertEquals(0, server.requestsInFlight());
        });
    }

    @Test
    void rangesOfFilesArriveAsTheyAreLargeOnesByTransfer() {
        Property.check(40, seeded -> {
            ConversationTest test = seeded(seeded);
            ServerConversation server = test.server();
            MemoryFile file = new MemoryFile(seeded.bytes(400_000));
            Client client = test.new Client();
            List<byte[]> received = new ArrayList<>();
            client.conversation.send(FetchRequest.builder().build(), (short) 11, 1000, answer -> {
                FetchResponse response = (FetchResponse)
                        assertInstanceOf(Answer.Answered.class, answer).response();
                for (var partition : response.responses().get(0).partitions()) {
                    RecordsPayload records = partition.records();
                    ByteBuffer bytes = assertInstanceOf(RecordsPayload.Buffer.class, records)
                            .bytes()
                            .duplicate();
                    byte[] copy = new byte[bytes.remaining()];
                    bytes.get(copy);
                    received.add(copy);
                }
            });
            test.wire.settle(test.lane);
            List<byte[]> expected = new ArrayList<>();
            List<FetchResponse.PartitionData> partitions = new ArrayList<>();
            long largeBytes = 0;
            for (int i = 1 + seeded.nextInt(6); i > 0; i--) {
                int size = 1 + seeded.nextInt(seeded.pick(100, 40_000, 200_000));
                int position = seeded.nextInt(file.content().length - size);
                byte[] content = java.util.Arrays.copyOfRange(file.content(), position, position + size);
                boolean inMemory = seeded.chance(0.3);
                if (!inMemory && size >= FrameWriter.MIN_TRANSFER_BYTES) largeBytes += size;
                RecordsPayload records = inMemory
                        ? new RecordsPayload.Buffer(ByteBuffer.wrap(content))
                        : new MemoryFile.Range(file, position, size);
                expected.add(content);
                partitions.add(
                        FetchResponse.PartitionData.builder().records(records).build());
            }
            int[] done = {0};
            server.reply(
                    test.requests.get(0),
                    FetchResponse.builder()
                            .responses(List.of(FetchResponse.FetchableTopicResponse.builder()
                                    .topic("t")
                                    .partitions(partitions)
                                    .build()))
                            .build(),
                    () -> done[0]++);
            test.wire.settle(test.lane);
            assertEquals(expected.size(), received.size());
            for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), received.get(i));
            assertEquals(1, done[0]);
            assertEquals(largeBytes, test.wire.server.transferredBytes);
            assertEquals(0, test.pool.lentBytes());
        });
    }

    @Test
    void repliesGivenInTheSameTurnLeaveInOneWrite() {
        Wire calm = wire;
        ServerConversation server = server();
        for (int i = 0; i < 20; i++) calm.client.send(ByteBuffer.wrap(heartbeatFrame(i)));
        calm.settle(lane);
        assertEquals(20, requests.size());
        calm.capacityBytes = Integer.MAX_VALUE / 2;
        int before = calm.server.writeCalls;
        for (RequestFrame frame : requests)
            server.reply(frame, HeartbeatResponse.builder().build());
        lane.runTasks();
        assertEquals(before + 1, calm.server.writeCalls);
    }

    @Test
    void aPeerThatAsksTooMuchIsNotReadUntilItIsAnswered() {
        limits = limits.withMaxRequestsInFlight(10);
        ServerConversation server = server();
        for (int i = 0; i < 35; i++) wire.client.send(ByteBuffer.wrap(heartbeatFrame(i)));
        wire.settle(lane);
        assertEquals(10, requests.size());
        assertFalse(wire.server.wantsReads());
        int answered = 0;
        while (answered < 35) {
            server.reply(requests.get(answered++), HeartbeatResponse.builder().build());
            wire.settle(lane);
            assertEquals(Math.min(35, answered + 10), requests.size());
        }
        assertTrue(wire.server.wantsReads());
        for (int i = 0; i < 35; i++) assertEquals(i, requests.get(i).correlationId());
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void aPeerThatTakesNoRepliesIsNotReadAndThenLeft() {
        ServerConversation server = server();
        wire.capacityBytes = 1000;
        ByteBuffer large = ByteBuffer.allocate(2_000_000);
        sink = (conversation, frame) -> conversation.reply(frame, fetched(new RecordsPayload.Buffer(large)));
        ByteBuffer fetch = fetchFrame();
        for (int i = 0; i < 5; i++) wire.client.send(fetch.duplicate());
        wire.settle(lane);
        assertFalse(wire.server.wantsReads());
        assertEquals(1, shared.counters().snapshot().requests());
        lane.passMs(119_000);
        assertTrue(closings.isEmpty());
        lane.passMs(2_000);
        assertTrue(server.isClosed());
        assertEquals(CloseReason.Kind.SLOW_READER, closings.get(0).kind());
        assertEquals(0, pool.lentBytes());
        assertEquals(0, lane.timerCount());
    }

    private static FetchResponse fetched(RecordsPayload records) {
        return FetchResponse.builder()
                .responses(List.of(FetchResponse.FetchableTopicResponse.builder()
                        .topic("t")
                        .partitions(List.of(FetchResponse.PartitionData.builder()
                                .records(records)
                                .build()))
                        .build()))
                .build();
    }

    private static ByteBuffer fetchFrame() {
        ByteBuffer body = io.millrace.protocol.ProtocolWriter.toBuffer(
                FetchRequest.builder().build(), 11);
        ByteBuffer frame = ByteBuffer.allocate(4 + 11 + body.remaining());
        frame.putInt(11 + body.remaining());
        frame.putShort((short) 1)
                .putShort((short) 11)
                .putInt(1)
                .putShort((short) 1)
                .put((byte) 'x');
        return frame.put(body).flip();
    }

    @Test
    void halfAFrameIsWaitedForOnlySoLong() {
        server();
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(1), 0, 9));
        wire.settle(lane);
        lane.passMs(20_000);
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(1), 9, 3));
        wire.settle(lane);
        lane.passMs(9_999);
        assertTrue(closings.isEmpty());
        lane.passMs(2);
        assertEquals(CloseReason.Kind.HALF_FRAME, closings.get(0).kind());
        assertTrue(wire.server.isClosed);
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void anIdleConnectionIsClosedAndAWaitingRequestKeepsItOpen() {
        ServerConversation server = server();
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(1)));
        wire.settle(lane);
        lane.passMs(3_000_000);
        assertTrue(closings.isEmpty());
        server.reply(requests.get(0), HeartbeatResponse.builder().build());
        wire.settle(lane);
        lane.passMs(599_999);
        assertTrue(closings.isEmpty());
        lane.passMs(2);
        assertEquals("sent nothing for 600000 ms", closings.get(0).sentence());
    }

    @Test
    void anApiVersionsRequestOfANewerClientIsAnsweredAsApacheKafkaAnswersIt() {
        server();
        wire.client.send(ByteBuffer.wrap(
                HexFormat.of().parseHex("0000000e" + "00120063" + "00000007" + "000178" + "00000000".substring(0, 6))));
        wire.settle(lane);
        assertEquals(
                "0000001000000007002300000001001200000005",
                HexFormat.of().formatHex(wire.client.receive().array()));
        assertTrue(closings.isEmpty());
    }

    @Test
    void aVersionUnknownHereClosesTheConnectionAfterTheRepliesBeforeIt() {
        ServerConversation server = server();
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(5)));
        byte[] unknown = heartbeatFrame(6);
        unknown[7] = 99;
        wire.client.send(ByteBuffer.wrap(unknown));
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(7)));
        wire.settle(lane);
        assertEquals(1, requests.size());
        assertTrue(closings.isEmpty());
        server.reply(requests.get(0), HeartbeatResponse.builder().build());
        wire.settle(lane);
        assertEquals(5, wire.client.receive().getInt(4));
        assertEquals(CloseReason.Kind.REQUEST_REFUSED, closings.get(0).kind());
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void anHttpClientGetsASentenceAndATlsClientIsNamed() {
        server();
        wire.client.send(ByteBuffer.wrap(
                "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        wire.settle(lane);
        String answer = new String(wire.client.receive().array(), java.nio.charset.StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), answer);
        assertTrue(answer.endsWith(
                "\r\n\r\nThis port speaks the Kafka protocol, not HTTP: point a Kafka client at it.\n"));
        assertEquals(CloseReason.Kind.FOREIGN_PROTOCOL, closings.get(0).kind());

        ConversationTest tls = new ConversationTest();
        tls.server();
        tls.wire.client.send(ByteBuffer.wrap(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1}));
        tls.wire.settle(tls.lane);
        assertTrue(tls.closings.get(0).sentence().startsWith("sent a TLS client hello"));
    }

    @Test
    void aRetainedRequestKeepsItsBytesUntilItIsReleased() {
        Property.check(30, seeded -> {
            ConversationTest test = seeded(seeded);
            List<byte[]> sent = new ArrayList<>();
            List<ProduceRequest> read = new ArrayList<>();
            ServerConversation server = test.server();
            test.sink = (conversation, frame) -> {
                if (frame.apiKey() == ApiKey.API_VERSIONS) {
                    conversation.reply(frame, allVersions());
                    return;
                }
                frame.retain();
                read.add((ProduceRequest) frame.read());
                test.requests.add(frame);
                conversation.replyWithout(frame);
            };
            Client client = test.new Client();
            test.wire.settle(test.lane);
            for (int i = 0; i < 12; i++) {
                byte[] records = seeded.bytes(1 + seeded.nextInt(seeded.pick(100, 20_000, 300_000)));
                sent.add(records);
                assertTrue(client.conversation.sendWithoutAnswer(produce(records)));
            }
            test.wire.settle(test.lane);
            assertEquals(12, read.size());
            for (int i = 0; i < 12; i++) {
                RecordsPayload records =
                        read.get(i).topicData().get(0).partitionData().get(0).records();
                ByteBuffer bytes = assertInstanceOf(RecordsPayload.Buffer.class, records)
                        .bytes()
                        .duplicate();
                assertEquals(ByteBuffer.wrap(sent.get(i)), bytes);
                RequestFrame frame = test.requests.get(i);
                frame.release();
                assertThrows(IllegalStateException.class, frame::body);
                assertThrows(IllegalStateException.class, frame::release);
            }
            assertFalse(server.isClosed());
            assertEquals(0, test.pool.lentBytes());
        });
    }

    @Test
    void anAnswerWhoseBufferIsTakenOverKeepsItsRecordsUntilThatIsReleased() {
        Property.check(30, seeded -> {
            ConversationTest test = seeded(seeded);
            List<byte[]> sent = new ArrayList<>();
            test.server();
            test.sink = (conversation, frame) -> {
                if (frame.apiKey() == ApiKey.API_VERSIONS) {
                    conversation.reply(frame, allVersions());
                    return;
                }
                sent.add(seeded.bytes(1 + seeded.nextInt(seeded.pick(100, 20_000, 300_000))));
                conversation.reply(frame, fetched(sent.getLast()));
            };
            Client client = test.new Client();
            test.wire.settle(test.lane);
            List<PooledBuffer> taken = new ArrayList<>();
            List<ByteBuffer> kept = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                FetchRequest request =
                        FetchRequest.builder().maxWaitMs(1).minBytes(1).build();
                client.conversation.send(request, (short) 12, 1_000, answer -> {
                    ByteBuffer records = recordsOf(answer);
                    assertEquals(ByteBuffer.wrap(sent.get(kept.size())), records);
                    PooledBuffer buffer = client.conversation.takeAnswerBuffer();
                    assertNull(client.conversation.takeAnswerBuffer());
                    if (buffer != null) taken.add(buffer);
                    kept.add(buffer == null ? ByteBuffer.wrap(sent.get(kept.size())) : records);
                });
            }
            test.wire.settle(test.lane);
            assertEquals(12, kept.size());
            for (int i = 0; i < 12; i++) assertEquals(ByteBuffer.wrap(sent.get(i)), kept.get(i));
            assertNull(client.conversation.takeAnswerBuffer());
            taken.forEach(PooledBuffer::release);
            assertEquals(0, test.pool.lentBytes());
        });
    }

    private static FetchResponse fetched(byte[] records) {
        return FetchResponse.builder()
                .responses(List.of(FetchResponse.FetchableTopicResponse.builder()
                        .topic("t")
                        .partitions(List.of(FetchResponse.PartitionData.builder()
                                .records(new RecordsPayload.Buffer(ByteBuffer.wrap(records)))
                                .build()))
                        .build()))
                .build();
    }

    private static ByteBuffer recordsOf(Answer answer) {
        FetchResponse response =
                (FetchResponse) assertInstanceOf(Answer.Answered.class, answer).response();
        RecordsPayload records =
                response.responses().getFirst().partitions().getFirst().records();
        return assertInstanceOf(RecordsPayload.Buffer.class, records).bytes().duplicate();
    }

    private static ProduceRequest produce(byte[] records) {
        return ProduceRequest.builder()
                .acks((short) 0)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name("t")
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .records(new RecordsPayload.Buffer(ByteBuffer.wrap(records)))
                                .build()))
                        .build()))
                .build();
    }

    @Test
    void aRequestThatIsNotRetainedIsGoneAfterTheCall() {
        server();
        wire.client.send(ByteBuffer.wrap(heartbeatFrame(1)));
        wire.settle(lane);
        assertThrows(IllegalStateException.class, () -> requests.get(0).body());
        assertThrows(IllegalStateException.class, () -> requests.get(0).retain());
        assertThrows(IllegalStateException.class, () -> requests.get(0).release());
    }

    @Test
    void aMalformedBodyClosesTheConnectionWithItsField() {
        sink = (conversation, frame) -> conversation.reply(frame, heartbeatAnswer(frame));
        server();
        byte[] frame = heartbeatFrame(1);
        frame[16] = 0x7f;
        wire.client.send(ByteBuffer.wrap(frame));
        wire.settle(lane);
        assertEquals(CloseReason.Kind.REQUEST_REFUSED, closings.get(0).kind());
        assertTrue(closings.get(0).sentence().startsWith("sent a malformed request HEARTBEAT of version 0: "));
    }

    @Test
    void aReplyWhoseFileIsTooShortClosesTheConnectionAndRunsItsHook() {
        ServerConversation server = server();
        wire.client.send(fetchFrame());
        wire.settle(lane);
        int[] done = {0};
        RecordsPayload tooLong = new MemoryFile.Range(new MemoryFile(new byte[100]), 50, 60);
        server.reply(requests.get(0), fetched(tooLong), () -> done[0]++);
        wire.settle(lane);
        assertEquals(CloseReason.Kind.REPLY_FAILED, closings.get(0).kind());
        assertNotNull(closings.get(0).cause());
        assertEquals(1, done[0]);
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void hooksRunOnceWhetherTheReplyLeavesOrNot() {
        ServerConversation server = server();
        for (int i = 0; i < 4; i++) wire.client.send(ByteBuffer.wrap(heartbeatFrame(i)));
        wire.settle(lane);
        List<Integer> done = new ArrayList<>();
        Response response = HeartbeatResponse.builder().build();
        server.reply(requests.get(0), response, () -> done.add(0));
        server.reply(requests.get(2), response, () -> done.add(2));
        wire.settle(lane);
        assertEquals(List.of(0), done);
        assertThrows(IllegalStateException.class, () -> server.reply(requests.get(2), response));
        wire.client.close();
        wire.settle(lane);
        assertEquals(CloseReason.Kind.ENDED_BY_PEER, closings.get(0).kind());
        assertEquals(List.of(0, 2), done);
        server.reply(requests.get(1), response, () -> done.add(1));
        assertEquals(List.of(0, 2, 1), done);
        assertEquals(0, lane.timerCount());
    }

    @Test
    void garbageIsRefusedAndLeavesNothingBehind() {
        Property.check(300, seeded -> {
            ConversationTest test = seeded(seeded);
            ServerConversation server = test.server();
            byte[] bytes = seeded.bytes(1 + seeded.nextInt(5_000));
            if (seeded.nextBoolean()) ByteBuffer.wrap(bytes).put(0, (byte) 0);
            test.wire.client.send(ByteBuffer.wrap(bytes));
            test.wire.settle(test.lane);
            test.wire.client.close();
            test.wire.settle(test.lane);
            test.lane.passMs(10_000_000);
            assertTrue(server.isClosed() || server.requestsInFlight() > 0);
            if (server.isClosed()) assertEquals(0, test.pool.lentBytes());
        });
    }

    @Test
    void theServersCountersAddUp() {
        ServerConversation server = server();
        for (int i = 0; i < 3; i++) wire.client.send(ByteBuffer.wrap(heartbeatFrame(i)));
        wire.settle(lane);
        for (RequestFrame frame : requests)
            server.reply(frame, HeartbeatResponse.builder().build());
        wire.settle(lane);
        var counted = shared.counters().snapshot();
        assertEquals(3, counted.requests());
        assertEquals(3, counted.replies());
        assertEquals(3L * heartbeatFrame(0).length, counted.bytesIn());
        assertEquals(wire.client.arrivedBytes(), counted.bytesOut());
        assertEquals(1, counted.connectionsOpen());
        server.close(new CloseReason(CloseReason.Kind.CLOSED_HERE, "was asked to go"));
        assertEquals(0, shared.counters().snapshot().connectionsOpen());
        assertEquals(1, shared.counters().closedBecause(CloseReason.Kind.CLOSED_HERE));
    }

    @Test
    void aClientIsToldWhenItsServerGoesAway() {
        ServerConversation server = server();
        Client client = new Client();
        client.heartbeat(1);
        wire.settle(lane);
        server.close(new CloseReason(CloseReason.Kind.CLOSED_HERE, "was asked to go"));
        wire.settle(lane);
        var failed = assertInstanceOf(Answer.Failed.class, client.answers.get(0));
        assertEquals(Answer.Reason.CONNECTION_LOST, failed.reason());
        assertNotNull(client.closed);
        client.heartbeat(2);
        wire.settle(lane);
        assertInstanceOf(Answer.Failed.class, client.answers.get(1));
        assertEquals(0, pool.lentBytes());
    }

    @Test
    void aClientThatIsNotAnsweredInTimeGivesTheConnectionUp() {
        server();
        Client client = new Client();
        client.heartbeat(1);
        wire.settle(lane);
        lane.passMs(29_999);
        assertTrue(client.answers.isEmpty());
        lane.passMs(2);
        assertEquals(Answer.Reason.TIMED_OUT, ((Answer.Failed) client.answers.get(0)).reason());
        assertTrue(client.conversation.isClosed());
    }

    @Test
    void aServerThatNeverSaysItsVersionsIsGivenUp() {
        Client client = new Client();
        client.heartbeat(1);
        wire.settle(lane);
        lane.passMs(10_001);
        assertEquals(Answer.Reason.TIMED_OUT, ((Answer.Failed) client.answers.get(0)).reason());
    }

    @Test
    void aClientAsksAgainInTheVersionAnOlderServerKnows() {
        server();
        List<Short> asked = new ArrayList<>();
        sink = (conversation, frame) -> {
            asked.add(frame.version());
            if (frame.apiKey() == ApiKey.API_VERSIONS && frame.version() > 0) {
                // The answer of a server that knows ApiVersions up to version 0, said as such a server says it.
                wire.server.send(
                        ByteBuffer.wrap(HexFormat.of().parseHex("00000010" + "0000000000230000000100120000" + "0000")));
                conversation.replyWithout(frame);
            } else if (frame.apiKey() == ApiKey.API_VERSIONS) {
                conversation.reply(
                        frame,
                        ApiVersionsResponse.builder()
                                .apiKeys(List.of(version(ApiKey.HEARTBEAT, 0, 2), version(ApiKey.FETCH, 0, 1)))
                                .build());
            } else {
                conversation.reply(frame, heartbeatAnswer(frame));
            }
        };
        Client client = new Client();
        client.heartbeat(17);
        client.conversation.send(FetchRequest.builder().build(), client.answers::add);
        wire.settle(lane);
        assertEquals(List.of(ApiKey.API_VERSIONS.latestVersion(), (short) 0, (short) 2), asked);
        assertEquals(2, client.answers.size());
        for (Answer answer : client.answers) {
            switch (answer) {
                case Answer.Answered answered -> assertAnswered(17, answered);
                case Answer.Failed failed -> assertEquals(Answer.Reason.UNSUPPORTED_VERSION, failed.reason());
            }
        }
    }

    private static ApiVersionsResponse.ApiVersion version(ApiKey apiKey, int oldest, int latest) {
        return ApiVersionsResponse.ApiVersion.builder()
                .apiKey(apiKey.code())
                .minVersion((short) oldest)
                .maxVersion((short) latest)
                .build();
    }
}
