package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.PartitionRegistration;
import io.millrace.replication.run.ForceNumbers;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code millrace.acks.forced}, {@code flush.messages} and {@code flush.ms}: what waits for the disk, and for how long. */
class ForcedAcksTest {
    private static final int VERSION = 12;

    private TestBroker broker = new TestBroker(1);

    private RecordedExchange<ProduceResponse> produce(int acks, String topic, int partition, String... values) {
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, VERSION);
        ProduceRequest request = ProduceRequest.builder()
                .acks((short) acks)
                .timeoutMs(1_000_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name(topic)
                        .topicId(TestBroker.idOf(topic))
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(partition)
                                .records(new RecordsPayload.Buffer(Batches.of(values)))
                                .build()))
                        .build()))
                .build();
        ProduceHandler handler = new ProduceHandler(broker.home(), broker.view, broker.failures::add);
        broker.homeThread().as(() -> handler.handle(request, exchange));
        return exchange;
    }

    private static void assertAcknowledged(RecordedExchange<ProduceResponse> exchange) {
        assertTrue(exchange.isAnswered());
        assertEquals(
                ErrorCode.NONE.code(),
                exchange.reply().responses().get(0).partitionResponses().get(0).errorCode());
    }

    private void set(String topic, String name, String value) {
        broker.publishWithoutRunning(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.TOPIC.code())
                .resourceName(topic)
                .name(name)
                .value(value)
                .build());
    }

    private long forcedUntil(String topic) {
        return broker.partition(topic, 0).log().recoveryPoint();
    }

    private ForceNumbers forces() {
        return broker.home().forces().numbers();
    }

    @Test
    void nothingIsAcknowledgedOrShownBeforeItIsForced() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        for (int acks : List.of(1, -1)) {
            long before = broker.partition("t", 0).highWatermark();
            var exchange = produce(acks, "t", 0, "a", "b");
            assertFalse(exchange.isAnswered());
            assertEquals(before, broker.partition("t", 0).highWatermark());
            broker.time.run();
            assertAcknowledged(exchange);
            assertEquals(before + 2, broker.partition("t", 0).highWatermark());
            assertEquals(before + 2, forcedUntil("t"));
        }
    }

    @Test
    void theServersPropertyHoldsForEveryTopicThatSaysNothingElse() {
        broker = new TestBroker(1, new MemoryDisk(), Map.of("millrace.log.acks.forced", "true"));
        broker.create("t", 1);
        broker.create("quick", 1, "millrace.acks.forced", "false");
        broker.create("__consumer_offsets", 1, "cleanup.policy", "compact");
        assertFalse(produce(-1, "t", 0, "a").isAnswered());
        assertAcknowledged(produce(-1, "quick", 0, "a"));
        assertEquals(0, broker.partition("__consumer_offsets", 0).log().config().unforcedRecords());
    }

    @Test
    void whoAsksInTheSameTurnSharesOneForce() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        List<RecordedExchange<ProduceResponse>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) all.add(produce(-1, "t", 0, "a"));
        broker.time.run();
        all.forEach(ForcedAcksTest::assertAcknowledged);
        assertEquals(1, forces().forces());
        assertEquals(5, forces().appends());
        assertEquals(List.of(0L, 0L, 0L, 1L, 0L, 0L, 0L, 0L), forces().byAppends());
    }

    @Test
    void whatComesWhileALogIsForcedGathersForTheNextForce() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        List<RecordedExchange<ProduceResponse>> all = new ArrayList<>();
        all.add(produce(-1, "t", 0, "first"));
        // Behind the task that begins the force, and before the one that carries it out.
        broker.homeThread().execute(() -> {
            for (int i = 0; i < 3; i++) all.add(produce(-1, "t", 0, "a"));
        });
        broker.time.run();
        assertEquals(4, all.size());
        all.forEach(ForcedAcksTest::assertAcknowledged);
        assertEquals(2, forces().forces());
        assertEquals(4, forces().appends());
        assertEquals(0, forces().waiting());
    }

    @Test
    void fewerThanFlushMessagesAreAcknowledgedAndNotForced() {
        broker.create("t", 1, "flush.messages", "3");
        assertAcknowledged(produce(1, "t", 0, "a"));
        assertAcknowledged(produce(-1, "t", 0, "b"));
        assertEquals(0, forcedUntil("t"));
        var third = produce(1, "t", 0, "c", "d");
        assertFalse(third.isAnswered());
        assertEquals(2, broker.partition("t", 0).highWatermark());
        broker.time.run();
        assertAcknowledged(third);
        assertEquals(4, forcedUntil("t"));
        assertEquals(1, forces().forces());
    }

    @Test
    void flushMsForcesWhatIsOlderAndHoldsNobodyUp() {
        broker.create("t", 1, "flush.ms", "100");
        assertAcknowledged(produce(-1, "t", 0, "a"));
        broker.time.advance(60);
        assertAcknowledged(produce(-1, "t", 0, "b"));
        broker.time.advance(39);
        assertEquals(0, forcedUntil("t"));
        broker.time.advance(1);
        assertEquals(2, forcedUntil("t"));
        broker.time.advance(1_000);
        assertEquals(1, forces().forces());
        assertEquals(0, broker.homeThread().timerCount());
        assertAcknowledged(produce(-1, "t", 0, "c"));
        broker.time.advance(100);
        assertEquals(3, forcedUntil("t"));
    }

    @Test
    void aShorterFlushMsCountsFromTheOldestRecordAtOnce() {
        broker.create("t", 1, "flush.ms", "3600000");
        assertAcknowledged(produce(-1, "t", 0, "a"));
        broker.time.advance(500);
        set("t", "flush.ms", "600");
        broker.time.advance(99);
        assertEquals(0, forcedUntil("t"));
        broker.time.advance(1);
        assertEquals(1, forcedUntil("t"));
    }

    @Test
    void askingForForcedAcksForcesWhatWasAcknowledgedBefore() {
        broker.create("t", 1);
        assertAcknowledged(produce(-1, "t", 0, "a"));
        set("t", "millrace.acks.forced", "true");
        broker.time.run();
        assertEquals(1, forcedUntil("t"));
    }

    @Test
    void whoWaitsIsReleasedWhenForcedAcksAreNotAskedForAnyMore() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        var exchange = produce(-1, "t", 0, "a");
        assertFalse(exchange.isAnswered());
        broker.homeThread().as(() -> set("t", "millrace.acks.forced", "false"));
        assertAcknowledged(exchange);
        assertEquals(0, forcedUntil("t"));
    }

    @Test
    void aForceThatFailsAcknowledgesNothing() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        var exchange = produce(-1, "t", 0, "a");
        broker.disk.fail();
        broker.time.run();
        assertEquals(1, broker.failures.size());
        assertFalse(exchange.isAnswered(), "it is answered when its directory is fenced");
        assertEquals(0, broker.partition("t", 0).highWatermark());
        assertEquals(0, forces().forces());
    }

    @Test
    void aForceThatFailsAfterLeadershipHasEndedFencesTheDirectoryAllTheSame() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        produce(-1, "t", 0, "a");
        broker.homeThread().execute(() -> broker.home().partitions().remove(new TopicPartition("t", 0)));
        broker.disk.fail();
        broker.time.run();
        assertEquals(1, broker.failures.size());
    }

    @Test
    void aLaterLeaderEpochShowsNothingThatIsNotForced() {
        broker.create("t", 1, "millrace.acks.forced", "true");
        var exchange = produce(-1, "t", 0, "a");
        broker.homeThread()
                .as(() -> broker.partition("t", 0)
                        .lead(new PartitionRegistration(9, 9, List.of(TestBroker.ID), List.of(TestBroker.ID))));
        assertEquals(0, broker.partition("t", 0).highWatermark());
        broker.time.run();
        assertAcknowledged(exchange);
        assertEquals(1, broker.partition("t", 0).highWatermark());
    }
}
