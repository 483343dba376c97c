package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.DeadLetterHeaders;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.WokenUp;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The consumer as applications use it, on real sockets, before a broker with batches that Kafka's own classes wrote. */
class ConsumerTest {
    private static final TopicPartition PARTITION = ScriptedLog.PARTITION;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScriptedNode node;
    private ScriptedLog log;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        log = new ScriptedLog(node);
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private Consumer<String, String> open(Object... namesAndValues) {
        Consumer<String, String> consumer =
                Consumer.open(log.options(namesAndValues), Deserializers.string(), Deserializers.string());
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    @Test
    void recordsComeOnceAndInOrderThoughConnectionsAreCutAndMemoryIsShort() {
        List<String> written = new ArrayList<>();
        for (int batch = 0; batch < 50; batch++) {
            int first = batch * 10;
            String[] values = IntStream.range(first, first + 10)
                    .mapToObj(i -> "value " + i)
                    .toArray(String[]::new);
            written.addAll(List.of(values));
            log.append(batch % 2 == 0 ? Compression.NONE : Compression.gzip().build(), values);
        }
        log.cutEvery = 4;
        try (var consumer = open("fetch.buffer.bytes", 700, "max.partition.fetch.bytes", 500, "max.poll.records", 7)) {
            assertEquals(written, ScriptedLog.readTo(consumer, log.endOffset));
        }
        assertTrue(log.mostBytes <= 700 + 20, () -> "asked for " + log.mostBytes + " bytes");
    }

    @Test
    void abortedTransactionsAndMarkersAreLeftOut() {
        log.appendOf(7, "aborted");
        log.appendOf(8, "committed");
        log.append(Compression.NONE, "plain");
        log.appendMarker(7, ControlRecordType.ABORT);
        log.appendOf(7, "second of 7, committed");
        log.appendMarker(8, ControlRecordType.COMMIT);
        log.appendMarker(7, ControlRecordType.COMMIT);
        log.aborted = List.of(new FetchResponse.AbortedTransaction(7, 0));
        try (var consumer = open("isolation.level", "read_committed")) {
            assertEquals(
                    List.of("committed", "plain", "second of 7, committed"),
                    ScriptedLog.readTo(consumer, log.endOffset));
        }
        try (var consumer = open()) {
            assertEquals(
                    List.of("aborted", "committed", "plain", "second of 7, committed"),
                    ScriptedLog.readTo(consumer, log.endOffset));
        }
    }

    /** A batch that its checksum does not fit, between two that are sound. */
    private void appendDamaged() {
        log.append(Compression.NONE, "sound");
        log.append(Compression.NONE, "damaged", "too", "and this");
        log.append(Compression.NONE, "sound again");
        ByteBuffer damaged = log.batches.get(1);
        damaged.put(damaged.limit() - 2, (byte) (damaged.get(damaged.limit() - 2) ^ 1));
    }

    @Test
    void aDamagedBatchIsToldWithItsPlaceAfterTheRecordsBeforeIt() {
        appendDamaged();
        try (var consumer = open()) {
            assertEquals(List.of("sound"), ScriptedLog.readTo(consumer, 1));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(ErrorCode.CORRUPT_MESSAGE, told.error());
            assertEquals(1, told.offset());
            assertEquals(4, told.nextOffset());
            assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE)); // It does not go away by itself.
            consumer.seek(PARTITION, told.nextOffset());
            assertEquals(List.of("sound again"), ScriptedLog.readTo(consumer, log.endOffset));
        }
    }

    @Test
    void aDamagedBatchIsLeftOutIfThatIsWanted() {
        appendDamaged();
        try (var consumer = open("unreadable.records", "skip")) {
            assertEquals(List.of("sound", "sound again"), ScriptedLog.readTo(consumer, log.endOffset));
            assertEquals(1.0, consumer.metrics().get("left-out-batches-total"));
        }
    }

    @Test
    void aDamagedBatchWithAnEndThatCannotBeIsNotLeftOut() {
        log.append(Compression.NONE, "damaged");
        log.batches.getFirst().putInt(23, 1_000); // The last offset's distance from the first.
        try (var consumer = open("unreadable.records", "skip")) {
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(0, told.offset());
            assertEquals(-1, told.nextOffset());
        }
    }

    @Test
    void aRecordThatCannotBeDeserializedIsNamedAndCanBeLeftOut() {
        log.append(Compression.NONE, "1", "two", "3");
        ConsumerOptions options = ConsumerOptions.forServers(
                        node.address().host() + ":" + node.address().port())
                .with("auto.offset.reset", "earliest");
        try (Consumer<String, Integer> consumer = Consumer.open(
                options,
                Deserializers.string(),
                (topic, headers, data) -> data == null
                        ? null
                        : Integer.valueOf(
                                StandardCharsets.UTF_8.decode(data.duplicate()).toString()))) {
            consumer.assign(List.of(PARTITION));
            assertEquals(1, consumer.poll(PATIENCE).iterator().next().value());
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(1, told.offset());
            consumer.seek(PARTITION, told.nextOffset());
            assertEquals(3, consumer.poll(PATIENCE).iterator().next().value());
        }
    }

    @Test
    void aRecordThatCannotBeDeserializedIsLeftOutIfThatIsWanted() {
        log.append(Compression.NONE, "1", "two", "3", "four");
        try (Consumer<String, Integer> consumer = Consumer.open(
                log.options("unreadable.records", "skip"),
                Deserializers.string(),
                (topic, headers, data) -> Integer.valueOf(Deserializers.string().deserialize(topic, headers, data)))) {
            consumer.assign(List.of(PARTITION));
            assertEquals(
                    List.of(1, 3),
                    consumer.poll(PATIENCE).stream().map(ConsumerRecord::value).toList());
            assertEquals(4, consumer.position(PARTITION));
            assertEquals(2.0, consumer.metrics().get("left-out-records-total"));
        }
    }

    @Test
    void aRecordThatCannotBeDeserializedIsPutIntoAnotherTopicBeforeItIsPassedOver() {
        log.append(Compression.NONE, "1", "two", "3");
        List<String> put = new CopyOnWriteArrayList<>();
        AtomicReference<ErrorCode> answer = new AtomicReference<>(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
        node.answers(
                ApiKey.INIT_PRODUCER_ID,
                request -> InitProducerIdResponse.builder().producerId(9).build());
        node.answers(ApiKey.PRODUCE, request -> taken((ProduceRequest) request, answer.get(), put));
        ProducerOptions producer = ProducerOptions.forServers(
                node.address().host() + ":" + node.address().port());
        ConsumerOptions options = log.options().quarantiningTo(ScriptedLog.AWAY, producer);
        try (Consumer<String, Integer> consumer = Consumer.open(
                options,
                Deserializers.string(),
                (topic, headers, data) -> Integer.valueOf(Deserializers.string().deserialize(topic, headers, data)))) {
            consumer.assign(List.of(PARTITION));
            assertEquals(1, consumer.poll(PATIENCE).iterator().next().value());
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(ErrorCode.TOPIC_AUTHORIZATION_FAILED, told.error());
            assertEquals(1, told.offset());
            answer.set(ErrorCode.NONE);
            assertEquals(3, consumer.poll(PATIENCE).iterator().next().value());
            assertEquals(List.of("two, of orders at 1"), put);
            assertEquals(1.0, consumer.metrics().get("left-out-records-total"));
        }
        assertThrows(IllegalArgumentException.class, () -> options.with("unreadable.records", "skip"));
    }

    /** Notes the values that come, and where their headers say they are from. */
    private static ProduceResponse taken(ProduceRequest request, ErrorCode error, List<String> values) {
        ProduceRequest.TopicProduceData topic = request.topicData().getFirst();
        ProduceRequest.PartitionProduceData data = topic.partitionData().getFirst();
        if (error == ErrorCode.NONE && data.records() instanceof RecordsPayload.Buffer(ByteBuffer batch)) {
            for (var each : MemoryRecords.readableRecords(batch.duplicate()).records())
                values.add(StandardCharsets.UTF_8.decode(each.value()) + ", of " + header(each, DeadLetterHeaders.TOPIC)
                        + " at " + header(each, DeadLetterHeaders.OFFSET));
        }
        return ProduceResponse.builder()
                .responses(List.of(ProduceResponse.TopicProduceResponse.builder()
                        .name(topic.name())
                        .topicId(topic.topicId())
                        .partitionResponses(List.of(ProduceResponse.PartitionProduceResponse.builder()
                                .index(data.index())
                                .errorCode(error.code())
                                .build()))
                        .build()))
                .build();
    }

    private static String header(org.apache.kafka.common.record.internal.Record record, String name) {
        for (var each : record.headers())
            if (each.key().equals(name)) return new String(each.value(), StandardCharsets.UTF_8);
        return "none";
    }

    @Test
    void anOffsetBehindTheEndIsRefusedWhereNoneIsToBeMadeUp() {
        log.append(Compression.NONE, "only");
        try (var consumer = open("auto.offset.reset", "none")) {
            consumer.seek(PARTITION, 99);
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals("orders-0: the log does not have offset 99, and auto.offset.reset=none", told.getMessage());
            consumer.seek(PARTITION, 0);
            assertEquals(List.of("only"), ScriptedLog.readTo(consumer, 1));
        }
    }

    @Test
    void aPausedPartitionGivesNothingUntilItIsResumed() {
        log.append(Compression.NONE, "a", "b");
        try (var consumer = open("max.poll.records", 1)) {
            assertEquals(1, consumer.poll(PATIENCE).count());
            consumer.pause(List.of(PARTITION));
            assertTrue(consumer.poll(Duration.ofMillis(20)).isEmpty());
            consumer.resume(List.of(PARTITION));
            assertEquals("b", consumer.poll(PATIENCE).iterator().next().value());
        }
    }

    @Test
    void aSeekAndAQuestionDoNotWaitBehindAFetchThatWaitsForRecords() {
        log.append(Compression.NONE, "a", "b");
        log.end = new CountDownLatch(1);
        try (var consumer = open("fetch.max.wait.ms", 60_000)) {
            assertEquals(List.of("a", "b"), ScriptedLog.readTo(consumer, 2));
            for (int i = 0; i < 3; i++) {
                consumer.poll(Duration.ofMillis(20)); // There is nothing; the broker holds the fetch.
                assertEquals(Map.of(PARTITION, 2L), consumer.endOffsets(List.of(PARTITION)));
                consumer.seek(PARTITION, 1);
                assertEquals("b", consumer.poll(PATIENCE).iterator().next().value());
            }
        } finally {
            log.end.countDown();
        }
    }

    @Test
    void whatPollsGaveAndHowFarBehindThatIsAreCounted() {
        log.append(Compression.NONE, "a", "b", "c");
        try (var consumer = open("max.poll.records", 2)) {
            assertEquals(-1.0, consumer.metrics().get("last-poll-seconds-ago"));
            assertEquals(2, consumer.poll(PATIENCE).count());
            Map<String, Double> metrics = consumer.metrics();
            assertEquals(2.0, metrics.get("records-consumed-total"));
            assertEquals(1.0, metrics.get("records-lag-max"));
            assertEquals(1.0, metrics.get("assigned-partitions"));
            assertEquals(0.0, metrics.get("join-total"));
            assertEquals(0.0, metrics.get("time-between-poll-max"));
            assertTrue(metrics.getOrDefault("poll-idle-ratio-avg", 0.0) > 0, metrics::toString);
            assertEquals(1, consumer.poll(PATIENCE, record -> {}));
            metrics = consumer.metrics();
            assertEquals(3.0, metrics.get("records-consumed-total"));
            assertEquals(0.0, metrics.get("records-lag-max"));
            assertTrue(metrics.getOrDefault("time-between-poll-max", 0.0) > 0, metrics::toString);
        }
    }

    @Test
    void aWokenConsumerGoesOnAfterwards() {
        try (var consumer = open()) {
            Thread waker = Thread.ofVirtual().start(consumer::wakeup);
            assertThrows(WokenUp.class, () -> consumer.poll(PATIENCE));
            log.append(Compression.NONE, "late");
            assertEquals(List.of("late"), ScriptedLog.readTo(consumer, 1));
            assertTrue(waker.getState() != null);
        }
    }

    @Test
    void whatHasNoEffectIsRefused() {
        for (String name : List.of("group.instance.id", "check.crcs", "ssl.truststore.location", "no.such.property")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ConsumerOptions.forServers("localhost:9092").with(name, "x"));
        }
    }
}
