package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The command line on the broker under test (Millrace or Apache), after Kafka's own clients have written and committed. */
@Tag("long")
final class CommandLineTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long FIRST_MS = 1_700_000_000_000L;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with();

    @TempDir
    Path directory;

    private List<String> millrace(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        return ChildProcess.run(
                "millrace " + arguments[0],
                directory,
                Map.of("XDG_CONFIG_HOME", directory.toString()),
                PATIENCE,
                command);
    }

    private List<String> onBroker(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--bootstrap", broker.bootstrap()));
        return millrace(all.toArray(String[]::new));
    }

    private static void create(String topic, int partitions) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }

    /** Records a second apart, spread over the partitions; every other one has a header. */
    private static void write(String topic, int partitions, int count) {
        try (var producer = new KafkaProducer<>(
                Map.<String, Object>of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()),
                new StringSerializer(),
                new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                var record = new ProducerRecord<>(
                        topic, i % partitions, FIRST_MS + i * 1_000L, "k" + i, "{\"user\":{\"id\":" + i + "}}");
                if (i % 2 == 0) record.headers().add("even", "yes".getBytes(StandardCharsets.UTF_8));
                Future<RecordMetadata> _ = producer.send(record);
            }
        }
    }

    @Test
    void aFilterPrintsTheRecordsOfWhichItIsTrue() throws Exception {
        create("filtered", 1);
        write("filtered", 1, 100);
        assertEquals(
                List.of("90", "92", "94"),
                onBroker(
                        "consume",
                        "filtered",
                        "--from",
                        "earliest",
                        "--exit",
                        "--format",
                        "%o",
                        "--filter",
                        "value.user.id >= 90 and header.even == 'yes' and not key =~ '^k9[68]$'"));
    }

    @Test
    void tailShowsTheYoungestOfAllPartitionsAndTopics() throws Exception {
        create("tail-a", 3);
        create("tail-b", 1);
        write("tail-a", 3, 30);
        write("tail-b", 1, 28);
        assertEquals(
                List.of("tail-a-0@9 k27", "tail-b-0@27 k27", "tail-a-1@9 k28", "tail-a-2@9 k29"),
                onBroker("tail", "tail-a", "tail-b", "-n", "4", "--no-follow", "--format", "%k"));
        assertEquals(List.of(), onBroker("tail", "tail-a", "-n", "0", "--no-follow"));
    }

    @Test
    void lagIsToldInRecordsBytesAndTime() throws Exception {
        create("lagging", 1);
        write("lagging", 1, 100);
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.alterConsumerGroupOffsets(
                            "behind", Map.of(new TopicPartition("lagging", 0), new OffsetAndMetadata(40)))
                    .all()
                    .get();
        }
        long beforeMs = System.currentTimeMillis();
        JsonNode group = new ObjectMapper()
                .readTree(String.join("", onBroker("group", "describe", "behind", "--json")))
                .get(0);
        JsonNode offsets = group.get("offsets").get(0);
        assertEquals(60, offsets.get("lag").asLong());
        long lagMs = offsets.get("lagMs").asLong();
        assertTrue(lagMs >= beforeMs - FIRST_MS - 40_000, group::toString);
        assertTrue(lagMs <= System.currentTimeMillis() - FIRST_MS - 40_000, group::toString);
        long lagBytes = offsets.get("lagBytes").asLong();
        assertTrue(lagBytes > 500 && lagBytes < 60 * 200, group::toString);
    }

    @Test
    void latencyIsMeasuredToTheAcknowledgementAndToTheConsumer() throws Exception {
        create("measured", 2);
        for (String what : List.of("latency", "end-to-end")) {
            List<String> printed = onBroker("bench", what, "measured", "-n", "300", "--json");
            JsonNode result = new ObjectMapper().readTree(printed.getLast());
            assertEquals(300, result.get("records").asLong(), printed::toString);
            double p50 = result.get("p50Ms").asDouble();
            double max = result.get("maxMs").asDouble();
            assertTrue(p50 > 0 && p50 <= max && max < 60_000, printed::toString);
        }
    }

    @Test
    void aSavedContextIsTalkedToUnlessAnotherClusterIsSaid() throws Exception {
        create("saved", 1);
        millrace("context", "add", "test", "--bootstrap", broker.bootstrap());
        assertTrue(millrace("topic", "list").contains("saved"), "the first context is the current one");
        millrace("context", "add", "nowhere", "--bootstrap", "127.0.0.1:1", "--use");
        assertTrue(millrace("topic", "list", "--context", "test").contains("saved"), "a context can be said");
        assertTrue(onBroker("topic", "list").contains("saved"), "an address beats the current context");
        Path file = directory.resolve("client.properties");
        Files.writeString(file, "bootstrap.servers=" + broker.bootstrap() + "\n");
        assertTrue(
                millrace("topic", "list", "--command-config", file.toString()).contains("saved"), "so does a file");
        assertEquals(
                List.of(),
                millrace("consume", "saved", "--from", "earliest", "--exit", "--command-config", file.toString()));
        assertEquals(
                List.of("Removed context nowhere; none is the current one now."),
                millrace("context", "remove", "nowhere"));
    }
}
