package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our consumer, as {@code millrace consume}, on the broker under test (Millrace or Apache); Kafka's own producer has written. */
@Tag("long")
final class ConsumeCommandTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long SEED = 0x5eed;
    private static final long FIRST_MS = 1_700_000_000_000L;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("group.initial.rebalance.delay.ms=0");

    @TempDir
    Path directory;

    private List<String> consume(String topic, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM, "consume", topic));
        command.addAll(List.of("--bootstrap", broker.bootstrap()));
        command.addAll(List.of(options));
        return ChildProcess.run("millrace consume", directory, Map.of(), PATIENCE, command);
    }

    private static void create(String topic, int partitions) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        var all = new java.util.HashMap<String, Object>(more);
        all.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap());
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Records of random sizes, keys and partitions, a second apart. */
    private static void write(String topic, int partitions, int count, Map<String, Object> properties) {
        Random random = new Random(SEED);
        try (var producer = producer(properties)) {
            for (int i = 0; i < count; i++) {
                byte[] key = random.nextInt(4) == 0 ? null : bytes("k" + random.nextInt(100));
                byte[] value = bytes(i + ":" + "x".repeat(random.nextInt(200)));
                Future<RecordMetadata> _ = producer.send(
                        new ProducerRecord<>(topic, random.nextInt(partitions), FIRST_MS + i * 1_000L, key, value));
            }
        }
    }

    @Test
    void aMemberThatIsToExitEndsOnceWhatItHasIsReadAndGoesOnThereTheNextTime() throws Exception {
        create("shared", 3);
        write("shared", 3, 200, Map.of());
        List<String> first = consume("shared", "--group", "readers", "--from", "earliest", "--exit");
        assertEquals(200, first.stream().filter(line -> line.contains(":")).count());
        write("shared", 3, 50, Map.of());
        List<String> second = consume("shared", "--group", "readers", "--exit");
        assertEquals(50, second.stream().filter(line -> line.contains(":")).count());
    }

    /** What Kafka's own consumer sees, in the words of our command. */
    private static List<String> official(String topic, int partitions) {
        List<TopicPartition> all = IntStream.range(0, partitions)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            long count = consumer.endOffsets(all).values().stream()
                            .mapToLong(Long::longValue)
                            .sum()
                    - consumer.beginningOffsets(all).values().stream()
                            .mapToLong(Long::longValue)
                            .sum();
            return JavaClients.take(consumer, Math.toIntExact(count)).stream()
                    .map(ConsumeCommandTest::words)
                    .sorted()
                    .toList();
        }
    }

    private static String words(ConsumerRecord<byte[], byte[]> record) {
        String key = record.key() == null ? "null" : new String(record.key(), StandardCharsets.UTF_8);
        return record.partition() + " " + record.offset() + " " + record.timestamp() + " " + key + " "
                + new String(record.value(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void bothConsumersSeeTheSameRecordsWhateverTheCodec(String codec) throws Exception {
        String topic = "codec-" + codec;
        create(topic, 5);
        write(topic, 5, 20_000, Map.of(ProducerConfig.COMPRESSION_TYPE_CONFIG, codec));

        List<String> ours = consume(
                topic,
                "--from",
                "earliest",
                "--exit",
                "--null",
                "null",
                "--format",
                "%p %o %T %k %v",
                "-P",
                "fetch.buffer.bytes=300000",
                "-P",
                "max.partition.fetch.bytes=50000");

        assertEquals(20_000, ours.size());
        assertInOrder(ours);
        assertEquals(official(topic, 5), ours.stream().sorted().toList());
    }

    @Test
    void whatHasAnEndIsReadFromTheStartUnlessSomethingElseIsSaid() throws Exception {
        create("bounded", 2);
        write("bounded", 2, 50, Map.of());
        assertEquals(50, consume("bounded", "--exit").size());
        List<String> first = consume("bounded", "--exit", "--group", "bounded", "--format", "r %v");
        assertEquals(50, first.stream().filter(each -> each.startsWith("r ")).count(), first::toString);
        List<String> second = consume("bounded", "--exit", "--group", "bounded", "--format", "r %v");
        assertTrue(second.stream().noneMatch(each -> each.startsWith("r ")), second::toString);
        assertEquals(List.of(), consume("bounded", "--exit", "--from", "latest"));
        List<String> early = consume("bounded", "--to", "2023-11-14T22:13:30", "--format", "%T");
        assertTrue(
                early.size() >= 2 && early.stream().allMatch(each -> Long.parseLong(each) < FIRST_MS + 20_000),
                early::toString);
    }

    private static void assertInOrder(List<String> lines) {
        long[] next = new long[16];
        for (String line : lines) {
            String[] words = line.split(" ", -1);
            int partition = Integer.parseInt(words[0]);
            assertEquals(next[partition]++, Long.parseLong(words[1]), line);
        }
    }

    @Test
    void placesAreWhereTheySayTheyAre() throws Exception {
        create("places", 1);
        write("places", 1, 100, Map.of());

        assertEquals(List.of("95", "96", "97", "98", "99"), consume("places", "--from=-5", "--exit", "--format", "%o"));
        assertEquals(List.of("10", "11"), consume("places", "--from", "10", "--to", "12", "--format", "%o"));
        assertEquals(
                List.of("50", "51"),
                consume(
                        "places",
                        "--from",
                        java.time.Instant.ofEpochMilli(FIRST_MS + 49_500).toString(),
                        "--to",
                        java.time.Instant.ofEpochMilli(FIRST_MS + 52_000).toString(),
                        "--format",
                        "%o"));
        assertEquals(List.of("0", "1", "2"), consume("places", "--from", "earliest", "-n", "3", "--format", "%o"));
        assertEquals(List.of(), consume("places", "--from", "latest", "--exit"));
    }

    @Test
    void jsonTellsAllOfARecord() throws Exception {
        create("json", 1);
        try (var producer = producer(Map.of())) {
            var record = new ProducerRecord<>("json", 0, FIRST_MS, bytes("k"), bytes("{\"a\":1}"));
            record.headers().add("h", bytes("v"));
            Future<RecordMetadata> _ = producer.send(record);
            Future<RecordMetadata> _ =
                    producer.send(new ProducerRecord<>("json", 0, FIRST_MS, null, new byte[] {(byte) 0xff}));
        }

        assertEquals(
                List.of(
                        "{\"topic\":\"json\",\"partition\":0,\"offset\":0,\"timestamp\":1700000000000,\"key\":\"k\","
                                + "\"value\":\"{\\\"a\\\":1}\",\"headers\":{\"h\":\"v\"}}",
                        "{\"topic\":\"json\",\"partition\":0,\"offset\":1,\"timestamp\":1700000000000,\"key\":null,"
                                + "\"valueBase64\":\"/w==\"}"),
                consume("json", "--from", "earliest", "--exit", "--json"));
    }

    @Test
    void anOffsetThatIsGoneIsSaid() throws Exception {
        create("gone", 1);
        write("gone", 1, 20, Map.of());
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.deleteRecords(Map.of(new TopicPartition("gone", 0), RecordsToDelete.beforeOffset(10)))
                    .all()
                    .get();
        }

        assertEquals(10, consume("gone", "--from", "earliest", "--exit").size());
        AssertionError refused = org.junit.jupiter.api.Assertions.assertThrows(
                AssertionError.class, () -> consume("gone", "--from", "3", "--exit"));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("gone-0: the log does not have offset 3"),
                refused::getMessage);
    }
}
