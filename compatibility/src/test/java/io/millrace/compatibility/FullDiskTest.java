package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A broker process on a file system of 64 MB, of which ten percent are in reserve. */
@Tag("long")
final class FullDiskTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long DISK_BYTES = 64 << 20;
    private static final long RESERVE_BYTES = DISK_BYTES / 100 * 10;
    private static final int RECORD_BYTES = 20_000;

    private final SmallFileSystem disk = SmallFileSystem.ofBytes(DISK_BYTES);
    private final Path data = disk.path().resolve("data");
    private final int port = FreePort.find();
    private final int metricsPort = FreePort.find();
    private final String bootstrap = "127.0.0.1:" + port;
    private @Nullable ChildProcess broker;
    private int nextNumber;

    private ChildProcess launch() {
        broker = ChildProcess.start(
                "the broker",
                disk.path(),
                Map.of(),
                new MillraceBroker()
                        .prepare(
                                data,
                                port,
                                List.of(
                                        "millrace.log.dir.reserve.percent=10",
                                        "millrace.metrics.address=127.0.0.1:" + metricsPort,
                                        "log.segment.bytes=4194304",
                                        "offsets.topic.num.partitions=1",
                                        "offsets.topic.segment.bytes=1048576",
                                        "group.initial.rebalance.delay.ms=0",
                                        "group.min.session.timeout.ms=1000")));
        return broker;
    }

    private void start() {
        ChildProcess started = launch();
        started.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
    }

    private ChildProcess running() {
        if (broker == null || !broker.isAlive()) throw new AssertionError("the broker has ended");
        return broker;
    }

    private void stop() {
        running().terminate();
        assertEquals(0, running().awaitExit(PATIENCE), () -> running().output());
    }

    @AfterEach
    void endAll() {
        if (broker != null) broker.close();
        disk.close();
    }

    /** One that is told of the first refusal, instead of trying again. */
    private KafkaProducer<byte[], byte[]> impatient() {
        return JavaClients.producer(
                bootstrap, "retries", "0", "enable.idempotence", "false", "batch.size", "0", "max.block.ms", "20000");
    }

    private ProducerRecord<byte[], byte[]> next(String topic) {
        return new ProducerRecord<>(
                topic,
                0,
                null,
                ByteBuffer.allocate(RECORD_BYTES).putInt(nextNumber++).array());
    }

    /**
     * Writes until the directory is read-only, and returns the numbers that were acknowledged. Before that a batch may be
     * refused because the broker waits for what the file system says of its space.
     */
    private List<Integer> fill(KafkaProducer<byte[], byte[]> producer, String topic) throws Exception {
        List<Integer> acknowledged = new ArrayList<>();
        while (true) {
            List<Integer> numbers = new ArrayList<>();
            List<Future<RecordMetadata>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                numbers.add(nextNumber);
                answers.add(producer.send(next(topic)));
            }
            boolean isRefused = false;
            for (int i = 0; i < answers.size(); i++) {
                try {
                    answers.get(i).get();
                    acknowledged.add(numbers.get(i));
                } catch (ExecutionException refused) {
                    KafkaStorageException why = assertInstanceOf(KafkaStorageException.class, refused.getCause());
                    String message = String.valueOf(why.getMessage());
                    assertTrue(message.contains("bytes of " + DISK_BYTES + " are free"), message);
                    isRefused |= message.contains("is full and read-only");
                }
            }
            if (isRefused) return acknowledged;
        }
    }

    private void assertRefused(KafkaProducer<byte[], byte[]> producer, String topic) {
        ExecutionException refused = assertThrows(
                ExecutionException.class, () -> producer.send(next(topic)).get());
        assertInstanceOf(KafkaStorageException.class, refused.getCause());
    }

    /** As a member of a group, which commits. */
    private List<Integer> readAll(String topic, String group, int count) {
        try (var consumer = JavaClients.consumer(bootstrap, "group.id", group)) {
            consumer.subscribe(List.of(topic));
            List<Integer> numbers = JavaClients.take(consumer, count).stream()
                    .map(record -> ByteBuffer.wrap(record.value()).getInt())
                    .toList();
            consumer.commitSync();
            return numbers;
        }
    }

    private List<Integer> readAlone(String topic, int count) {
        try (var consumer = JavaClients.consumer(bootstrap)) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            return JavaClients.take(consumer, count).stream()
                    .map(record -> ByteBuffer.wrap(record.value()).getInt())
                    .toList();
        }
    }

    private String health() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + metricsPort + "/health"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private void makeTopics(String... names) throws Exception {
        try (var admin = JavaClients.admin(bootstrap)) {
            for (String name : names)
                admin.createTopics(List.of(new NewTopic(name, 1, (short) 1)))
                        .all()
                        .get();
        }
    }

    @Test
    void atItsReserveItRefusesProducersServesConsumersAndGoesOnByItself() throws Exception {
        start();
        makeTopics("kept", "spare");
        List<Integer> kept;
        try (var producer = impatient()) {
            List<ProducerRecord<byte[], byte[]>> spare = new ArrayList<>();
            for (int i = 0; i < 400; i++) spare.add(next("spare"));
            JavaClients.write(producer, spare);
            kept = fill(producer, "kept");
            assertTrue(disk.usableBytes() >= RESERVE_BYTES / 2, () -> disk.usableBytes() + " bytes are left");
            assertTrue(kept.size() > 1_000, () -> kept.size() + " were acknowledged");
            Await.until("health says so", PATIENCE, () -> health().contains("serving; " + data + " is full"));
            assertEquals(kept, readAll("kept", "g", kept.size()));
            ExecutionException refused = assertThrows(ExecutionException.class, () -> makeTopics("more"));
            assertInstanceOf(KafkaStorageException.class, refused.getCause());
        }

        stop();
        start();
        try (var producer = impatient()) {
            assertRefused(producer, "kept");
            assertEquals(kept, readAll("kept", "again", kept.size()));
        }
        running().kill();
        start();
        try (var producer = impatient();
                var patient = JavaClients.producer(bootstrap);
                var admin = JavaClients.admin(bootstrap)) {
            assertRefused(producer, "kept");
            assertEquals(kept, readAll("kept", "once more", kept.size()));
            int waiting = nextNumber;
            Future<RecordMetadata> answer = patient.send(next("kept"));
            admin.deleteTopics(List.of("spare")).all().get();
            answer.get();
            kept.add(waiting);
            assertEquals(kept, readAll("kept", "after the deletion", kept.size()));
            assertFalse(running().output().contains("has failed"), running()::output);

            fill(producer, "kept");
            Future<RecordMetadata> second = patient.send(next("kept"));
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "kept"),
                            List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "1"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            second.get();
        }
        stop();
        assertTrue(Files.exists(data.resolve(".kafka_cleanshutdown")));
    }

    @Test
    void whenSomebodyElseTakesTheReserveNothingIsLostAndTheNodeGoesOnWhenItIsGivenBack() throws Exception {
        start();
        makeTopics("kept");
        List<Integer> kept = new ArrayList<>();
        try (var producer = impatient()) {
            for (int i = 0; i < 500; i++) {
                kept.add(nextNumber);
                producer.send(next("kept")).get();
            }
            disk.fillUp();
            // What it knows of the disk is up to five seconds old: it meets the disk's own refusal, in the midst of a
            // batch.
            assertRefused(producer, "kept");
            assertEquals(kept, readAlone("kept", kept.size()));
            disk.makeRoom();
            Await.until("records are taken again", PATIENCE, () -> {
                int number = nextNumber;
                try {
                    producer.send(next("kept")).get();
                } catch (ExecutionException notYet) {
                    return false;
                }
                kept.add(number);
                return true;
            });
            assertEquals(kept, readAlone("kept", kept.size()));
        }

        disk.fillUp();
        stop();
        ChildProcess waiting = launch();
        waiting.awaitLine("that it waits", PATIENCE, line -> line.contains("until there is space"));
        disk.makeRoom();
        waiting.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
        assertEquals(kept, readAlone("kept", kept.size()));
    }

    @Test
    void aDirectoryIsNotFormattedWhereNothingFits() throws Exception {
        disk.fillUp();
        ChildProcess refused = launch();
        assertEquals(1, refused.awaitExit(PATIENCE));
        assertTrue(refused.output().contains("there is no space to format log directory " + data), refused::output);
        assertFalse(Files.exists(data.resolve("meta.properties")));
    }
}
