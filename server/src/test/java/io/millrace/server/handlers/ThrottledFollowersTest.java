package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.storage.AppendOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A leader, broker 1, that keeps to the replication throttle (KIP-73). Its followers, brokers 2 and 3, are the test. */
class ThrottledFollowersTest {
    private static final int RATE = 1_000;
    private static final String ALL = "leader.replication.throttled.replicas";

    private final TestBroker broker = newBroker();
    private final FetchHandler fetch =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> 1), 1 << 20);

    private static TestBroker newBroker() {
        TestBroker made = new TestBroker(1, new MemoryDisk(), Map.of("replica.lag.time.max.ms", "10000"));
        for (int id = 1; id <= 3; id++) made.register(id, id * 10L, null);
        made.publish(rate(String.valueOf(RATE)));
        return made;
    }

    private static ConfigRecord rate(String value) {
        return config(ConfigResource.Type.BROKER, "1", "leader.replication.throttled.rate", value);
    }

    private static ConfigRecord config(ConfigResource.Type type, String resource, String name, @Nullable String value) {
        return ConfigRecord.builder()
                .resourceType(type.code())
                .resourceName(resource)
                .name(name)
                .value(value)
                .build();
    }

    private void append(String topic, int bytes) {
        broker.onHome(() -> broker.partition(topic, 0).append(Batches.of("x".repeat(bytes)), AppendOrigin.CLIENT));
    }

    /** What is fetched of partition 0 of each topic, from an offset on. */
    private RecordedExchange<FetchResponse> ask(int who, int maxWaitMs, Map<String, Long> offsets) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, 18);
        List<FetchRequest.FetchTopic> topics = new ArrayList<>();
        offsets.forEach((topic, offset) -> topics.add(FetchRequest.FetchTopic.builder()
                .topicId(TestBroker.idOf(topic))
                .partitions(List.of(FetchRequest.FetchPartition.builder()
                        .partition(0)
                        .currentLeaderEpoch(4)
                        .fetchOffset(offset)
                        .lastFetchedEpoch(offset == 0 ? -1 : 4)
                        .logStartOffset(0)
                        .partitionMaxBytes(100)
                        .build()))
                .build()));
        FetchRequest request = FetchRequest.builder()
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(who)
                        .replicaEpoch(who * 10L)
                        .build())
                .sessionEpoch(-1)
                .minBytes(1)
                .maxBytes(1 << 20)
                .maxWaitMs(maxWaitMs)
                .topics(topics)
                .build();
        broker.onHome(() -> fetch.handle(request, exchange));
        return exchange;
    }

    private static int bytes(RecordedExchange<FetchResponse> exchange, String topic) {
        for (var each : exchange.reply().responses()) {
            if (!each.topicId().equals(TestBroker.idOf(topic))) continue;
            assertEquals(ErrorCode.NONE.code(), each.partitions().get(0).errorCode());
            RecordsPayload records = each.partitions().get(0).records();
            return records == null ? 0 : records.sizeBytes();
        }
        throw new AssertionError(topic + " is not in the answer");
    }

    private int fetchNow(int who, long offset) {
        RecordedExchange<FetchResponse> exchange = ask(who, 0, Map.of("t", offset));
        int bytes = bytes(exchange, "t");
        exchange.sent();
        return bytes;
    }

    @Test
    void whoIsOutOfSyncGetsNothingWhileTheRateIsExceeded() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "0:1");
        for (int i = 0; i < 4; i++) append("t", 2_500);
        int first = fetchNow(2, 0);
        assertTrue(first > 2_500, "the first is sent whatever its size");
        assertEquals(0, fetchNow(2, 1));
        broker.time.advance(2_000);
        assertEquals(0, fetchNow(2, 1));
        assertTrue(broker.home().leaderThrottle().measuredBytesPerSecond() > RATE);
        broker.time.advance(700);
        assertEquals(first, fetchNow(2, 1));
    }

    @Test
    void whoIsInSyncOrIsAboutToBeIsNotHeldBackAndDoesNotCount() {
        broker.createReplicated("t", List.of(1, 2, 3), List.of(1, 2), ALL, "*");
        for (int i = 0; i < 8; i++) append("t", 2_500);
        assertTrue(fetchNow(3, 0) > 0);
        assertEquals(0, fetchNow(3, 1));
        for (int i = 0; i < 8; i++) assertTrue(fetchNow(2, i) > 0);
        double rate = broker.home().leaderThrottle().measuredBytesPerSecond();
        assertTrue(rate < 3_000, "counted " + rate);
        // It has all there is, and the high watermark waits for it, though the controller has not said yes.
        assertEquals(0, fetchNow(3, 8));
        append("t", 100);
        assertTrue(fetchNow(3, 8) > 0);
    }

    @Test
    void anotherLeadersListAndAnotherPartitionsEntryHoldNobodyBack() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "0:2,1:1");
        for (int i = 0; i < 4; i++) append("t", 2_500);
        for (int i = 0; i < 4; i++) assertTrue(fetchNow(2, i) > 0);
        assertEquals(0, broker.home().leaderThrottle().measuredBytesPerSecond());
    }

    @Test
    void aFetchOfNothingButThrottledPartitionsWaitsUntilTheyMayGoOn() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "*");
        for (int i = 0; i < 4; i++) append("t", 2_500);
        fetchNow(2, 0);
        int timersBefore = broker.homeThread().timerCount();
        RecordedExchange<FetchResponse> waiting = ask(2, 60_000, Map.of("t", 1L));
        append("t", 10);
        broker.time.advance(2_000);
        assertFalse(waiting.isAnswered());
        assertEquals(timersBefore + 2, broker.homeThread().timerCount());
        broker.time.advance(700);
        assertTrue(bytes(waiting, "t") > 0);
        waiting.sent();
        assertEquals(timersBefore, broker.homeThread().timerCount());
    }

    @Test
    void aFetchThatWaitsLongerThanItMayIsAnsweredWithoutRecords() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "*");
        for (int i = 0; i < 4; i++) append("t", 2_500);
        fetchNow(2, 0);
        RecordedExchange<FetchResponse> waiting = ask(2, 500, Map.of("t", 1L));
        broker.time.advance(499);
        assertFalse(waiting.isAnswered());
        broker.time.advance(1);
        assertEquals(0, bytes(waiting, "t"));
    }

    @Test
    void whatIsNotThrottledGoesOnInTheSameFetch() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "*");
        broker.createReplicated("free", List.of(1, 2), List.of(1));
        for (int i = 0; i < 4; i++) append("t", 2_500);
        fetchNow(2, 0);
        RecordedExchange<FetchResponse> waiting = ask(2, 60_000, Map.of("t", 1L, "free", 0L));
        broker.time.advance(100);
        append("free", 10);
        assertEquals(0, bytes(waiting, "t"));
        assertTrue(bytes(waiting, "free") > 0);
    }

    @Test
    void oneAnswerHoldsTheRecordsOfOneWindowAndOnePartitionMore() {
        broker.publish(rate("4000"));
        List<String> topics = List.of("a", "b", "c", "d", "e");
        Map<String, Long> offsets = new TreeMap<>();
        for (String topic : topics) {
            broker.createReplicated(topic, List.of(1, 2), List.of(1), ALL, "*");
            append(topic, 30);
            offsets.put(topic, 0L);
        }
        broker.publish(rate("150"));
        RecordedExchange<FetchResponse> some = ask(2, 0, offsets);
        List<Integer> sizes = topics.stream().map(topic -> bytes(some, topic)).toList();
        assertEquals(2, sizes.stream().filter(size -> size > 0).count(), sizes::toString);
    }

    @Test
    void aRateOfNothingHoldsAllBackAndIsLookedAtOnceInAWindow() {
        broker.publish(rate("0"));
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "*");
        append("t", 10);
        assertEquals(0, fetchNow(2, 0));
        RecordedExchange<FetchResponse> waiting = ask(2, 60_000, Map.of("t", 0L));
        broker.time.advance(20_000);
        assertFalse(waiting.isAnswered());
        broker.publish(rate("1000"));
        broker.time.advance(1_000);
        assertTrue(bytes(waiting, "t") > 0);
    }

    @Test
    void aThrottleThatIsTakenAwayHoldsNobodyBack() {
        broker.createReplicated("t", List.of(1, 2), List.of(1), ALL, "*");
        for (int i = 0; i < 4; i++) append("t", 2_500);
        fetchNow(2, 0);
        assertEquals(0, fetchNow(2, 1));
        broker.publish(config(ConfigResource.Type.TOPIC, "t", ALL, null));
        assertTrue(fetchNow(2, 1) > 0);
        assertTrue(fetchNow(2, 2) > 0);
    }
}
