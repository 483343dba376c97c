package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerInterceptor;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.RecordMetadata;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.InitProducerIdResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The producer as applications use it, on real sockets, before a broker that answers as the test says. */
class ProducerTest {
    private static final Uuid ID = new Uuid(3, 4);
    private static final int PARTITIONS = 3;

    private final Map<Integer, List<String>> log = new HashMap<>();
    private final Map<Integer, int[]> sequences = new HashMap<>();
    private volatile ErrorCode nextError = ErrorCode.NONE;
    private volatile int mostRecords = Integer.MAX_VALUE;
    private ScriptedNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ScriptedNode();
        node.answers(ApiKey.METADATA, this::metadata);
        node.answers(
                ApiKey.INIT_PRODUCER_ID,
                request -> InitProducerIdResponse.builder()
                        .producerId(9)
                        .producerEpoch((short) 0)
                        .build());
        node.answers(ApiKey.PRODUCE, request -> produce((ProduceRequest) request));
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private MetadataResponse metadata(Request request) {
        List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
        for (MetadataRequest.MetadataRequestTopic asked :
                Objects.requireNonNull(((MetadataRequest) request).topics())) {
            List<MetadataResponse.MetadataResponsePartition> partitions = new ArrayList<>();
            boolean isKnown = String.valueOf(asked.name()).equals("orders");
            for (int i = 0; i < PARTITIONS && isKnown; i++) {
                partitions.add(MetadataResponse.MetadataResponsePartition.builder()
                        .partitionIndex(i)
                        .leaderId(0)
                        .leaderEpoch(1)
                        .build());
            }
            ErrorCode error = isKnown ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
            topics.add(MetadataResponse.MetadataResponseTopic.builder()
                    .name(asked.name())
                    .topicId(isKnown ? ID : Uuid.ZERO)
                    .errorCode(error.code())
                    .partitions(partitions)
                    .build());
        }
        return ScriptedNode.cluster(0, node).topics(topics).build();
    }

    /** Reads the batches with Kafka's own classes. */
    private synchronized @Nullable Response produce(ProduceRequest request) {
        List<ProduceResponse.TopicProduceResponse> topics = new ArrayList<>();
        for (ProduceRequest.TopicProduceData topic : request.topicData()) {
            List<ProduceResponse.PartitionProduceResponse> partitions = new ArrayList<>();
            for (ProduceRequest.PartitionProduceData data : topic.partitionData()) {
                partitions.add(append(data));
            }
            topics.add(ProduceResponse.TopicProduceResponse.builder()
                    .name(topic.name())
                    .topicId(topic.topicId())
                    .partitionResponses(partitions)
                    .build());
        }
        if (request.acks() == 0) return null;
        return ProduceResponse.builder().responses(topics).build();
    }

    private ProduceResponse.PartitionProduceResponse append(ProduceRequest.PartitionProduceData data) {
        ByteBuffer bytes = ((RecordsPayload.Buffer) Objects.requireNonNull(data.records())).bytes();
        List<String> values = new ArrayList<>();
        for (var batch : MemoryRecords.readableRecords(bytes.duplicate()).batches()) {
            batch.ensureValid();
            for (var record : batch) {
                byte[] value = new byte[record.valueSize()];
                record.value().get(value);
                values.add(new String(value, StandardCharsets.UTF_8));
            }
        }
        List<String> all = log.computeIfAbsent(data.index(), partition -> new ArrayList<>());
        ErrorCode error = values.size() > mostRecords ? ErrorCode.MESSAGE_TOO_LARGE : nextError;
        if (error == ErrorCode.NONE && !isNextInSequence(data.index(), bytes)) {
            error = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
        }
        if (nextError.isRetriable()) nextError = ErrorCode.NONE;
        long baseOffset = error == ErrorCode.NONE ? all.size() : -1;
        if (error == ErrorCode.NONE) all.addAll(values);
        return ProduceResponse.PartitionProduceResponse.builder()
                .index(data.index())
                .errorCode(error.code())
                .baseOffset(baseOffset)
                .build();
    }

    /** As a broker does it, for one producer: the first batch of all is taken whatever its sequence. */
    private boolean isNextInSequence(int partition, ByteBuffer batch) {
        if (!BatchHeader.hasProducerId(batch, 0)) return true;
        int epoch = BatchHeader.producerEpoch(batch, 0);
        int[] known =
                sequences.computeIfAbsent(partition, fresh -> new int[] {epoch, BatchHeader.baseSequence(batch, 0)});
        if (epoch > known[0]) {
            known[0] = epoch;
            known[1] = 0;
        }
        if (epoch < known[0] || BatchHeader.baseSequence(batch, 0) != known[1]) return false;
        known[1] += BatchHeader.recordCount(batch, 0);
        return true;
    }

    private List<String> written(int partition) {
        return log.getOrDefault(partition, List.of());
    }

    private ProducerOptions options() {
        return ProducerOptions.forServers(node.address().toString());
    }

    private static Producer<String, String> open(ProducerOptions options) {
        return Producer.open(options, Serializers.string(), Serializers.string());
    }

    @Test
    void recordsOfManyThreadsArriveOnceAndInTheOrderOfEachThread() throws InterruptedException {
        int threads = 8;
        int each = 3_000;
        try (Producer<String, String> producer = open(options().with("batch.size", 2_000))) {
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                senders.add(Thread.ofVirtual().start(() -> {
                    for (int n = 0; n < each; n++) {
                        Delivery unused = producer.send(
                                new ProducerRecord<>("orders", thread % PARTITIONS, null, thread + ":" + n));
                    }
                }));
            }
            for (Thread sender : senders) sender.join();
            producer.flush();
        }
        int[] next = new int[threads];
        for (List<String> partition : log.values()) {
            for (String value : partition) {
                String[] parts = value.split(":", -1);
                assertEquals(next[Integer.parseInt(parts[0])]++, Integer.parseInt(parts[1]), value);
            }
        }
        for (int count : next) assertEquals(each, count);
    }

    @Test
    void aDeliveryTellsWhereTheRecordIs() throws Exception {
        try (Producer<String, String> producer = open(options())) {
            RecordMetadata first = producer.send(new ProducerRecord<>("orders", 1, "key", "value"))
                    .await();
            assertEquals(new RecordMetadata("orders", 1, 0, first.timestamp(), 3, 5), first);
            Delivery second = producer.send(new ProducerRecord<>("orders", 1, 77, null, "v", List.of()));
            assertEquals(1, second.get(10, TimeUnit.SECONDS).offset());
            assertEquals(
                    77, second.toCompletableFuture().get(10, TimeUnit.SECONDS).timestamp());
            assertTrue(second.isDone());
        }
    }

    @Test
    void everyCodecIsReadByKafkasClasses() {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            log.clear();
            sequences.clear();
            try (Producer<String, String> producer = open(options().with("compression.type", codec))) {
                for (int i = 0; i < 5_000; i++) {
                    Delivery unused = producer.send(new ProducerRecord<>(
                            "orders", 0, -1, "k", "value " + i, List.of(new RecordHeader("h", null))));
                }
            }
            assertEquals(5_000, written(0).size(), codec);
            for (int i = 0; i < 5_000; i++)
                assertEquals("value " + i, written(0).get(i), codec);
        }
    }

    @Test
    void withoutAcknowledgementsARecordIsDoneOnceItIsSent() throws Exception {
        try (Producer<String, String> producer = open(options().with("acks", 0))) {
            RecordMetadata metadata =
                    producer.send(new ProducerRecord<>("orders", 0, null, "v")).await();
            assertFalse(metadata.hasOffset());
        }
    }

    @Test
    void whatIsRefusedForNowIsSentAgainAndWhatIsRefusedForGoodFails() {
        try (Producer<String, String> producer = open(options())) {
            nextError = ErrorCode.NOT_LEADER_OR_FOLLOWER;
            assertEquals(
                    0,
                    producer.send(new ProducerRecord<>("orders", 0, null, "a"))
                            .await()
                            .offset());
            nextError = ErrorCode.INVALID_TIMESTAMP;
            Delivery refused = producer.send(new ProducerRecord<>("orders", 0, null, "b"));
            SendFailure failure = assertThrows(SendFailure.class, refused::await);
            assertEquals(ErrorCode.INVALID_TIMESTAMP, failure.error());
            nextError = ErrorCode.NONE;
            assertEquals(
                    1,
                    producer.send(new ProducerRecord<>("orders", 0, null, "c"))
                            .await()
                            .offset());
            assertEquals(1.0, producer.metrics().get("record-error-total"));
            assertEquals(1.0, producer.metrics().get("record-retry-total"));
        }
        assertEquals(List.of("a", "c"), written(0));
    }

    @Test
    void noBatchGetsIntoTheLogBeforeTheFirstOneThatWasRefusedForNow() throws Exception {
        CompletableFuture<Boolean> mayAnswer = new CompletableFuture<>();
        nextError = ErrorCode.NOT_LEADER_OR_FOLLOWER;
        node.answers(ApiKey.PRODUCE, request -> {
            mayAnswer.join();
            return produce((ProduceRequest) request);
        });
        List<String> sent = new ArrayList<>();
        List<Delivery> deliveries = new ArrayList<>();
        try (Producer<String, String> producer = open(options().with("batch.size", 100))) {
            for (int i = 0; i < 100; i++) {
                sent.add("value " + i);
                deliveries.add(producer.send(new ProducerRecord<>("orders", 0, null, "value " + i)));
            }
            // Once the lane has done what came before this, all that may be sent before an answer has been.
            assertFalse(producer.metrics().isEmpty());
            mayAnswer.complete(true);
            for (Delivery each : deliveries) assertTrue(each.await().hasOffset());
        }
        assertEquals(sent, written(0));
    }

    @Test
    void nothingIsSentBeforeThereIsAProducerId() {
        AtomicInteger asked = new AtomicInteger();
        node.answers(
                ApiKey.INIT_PRODUCER_ID,
                request -> asked.incrementAndGet() < 4
                        ? InitProducerIdResponse.builder()
                                .errorCode(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code())
                                .producerId(-1)
                                .producerEpoch((short) -1)
                                .build()
                        : InitProducerIdResponse.builder()
                                .producerId(9)
                                .producerEpoch((short) 0)
                                .build());
        try (Producer<String, String> producer = open(options())) {
            assertEquals(
                    0,
                    producer.send(new ProducerRecord<>("orders", 0, null, "a"))
                            .await()
                            .offset());
        }
        assertEquals(4, asked.get());
        for (ScriptedNode.Received each : node.received(ApiKey.PRODUCE)) {
            ProduceRequest request = (ProduceRequest) each.request();
            RecordsPayload records =
                    request.topicData().getFirst().partitionData().getFirst().records();
            ByteBuffer batch = ((RecordsPayload.Buffer) Objects.requireNonNull(records)).bytes();
            assertEquals(9, BatchHeader.producerId(batch, 0));
        }
    }

    @Test
    void aBatchThatIsTooLargeArrivesInPieces() {
        mostRecords = 3;
        List<Delivery> deliveries = new ArrayList<>();
        try (Producer<String, String> producer = open(options().with("linger.ms", 50))) {
            for (int i = 0; i < 100; i++)
                deliveries.add(producer.send(new ProducerRecord<>("orders", 0, null, "v" + i)));
            for (int i = 0; i < 100; i++)
                assertEquals(i, deliveries.get(i).await().offset());
        }
        for (int i = 0; i < 100; i++) assertEquals("v" + i, written(0).get(i));
    }

    @Test
    void recordsWithoutAKeyStickToAPartitionForABatchsWorthOfBytes() {
        try (Producer<String, String> producer =
                open(options().with("batch.size", 1_000).with("linger.ms", 60_000))) {
            List<Delivery> deliveries = new ArrayList<>();
            for (int i = 0; i < 300; i++) deliveries.add(producer.send(new ProducerRecord<>("orders", numbered(i))));
            producer.flush();
            deliveries.forEach(Delivery::await);
        }
        int left = 300;
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<String> values = log.getOrDefault(partition, List.of());
            left -= values.size();
            int runLength = 1;
            for (int i = 1; i <= values.size(); i++) {
                boolean isGoingOn = i < values.size() && values.get(i).equals(numbered(number(values.get(i - 1)) + 1));
                if (isGoingOn) {
                    runLength++;
                    continue;
                }
                boolean isLastOfAll = values.get(i - 1).equals(numbered(299));
                assertTrue(runLength >= 8 || isLastOfAll, values::toString);
                runLength = 1;
            }
        }
        assertEquals(0, left);
        assertEquals(PARTITIONS, log.size(), "every partition has had its turns");
    }

    /** So that eight or nine of them make a batch of 1,000 bytes. */
    private static String numbered(int number) {
        return String.format("%0100d", number);
    }

    private static int number(String value) {
        return Integer.parseInt(value);
    }

    @Test
    void callbacksComeInOrderOnOneThreadThatIsNotTheLane() {
        List<String> told = new CopyOnWriteArrayList<>();
        List<String> threads = new CopyOnWriteArrayList<>();
        List<String> seen = new CopyOnWriteArrayList<>();
        ProducerInterceptor<String, String> interceptor = new ProducerInterceptor<>() {
            @Override
            public ProducerRecord<String, String> onSend(ProducerRecord<String, String> record) {
                return new ProducerRecord<>(record.topic(), 2, record.key(), record.value() + "!");
            }

            @Override
            public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable SendFailure failure) {
                seen.add(String.valueOf(metadata));
                throw new IllegalStateException("interceptors may throw");
            }
        };
        ProducerOptions options = options().with("client.id", "till");
        try (Producer<String, String> producer =
                Producer.open(options, Serializers.string(), Serializers.string(), List.of(interceptor))) {
            for (int i = 0; i < 50; i++) {
                Delivery unused = producer.send(new ProducerRecord<>("orders", "v" + i), (metadata, failure) -> {
                    told.add(String.valueOf(metadata));
                    threads.add(Thread.currentThread().getName());
                    throw new IllegalStateException("callbacks may throw");
                });
            }
        }
        assertEquals(50, told.size());
        for (int i = 0; i < 50; i++) assertEquals("orders-2@" + i, told.get(i));
        assertEquals(told, seen);
        assertEquals(List.of("till-callbacks"), threads.stream().distinct().toList());
        assertEquals("v0!", written(2).getFirst());
    }

    @Test
    void memoryThatIsInUseMakesSendsWaitAndThenFail() {
        CompletableFuture<Void> mayAnswer = new CompletableFuture<>();
        node.answers(ApiKey.PRODUCE, request -> {
            mayAnswer.join();
            return produce((ProduceRequest) request);
        });
        ProducerOptions options =
                options().with("buffer.memory", 8_000).with("batch.size", 4_000).with("max.block.ms", 100);
        try (Producer<String, String> producer = open(options)) {
            producer.partitionsFor("orders");
            String value = "x".repeat(3_000);
            Delivery first = producer.send(new ProducerRecord<>("orders", 0, null, value));
            Delivery unused = producer.send(new ProducerRecord<>("orders", 1, null, value));
            Delivery third = producer.send(new ProducerRecord<>("orders", 2, null, value));
            SendFailure failure = assertThrows(SendFailure.class, third::await);
            assertTrue(
                    String.valueOf(failure.getMessage()).startsWith("no memory for a batch within max.block.ms=100"));
            mayAnswer.complete(null);
            assertEquals(0, first.await().offset());
        }
    }

    @Test
    void aTopicThatIsNotThereFailsAfterAWhileAndARecordThatIsTooLargeAtOnce() {
        try (Producer<String, String> producer = open(options().with("max.block.ms", 3_000))) {
            Delivery lost = producer.send(new ProducerRecord<>("nowhere", "v"));
            SendFailure failure = assertThrows(SendFailure.class, lost::await);
            assertEquals(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, failure.error());
            Delivery noPartition = producer.send(new ProducerRecord<>("orders", 3, null, "v"));
            assertTrue(String.valueOf(
                            assertThrows(SendFailure.class, noPartition::await).getMessage())
                    .startsWith("topic orders has 3 partitions, and none 3"));
            Delivery large = producer.send(new ProducerRecord<>("orders", "x".repeat(1_048_576)));
            ExecutionException thrown = assertThrows(ExecutionException.class, large::get);
            assertEquals(
                    ErrorCode.MESSAGE_TOO_LARGE,
                    assertInstanceOf(SendFailure.class, thrown.getCause()).error());
        }
    }

    @Test
    void closingWithoutPatienceFailsWhatIsOnItsWay() {
        Producer<String, String> producer = open(options().with("linger.ms", 60_000));
        Delivery delivery = producer.send(new ProducerRecord<>("orders", 0, null, "v"));
        producer.close(Duration.ZERO);
        assertThrows(SendFailure.class, delivery::await);
        assertThrows(IllegalStateException.class, () -> producer.send(new ProducerRecord<>("orders", "v")));
        producer.close();
    }

    @Test
    void closingSendsWhatStillLingers() {
        Delivery delivery;
        try (Producer<String, String> producer = open(options().with("linger.ms", 60_000))) {
            delivery = producer.send(new ProducerRecord<>("orders", 0, null, "v"));
        }
        assertEquals(0, delivery.await().offset());
    }

    @Test
    void aBrokenConnectionIsMadeAnewAndNothingIsLost() {
        node.answers(ApiKey.PRODUCE, new java.util.function.Function<>() {
            private int count;

            @Override
            public @Nullable Response apply(Request request) {
                count++;
                return count % 3 == 0 ? null : produce((ProduceRequest) request);
            }
        });
        ProducerOptions options = options().with("reconnect.backoff.ms", 1);
        try (Producer<String, String> producer = open(options)) {
            for (int i = 0; i < 30; i++) {
                RecordMetadata metadata = producer.send(new ProducerRecord<>("orders", 0, null, "v" + i))
                        .await();
                assertEquals(i, metadata.offset());
            }
        }
        assertEquals(30, written(0).size());
    }
}
