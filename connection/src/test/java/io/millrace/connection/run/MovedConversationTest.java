package io.millrace.connection.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.connection.CloseReason;
import io.millrace.connection.ConversationLimits;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MovedConversationTest {
    private final VirtualLane[] lanes = {new VirtualLane(), new VirtualLane()};
    private final BufferPool[] pools = {BufferPool.poisoning(4 << 20, 16 << 20), BufferPool.poisoning(4 << 20, 16 << 20)
    };
    private final ConversationLane[] shared = {
        new ConversationLane(lanes[0], lanes[0], pools[0]), new ConversationLane(lanes[1], lanes[1], pools[1])
    };
    private final ArrayDeque<RequestFrame> requests = new ArrayDeque<>();
    private final List<CloseReason> closings = new ArrayList<>();
    private Wire wire = new Wire(new SeededRandom(5));
    private int at;
    private int moves;

    private ServerConversation server() {
        ServerConversation conversation = ServerConversation.begin(
                wire.server,
                shared[0],
                ConversationLimits.DEFAULT,
                ApiKey.Listener.BROKER,
                true,
                PayloadFiles.NONE,
                (from, frame) -> {
                    frame.retain();
                    requests.add(frame);
                },
                (from, reason) -> closings.add(reason));
        wire.server.hear(conversation);
        return conversation;
    }

    /** Asks for a move to the lane it is not on. */
    private void move(ServerConversation conversation) {
        int to = 1 - at;
        conversation.moveTo(shared[to], () -> {
            assertEquals(0, pools[at].lentBytes(), "nothing of the lane it leaves is kept");
            return () -> {
                at = to;
                moves++;
            };
        });
    }

    private void settle() {
        for (int quiet = 0; quiet < 2; ) {
            boolean ran = lanes[0].runTasks();
            ran |= lanes[1].runTasks();
            wire.settle(lanes[at]);
            quiet = ran ? 0 : quiet + 1;
        }
    }

    private static ByteBuffer frame(int number, int groupChars) {
        ByteBuffer body = ProtocolWriter.toBuffer(
                HeartbeatRequest.builder()
                        .groupId("g".repeat(groupChars))
                        .generationId(number)
                        .memberId("m")
                        .build(),
                0);
        ByteBuffer frame = ByteBuffer.allocate(4 + 11 + body.remaining());
        frame.putInt(11 + body.remaining());
        frame.putShort((short) 12).putShort((short) 0).putInt(number);
        frame.putShort((short) 1).put((byte) 'x');
        return frame.put(body).flip();
    }

    private void answerFirst(ServerConversation server) {
        RequestFrame first = requests.remove();
        int number = ((HeartbeatRequest) first.read()).generationId();
        assertEquals(first.correlationId(), number);
        first.release();
        server.reply(first, HeartbeatResponse.builder().build());
    }

    private static void assertNextReplies(ByteBuffer replies, int from, int until) {
        for (int i = from; i < until; i++) {
            int sizeBytes = replies.getInt();
            assertEquals(i, replies.getInt(replies.position()));
            replies.position(replies.position() + sizeBytes);
        }
        assertFalse(replies.hasRemaining());
    }

    @Test
    void everyRequestIsAnsweredOnceAndInOrderHoweverOftenAConversationMoves() {
        Property.check(80, seeded -> {
            MovedConversationTest test = new MovedConversationTest();
            test.wire = new Wire(seeded);
            ServerConversation server = test.server();
            int sent = 0;
            int answered = 0;
            boolean isAsked = false;
            int count = 1 + seeded.nextInt(60);
            ArrayDeque<ByteBuffer> unsent = new ArrayDeque<>();
            while (answered < count) {
                int movesBefore = test.moves;
                if (sent < count && seeded.chance(0.6)) {
                    ByteBuffer frame = frame(sent++, 1 + seeded.nextInt(seeded.pick(10, 3000, 30_000)));
                    int cut = seeded.nextInt(frame.limit());
                    unsent.add(frame.slice(0, cut));
                    unsent.add(frame.slice(cut, frame.limit() - cut));
                }
                while (!unsent.isEmpty() && seeded.chance(0.7)) test.wire.client.send(unsent.remove());
                if (!isAsked && seeded.chance(0.3)) {
                    test.move(server);
                    isAsked = true;
                }
                test.settle();
                if (!test.requests.isEmpty() && seeded.chance(0.6)) {
                    test.answerFirst(server);
                    answered++;
                }
                test.settle();
                if (test.moves > movesBefore) isAsked = false;
            }
            assertNextReplies(test.wire.client.receive(), 0, count);
            if (isAsked) assertTrue(test.moves > 0 || test.at == 0);
            assertEquals(0, test.pools[0].lentBytes() + test.pools[1].lentBytes());
            long open = test.shared[0].counters().snapshot().connectionsOpen();
            assertEquals(test.at == 0 ? 1 : 0, open, "it is counted where it is");
            assertEquals(1, open + test.shared[1].counters().snapshot().connectionsOpen());
        });
    }

    @Test
    void itWaitsForTheRequestsUnderWayAndReadsNoOthersMeanwhile() {
        ServerConversation server = server();
        wire.client.send(frame(0, 1));
        settle();
        move(server);
        wire.client.send(frame(1, 1));
        settle();
        assertEquals(0, moves);
        assertEquals(1, requests.size());
        answerFirst(server);
        settle();
        assertEquals(1, moves);
        assertEquals(1, requests.size());
        assertEquals(1, shared[1].counters().snapshot().requests());
        assertEquals(0, lanes[0].timerCount(), "the lane it left has forgotten it");
        answerFirst(server);
        settle();
        assertNextReplies(wire.client.receive(), 0, 2);
    }

    @Test
    void aFrameThatHasBegunIsFinishedWhereItBegan() {
        ServerConversation server = server();
        ByteBuffer large = frame(0, 30_000);
        wire.client.send(large.slice(0, 2));
        settle();
        move(server);
        wire.client.send(large.slice(2, 20_000));
        settle();
        wire.client.send(large.slice(20_002, large.limit() - 20_002));
        wire.client.send(frame(1, 30_000));
        settle();
        assertEquals(0, moves);
        answerFirst(server);
        settle();
        assertEquals(1, moves);
        assertEquals(1, shared[0].counters().snapshot().requests());
        answerFirst(server);
        settle();
        assertNextReplies(wire.client.receive(), 0, 2);
    }

    @Test
    void oneThatIsClosedBeforeTheMomentComesDoesNotMove() {
        ServerConversation server = server();
        wire.client.send(frame(0, 1));
        settle();
        move(server);
        assertThrows(IllegalStateException.class, () -> move(server));
        server.close(new CloseReason(CloseReason.Kind.CLOSED_HERE, "is closed by the test"));
        settle();
        assertEquals(0, moves);
        assertEquals(1, closings.size());
    }

    @Test
    void patienceGoesOnWhereItIs() {
        ServerConversation server = server();
        move(server);
        settle();
        assertEquals(1, moves);
        lanes[1].passMs(ConversationLimits.DEFAULT.idleMs() + 1);
        assertEquals(CloseReason.Kind.IDLE, closings.get(0).kind());
        assertEquals(0, lanes[1].timerCount());
    }
}
