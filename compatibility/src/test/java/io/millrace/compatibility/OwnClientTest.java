package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Partitioners;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerInterceptor;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.RecordMetadata;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.Serializers;
import io.millrace.compatibility.program.JavaClients;
import io.millrace.records.RecordHeader;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an application can have of our producer and consumer besides sending and polling, on the broker under test. */
final class OwnClientTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long FIRST_MS = 1_700_000_000_000L;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with();

    private static List<TopicPartition> topic(String name, int partitions) throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        return IntStream.range(0, partitions)
                .mapToObj(i -> new TopicPartition(name, i))
                .toList();
    }

    private static ProducerOptions options() {
        // One in flight: see OwnConsumerCommitsTest.
        return ProducerOptions.forServers(broker.bootstrap()).with("max.in.flight.requests.per.connection", 1);
    }

    private static Producer<String, String> producer(ProducerOptions options) {
        return Producer.open(options, Serializers.string(), Serializers.string());
    }

    private static Consumer<String, String> consumer() {
        return Consumer.open(
                ConsumerOptions.forServers(broker.bootstrap())
                        .with("auto.offset.reset", "earliest")
                        .with("fetch.max.wait.ms", 50),
                Deserializers.string(),
                Deserializers.string());
    }

    private static List<ConsumerRecord<String, String>> take(Consumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> taken = new ArrayList<>();
        Await.until(
                count + " records are read",
                PATIENCE,
                () -> {
                    consumer.poll(POLL).stream().forEach(taken::add);
                    return taken.size() >= count;
                },
                () -> taken.size() + " are");
        return taken;
    }

    /** Numbers as values, a second apart, in partition 0. */
    private static void fill(String topic, int count) {
        try (var producer = producer(options())) {
            sendAll(
                    producer,
                    count,
                    i -> new ProducerRecord<>(topic, 0, FIRST_MS + i * 1_000L, null, String.valueOf(i), List.of()));
        }
    }

    private static void sendAll(
            Producer<String, String> producer, int count, IntFunction<ProducerRecord<String, String>> record) {
        List<Delivery> deliveries = new ArrayList<>();
        for (int i = 0; i < count; i++) deliveries.add(producer.send(record.apply(i)));
        for (Delivery each : deliveries) assertTrue(each.await().hasOffset());
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void headersOfAnyKindArriveAsTheyWereSent() throws Exception {
        List<TopicPartition> partitions = topic("headers", 1);
        List<RecordHeader> headers = List.of(
                new RecordHeader("trace", bytes("one")),
                new RecordHeader("trace", bytes("two")),
                new RecordHeader("", bytes("")),
                new RecordHeader("none", null));
        try (var producer = producer(options());
                var consumer = consumer()) {
            producer.send(new ProducerRecord<>("headers", 0, FIRST_MS, "key", null, headers))
                    .await();
            consumer.assign(partitions);
            ConsumerRecord<String, String> came = take(consumer, 1).getFirst();
            assertEquals(headers, came.headers());
            assertEquals("key", came.key());
            assertEquals(null, came.value());
            assertEquals(FIRST_MS, came.timestamp());
        }
    }

    /** Changes what is sent, and counts what became of it. */
    private static final class Marking implements ProducerInterceptor<String, String> {
        final AtomicInteger sent = new AtomicInteger();
        final AtomicInteger failed = new AtomicInteger();

        @Override
        public ProducerRecord<String, String> onSend(ProducerRecord<String, String> record) {
            return new ProducerRecord<>(
                    record.topic(),
                    record.partition(),
                    record.timestamp(),
                    record.key(),
                    record.value() + " marked",
                    record.headers());
        }

        @Override
        public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable SendFailure failure) {
            (failure == null ? sent : failed).incrementAndGet();
        }
    }

    @Test
    void anInterceptorSeesEveryRecordAndWhatBecameOfIt() throws Exception {
        List<TopicPartition> partitions = topic("intercepted", 1);
        Marking marking = new Marking();
        ProducerInterceptor<String, String> throwing = new ProducerInterceptor<>() {
            @Override
            public ProducerRecord<String, String> onSend(ProducerRecord<String, String> record) {
                throw new IllegalStateException("which is no reason not to send it");
            }
        };
        try (var producer = Producer.open(
                        options(), Serializers.string(), Serializers.string(), List.of(throwing, marking));
                var consumer = consumer()) {
            sendAll(producer, 10, i -> new ProducerRecord<>("intercepted", String.valueOf(i)));
            consumer.assign(partitions);
            assertEquals(
                    IntStream.range(0, 10).mapToObj(i -> i + " marked").toList(),
                    take(consumer, 10).stream().map(ConsumerRecord::value).toList());
        }
        assertEquals(10, marking.sent.get());
        assertEquals(0, marking.failed.get());
    }

    @Test
    void thePartitionerIsTheApplicationsOrOneOfOurs() throws Exception {
        List<TopicPartition> partitions = topic("chosen", 3);
        try (var own = producer(
                        options().withPartitioner((topic, key, keyBytes, value, valueBytes, its) -> its.count() - 1));
                var inTurn = producer(options().withPartitioner(Partitioners.roundRobin()));
                var consumer = consumer()) {
            for (int i = 0; i < 5; i++)
                assertEquals(
                        2, own.send(new ProducerRecord<>("chosen", "x")).await().partition());
            int[] counts = new int[3];
            for (int i = 0; i < 9; i++)
                counts[inTurn.send(new ProducerRecord<>("chosen", "x")).await().partition()]++;
            assertEquals(List.of(3, 3, 3), IntStream.of(counts).boxed().toList());
            consumer.assign(partitions);
            assertEquals(14, take(consumer, 14).size());
        }
    }

    @ParameterizedTest
    @CsvSource({"gzip,1", "gzip,9", "lz4,1", "lz4,17", "zstd,-5", "zstd,19"})
    void everyCodecTakesALevel(String codec, int level) throws Exception {
        String name = "level-" + codec + level;
        List<TopicPartition> partitions = topic(name, 1);
        try (var producer = producer(options()
                        .with("compression.type", codec)
                        .with("compression." + codec + ".level", level)
                        .with("linger.ms", 20));
                var consumer = consumer()) {
            sendAll(producer, 300, i -> new ProducerRecord<>(name, "the same again and again " + i));
            double rate = producer.metrics().getOrDefault("compression-rate-avg", 1.0);
            assertTrue(rate < 0.7, () -> "what is left of a byte: " + rate);
            consumer.assign(partitions);
            assertEquals(
                    "the same again and again 299",
                    take(consumer, 300).getLast().value());
        }
    }

    @Test
    void aConsumerGoesToATimeAndKnowsWhereItIsAndHowFarBehind() throws Exception {
        List<TopicPartition> partitions = topic("times", 2);
        TopicPartition first = partitions.getFirst();
        fill("times", 100);
        try (var consumer = consumer()) {
            consumer.assign(partitions);
            assertEquals(Map.of(first, 0L, partitions.get(1), 0L), consumer.beginningOffsets(partitions));
            assertEquals(Map.of(first, 100L, partitions.get(1), 0L), consumer.endOffsets(partitions));
            assertEquals(
                    Map.of(first, 40L, partitions.get(1), -1L), consumer.offsetsForTime(partitions, FIRST_MS + 39_500));
            assertEquals(
                    -1L, consumer.offsetsForTime(partitions, FIRST_MS + 99_001).get(first));

            consumer.seekToTime(List.of(first), FIRST_MS + 60_000);
            assertEquals("60", take(consumer, 40).getFirst().value());
            assertEquals(100, consumer.position(first));
            assertEquals(OptionalLong.of(0), consumer.currentLag(first));

            consumer.seek(first, 25);
            assertEquals(25, consumer.position(first));
            assertEquals(OptionalLong.of(75), consumer.currentLag(first));
            consumer.seekToEnd(List.of(first));
            assertEquals(100, consumer.position(first));
            consumer.seekToBeginning(List.of(first));
            assertEquals("0", take(consumer, 1).getFirst().value());
            assertTrue(consumer.metrics().getOrDefault("bytes-consumed-total", 0.0) > 0, consumer.metrics()::toString);
        }
    }
}
