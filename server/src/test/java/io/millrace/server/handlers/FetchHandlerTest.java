package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchHandlerTest {
    private static final int BY_NAME = 12;
    private static final int BY_ID = 18;

    private final TestBroker broker = new TestBroker(1);
    private int nextId = 500;
    private final FetchHandler handler =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> nextId++), 1 << 20);

    FetchHandlerTest() {
        broker.create("t", 2);
    }

    private static FetchRequest.Builder request(int sessionId, int epoch, int... partitions) {
        return FetchRequest.builder()
                .sessionId(sessionId)
                .sessionEpoch(epoch)
                .minBytes(1)
                .maxWaitMs(500)
                .topics(
                        partitions.length == 0
                                ? List.of()
                                : List.of(FetchRequest.FetchTopic.builder()
                                        .topic("t")
                                        .topicId(TestBroker.idOf("t"))
                                        .partitions(java.util.Arrays.stream(partitions)
                                                .mapToObj(index -> FetchRequest.FetchPartition.builder()
                                                        .partition(index)
                                                        .partitionMaxBytes(1 << 20)
                                                        .build())
                                                .toList())
                                        .build()));
    }

    private RecordedExchange<FetchResponse> ask(FetchRequest.Builder request, int version) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, version);
        broker.onHome(() -> handler.handle(request.build(), exchange));
        return exchange;
    }

    private void append(int partition, String value) {
        broker.onHome(() -> broker.partition("t", partition).append(Batches.of(value), AppendOrigin.CLIENT));
    }

    private static List<Integer> partitions(FetchResponse response) {
        return response.responses().stream()
                .flatMap(topic -> topic.partitions().stream())
                .map(partition -> partition.partitionIndex())
                .toList();
    }

    private static ErrorCode onlyError(FetchResponse response) {
        return ErrorCode.forCode(response.responses().get(0).partitions().get(0).errorCode());
    }

    @Test
    void anIncrementalAnswerNamesOnlyPartitionsWithNews() {
        append(0, "a");
        var full = ask(request(0, 0, 0, 1).minBytes(0), BY_NAME);
        assertEquals(List.of(0, 1), partitions(full.reply()));
        int id = full.reply().sessionId();
        full.sent();
        append(1, "b");
        var incremental = ask(
                request(id, 1)
                        .topics(List.of(FetchRequest.FetchTopic.builder()
                                .topic("t")
                                .topicId(TestBroker.idOf("t"))
                                .partitions(List.of(FetchRequest.FetchPartition.builder()
                                        .partition(0)
                                        .fetchOffset(1)
                                        .partitionMaxBytes(1 << 20)
                                        .build()))
                                .build())),
                BY_NAME);
        assertEquals(List.of(1), partitions(incremental.reply()));
        assertEquals(id, incremental.reply().sessionId());
        incremental.sent();
    }

    @Test
    void aFetchWaitsForMoreThanAnAnswerMayHoldNoLongerThanForAFullOne() {
        var waiting = ask(request(0, -1, 0).minBytes(1 << 20).maxBytes(10), BY_NAME);
        assertFalse(waiting.isAnswered());
        append(0, "more than ten bytes in all");
        assertTrue(waiting.isAnswered());
        waiting.sent();
    }

    @Test
    void whatDoesNotExistIsUnknownByTheMeansItWasNamedWith() {
        var unknown = request(0, -1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topic("missing")
                        .topicId(TestBroker.idOf("missing"))
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(0)
                                .build()))
                        .build()));
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                onlyError(ask(unknown, BY_NAME).reply()));
        FetchResponse byId = ask(unknown, BY_ID).reply();
        assertEquals(ErrorCode.UNKNOWN_TOPIC_ID, onlyError(byId));
        assertEquals(TestBroker.idOf("missing"), byId.responses().get(0).topicId());
    }

    @Test
    void aPartitionNumberOutOfRangeIsAnsweredUnderThatNumber() {
        for (int index : List.of(-3, 2)) {
            FetchResponse response = ask(request(0, -1, index), BY_NAME).reply();
            assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, onlyError(response));
            assertEquals(List.of(index), partitions(response));
        }
    }

    @Test
    void sessionErrorsConcernTheWholeAnswer() {
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND.code(),
                ask(request(99, 1, 0), BY_NAME).reply().errorCode());
        int id = ask(request(0, 0, 0).minBytes(0), BY_NAME).reply().sessionId();
        FetchResponse wrongEpoch = ask(request(id, 5), BY_NAME).reply();
        assertEquals(ErrorCode.INVALID_FETCH_SESSION_EPOCH.code(), wrongEpoch.errorCode());
        assertEquals(0, wrongEpoch.sessionId());
        assertEquals(List.of(), wrongEpoch.responses());
    }

    @Test
    void filesAreHeldUntilTheAnswerIsSentAndNotAfter() {
        append(0, "a");
        var exchange = ask(request(0, -1, 0), BY_ID);
        broker.partition("t", 0).log().closeIdleFiles();
        broker.partition("t", 0).log().closeIdleFiles();
        assertTrue(broker.disk.openFiles() > 0, "the answer is not sent yet");
        exchange.sent();
        assertEquals(0, broker.disk.openFiles());
    }

    @Test
    void aClientThatLeavesWhileItWaitsLeavesNothing() {
        append(0, "a");
        var exchange = ask(request(0, -1, 0).minBytes(1 << 19), BY_ID);
        assertFalse(exchange.isAnswered());
        broker.onHome(exchange::abandon);
        broker.time.advance(1_000);
        assertFalse(exchange.isAnswered());
        broker.partition("t", 0).log().closeIdleFiles();
        broker.partition("t", 0).log().closeIdleFiles();
        assertEquals(0, broker.disk.openFiles());
        assertEquals(0, broker.homeThread().timerCount());
    }

    @Test
    void followersHaveToSayWhatTheLeaderComparesTheirLogsBy() {
        assertEquals(
                ErrorCode.UNSUPPORTED_VERSION.code(),
                ask(request(0, -1, 0).replicaId(2), BY_NAME).reply().errorCode());
    }
}
