package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our producer, as {@code millrace produce}, on the broker under test (Millrace or Apache); Kafka's own consumer reads. */
@Tag("long")
final class ProduceCommandTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int REQUESTS_PER_CUT = 6;
    private static final long SEED = 0xabc;

    private static final CuttingProxy proxy = new CuttingProxy(() -> port(), SEED, REQUESTS_PER_CUT);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with();

    @RegisterExtension
    static final BrokerUnderTest cutOff = BrokerUnderTest.with(
            BrokerKind.underTest(), port -> List.of("advertised.listeners=PLAINTEXT://127.0.0.1:" + proxy.port()));

    @TempDir
    Path directory;

    private static int port() {
        return cutOff.port();
    }

    @AfterAll
    static void closeTheProxy() throws IOException {
        proxy.close();
    }

    private List<String> produce(String bootstrap, String topic, List<String> lines, String... options)
            throws IOException {
        Path file = Files.write(directory.resolve("lines"), lines);
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM, "produce", topic, file.toString()));
        command.addAll(List.of("--bootstrap", bootstrap));
        command.addAll(List.of(options));
        return ChildProcess.run("millrace produce", directory, Map.of(), PATIENCE, command);
    }

    private static void create(String bootstrap, String topic, int partitions) throws Exception {
        try (var admin = JavaClients.admin(bootstrap)) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(String bootstrap, String topic, int partitions) {
        List<TopicPartition> all = IntStream.range(0, partitions)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        try (var consumer = JavaClients.consumer(bootstrap)) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            long end = consumer.endOffsets(all).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            return JavaClients.take(consumer, Math.toIntExact(end));
        }
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void everyLineArrivesInOrderWhateverTheCodec(String codec) throws Exception {
        String topic = "codec-" + codec;
        create(broker.bootstrap(), topic, 1);
        List<String> lines =
                IntStream.range(0, 20_000).mapToObj(i -> "line " + i).toList();
        List<String> output = produce(broker.bootstrap(), topic, lines, "--compression", codec);
        assertTrue(output.getLast().startsWith("Sent 20,000 records to " + topic), output::toString);
        assertEquals(
                lines,
                read(broker.bootstrap(), topic, 1).stream()
                        .map(each -> text(each.value()))
                        .toList());
    }

    @Test
    void keysGoWhereKafkasClientSendsThem() throws Exception {
        create(broker.bootstrap(), "keys", 7);
        List<String> lines = IntStream.range(0, 5_000)
                .mapToObj(i -> "key" + i % 100 + "|" + i)
                .toList();
        produce(broker.bootstrap(), "keys", lines, "-K", "|", "-H", "from=test");
        List<ConsumerRecord<byte[], byte[]>> records = read(broker.bootstrap(), "keys", 7);
        assertEquals(5_000, records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            assertEquals(BuiltInPartitioner.partitionForKey(record.key(), 7), record.partition());
            assertEquals("from", record.headers().toArray()[0].key());
        }
    }

    @Test
    void jsonLinesSayEverything() throws Exception {
        create(broker.bootstrap(), "json", 3);
        produce(
                broker.bootstrap(),
                "json",
                List.of(
                        "{\"key\":\"k\",\"value\":{\"a\":[1,2]},\"partition\":2,\"timestamp\":1700000000000}",
                        "{\"key\":\"k\",\"value\":null,\"partition\":2,\"headers\":{\"h\":\"v\"}}"),
                "--json");
        List<ConsumerRecord<byte[], byte[]>> records = read(broker.bootstrap(), "json", 3);
        assertEquals("{\"a\":[1,2]}", text(records.get(0).value()));
        assertEquals(1_700_000_000_000L, records.get(0).timestamp());
        assertEquals(2, records.get(1).partition());
        assertEquals("null", text(records.get(1).value()));
        assertEquals("v", text(records.get(1).headers().lastHeader("h").value()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void eachLineIsStoredOnceAndInOrderThoughConnectionsAreCut(int inFlight) throws Exception {
        String topic = "cuts-" + inFlight;
        create(cutOff.bootstrap(), topic, 1);
        int before = cutCount();
        List<String> lines =
                IntStream.range(0, 20_000).mapToObj(String::valueOf).toList();
        produce(
                "127.0.0.1:" + proxy.port(),
                topic,
                lines,
                "-P",
                "max.in.flight.requests.per.connection=" + inFlight,
                "-P",
                "batch.size=600",
                "-P",
                "retry.backoff.ms=5",
                "-P",
                "request.timeout.ms=2000");
        assertTrue(cutCount() > before + 10, () -> "too few cuts to show anything: " + proxy.cuts());
        assertEquals(
                lines,
                read(cutOff.bootstrap(), topic, 1).stream()
                        .map(each -> text(each.value()))
                        .toList());
    }

    private static int cutCount() {
        return proxy.cuts().values().stream().mapToInt(Integer::intValue).sum();
    }
}
