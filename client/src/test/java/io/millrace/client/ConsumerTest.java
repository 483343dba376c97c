package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.WokenUp;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The consumer as applications use it, on real sockets, before a broker with batches that Kafka's own classes wrote. */
class ConsumerTest {
    private static final Uuid ID = new Uuid(3, 4);
    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<ByteBuffer> log = new ArrayList<>();
    private long endOffset;
    private List<FetchResponse.AbortedTransaction> aborted = List.of();
    private int mostBytes;
    private int cutEvery = Integer.MAX_VALUE;
    private int fetches;
    private ScriptedNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        node.answers(ApiKey.METADATA, request -> metadata());
        node.answers(ApiKey.FETCH, this::fetch);
        node.answers(ApiKey.LIST_OFFSETS, request -> offsets((ListOffsetsRequest) request));
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private MetadataResponse metadata() {
        return ScriptedNode.cluster(0, node)
                .topics(List.of(MetadataResponse.MetadataResponseTopic.builder()
                        .name("orders")
                        .topicId(ID)
                        .partitions(List.of(MetadataResponse.MetadataResponsePartition.builder()
                                .partitionIndex(0)
                                .leaderId(0)
                                .leaderEpoch(1)
                                .build()))
                        .build()))
                .build();
    }

    private ListOffsetsResponse offsets(ListOffsetsRequest request) {
        long timestamp = request.topics().getFirst().partitions().getFirst().timestamp();
        return ListOffsetsResponse.builder()
                .topics(List.of(new ListOffsetsResponse.ListOffsetsTopicResponse(
                        "orders",
                        List.of(ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                                .partitionIndex(0)
                                .offset(timestamp == -2 ? 0 : endOffset)
                                .leaderEpoch(1)
                                .build()))))
                .build();
    }

    /** Batches from the offset asked for, as many as fit, at least one, and the beginning of the next one. */
    private synchronized @Nullable Response fetch(Request request) {
        FetchRequest asked = (FetchRequest) request;
        if (++fetches % cutEvery == 0) return null;
        if (asked.topics().isEmpty()) return FetchResponse.builder().build();
        FetchRequest.FetchPartition wanted =
                asked.topics().getFirst().partitions().getFirst();
        ErrorCode error = ErrorCode.NONE;
        if (wanted.fetchOffset() > endOffset) error = ErrorCode.OFFSET_OUT_OF_RANGE;
        int room = Math.min(wanted.partitionMaxBytes(), asked.maxBytes());
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        for (ByteBuffer batch : log) {
            long lastOffset = batch.getLong(0) + batch.getInt(23);
            if (error != ErrorCode.NONE || lastOffset < wanted.fetchOffset()) continue;
            boolean fits = bytes.position() == 0 || bytes.position() + batch.remaining() <= room;
            if (!fits) {
                bytes.put(batch.duplicate().limit(20));
                break;
            }
            bytes.put(batch.duplicate());
        }
        mostBytes = Math.max(mostBytes, bytes.position());
        return FetchResponse.builder()
                .responses(List.of(new FetchResponse.FetchableTopicResponse(
                        "orders",
                        ID,
                        List.of(FetchResponse.PartitionData.builder()
                                .partitionIndex(0)
                                .errorCode(error.code())
                                .highWatermark(endOffset)
                                .lastStableOffset(endOffset)
                                .abortedTransactions(aborted)
                                .records(new RecordsPayload.Buffer(bytes.flip()))
                                .build()))))
                .build();
    }

    private void append(MemoryRecords records, int count) {
        log.add(records.buffer());
        endOffset += count;
    }

    private void append(Compression compression, String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) records[i] = new SimpleRecord(1_000, null, bytes(values[i]));
        append(MemoryRecords.withRecords(endOffset, compression, 1, records), values.length);
    }

    private void appendOf(long producerId, String value) {
        append(
                MemoryRecords.withTransactionalRecords(
                        endOffset,
                        Compression.NONE,
                        producerId,
                        (short) 0,
                        0,
                        1,
                        new SimpleRecord(1_000, null, bytes(value))),
                1);
    }

    private void appendMarker(long producerId, ControlRecordType type) {
        append(
                MemoryRecords.withEndTransactionMarker(
                        endOffset, 1_000, 1, producerId, (short) 0, new EndTransactionMarker(type, 0)),
                1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Consumer<String, String> open(Object... namesAndValues) {
        ConsumerOptions options = ConsumerOptions.forServers(
                        node.address().host() + ":" + node.address().port())
                .with("auto.offset.reset", "earliest")
                .with("fetch.max.wait.ms", 1)
                .with("retry.backoff.ms", 1)
                .with("reconnect.backoff.ms", 1)
                .with("reconnect.backoff.max.ms", 2);
        for (int i = 0; i < namesAndValues.length; i += 2)
            options = options.with(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        Consumer<String, String> consumer = Consumer.open(options, Deserializers.string(), Deserializers.string());
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    private List<String> readTo(Consumer<String, String> consumer, long end) {
        List<String> values = new ArrayList<>();
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (consumer.position(PARTITION) < end) {
            assertTrue(System.nanoTime() < deadlineNanos, () -> "only " + values + " came");
            for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) values.add(each.value());
        }
        return values;
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
            append(batch % 2 == 0 ? Compression.NONE : Compression.gzip().build(), values);
        }
        cutEvery = 4;
        try (var consumer = open("fetch.buffer.bytes", 700, "max.partition.fetch.bytes", 500, "max.poll.records", 7)) {
            assertEquals(written, readTo(consumer, endOffset));
        }
        assertTrue(mostBytes <= 700 + 20, () -> "asked for " + mostBytes + " bytes");
    }

    @Test
    void abortedTransactionsAndMarkersAreLeftOut() {
        appendOf(7, "aborted");
        appendOf(8, "committed");
        append(Compression.NONE, "plain");
        appendMarker(7, ControlRecordType.ABORT);
        appendOf(7, "second of 7, committed");
        appendMarker(8, ControlRecordType.COMMIT);
        appendMarker(7, ControlRecordType.COMMIT);
        aborted = List.of(new FetchResponse.AbortedTransaction(7, 0));
        try (var consumer = open("isolation.level", "read_committed")) {
            assertEquals(List.of("committed", "plain", "second of 7, committed"), readTo(consumer, endOffset));
        }
        try (var consumer = open()) {
            assertEquals(
                    List.of("aborted", "committed", "plain", "second of 7, committed"), readTo(consumer, endOffset));
        }
    }

    @Test
    void aDamagedBatchIsToldWithItsPlaceAfterTheRecordsBeforeIt() {
        append(Compression.NONE, "sound");
        append(Compression.NONE, "damaged");
        append(Compression.NONE, "sound again");
        ByteBuffer damaged = log.get(1);
        damaged.put(damaged.limit() - 2, (byte) (damaged.get(damaged.limit() - 2) ^ 1));
        try (var consumer = open()) {
            assertEquals(List.of("sound"), readTo(consumer, 1));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(ErrorCode.CORRUPT_MESSAGE, told.error());
            assertEquals(1, told.offset());
            assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE)); // It does not go away by itself.
            consumer.seek(PARTITION, told.offset() + 1);
            assertEquals(List.of("sound again"), readTo(consumer, endOffset));
        }
    }

    @Test
    void aRecordThatCannotBeDeserializedIsNamedAndCanBeLeftOut() {
        append(Compression.NONE, "1", "two", "3");
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
            consumer.seek(PARTITION, 2);
            assertEquals(3, consumer.poll(PATIENCE).iterator().next().value());
        }
    }

    @Test
    void anOffsetBehindTheEndIsRefusedWhereNoneIsToBeMadeUp() {
        append(Compression.NONE, "only");
        try (var consumer = open("auto.offset.reset", "none")) {
            consumer.seek(PARTITION, 99);
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals("orders-0: the log does not have offset 99, and auto.offset.reset=none", told.getMessage());
            consumer.seek(PARTITION, 0);
            assertEquals(List.of("only"), readTo(consumer, 1));
        }
    }

    @Test
    void aPausedPartitionGivesNothingUntilItIsResumed() {
        append(Compression.NONE, "a", "b");
        try (var consumer = open("max.poll.records", 1)) {
            assertEquals(1, consumer.poll(PATIENCE).count());
            consumer.pause(List.of(PARTITION));
            assertTrue(consumer.poll(Duration.ofMillis(20)).isEmpty());
            consumer.resume(List.of(PARTITION));
            assertEquals("b", consumer.poll(PATIENCE).iterator().next().value());
        }
    }

    @Test
    void aWokenConsumerGoesOnAfterwards() {
        try (var consumer = open()) {
            Thread waker = Thread.ofVirtual().start(consumer::wakeup);
            assertThrows(WokenUp.class, () -> consumer.poll(PATIENCE));
            append(Compression.NONE, "late");
            assertEquals(List.of("late"), readTo(consumer, 1));
            assertTrue(waker.getState() != null);
        }
    }

    @Test
    void whatHasNoEffectIsRefused() {
        for (String name : List.of("group.id", "check.crcs", "ssl.truststore.location", "no.such.property")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ConsumerOptions.forServers("localhost:9092").with(name, "x"));
        }
    }
}
