package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code millrace group reset}, {@code topic offsets} and {@code config} on the broker under test (Millrace or Apache);
 * Kafka's own admin client says what they did.
 */
@Tag("long")
final class OffsetCommandsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int RECORDS = 10;
    private static final long FIRST_MS = 1_700_000_000_000L;

    @RegisterExtension
    static final BrokerUnderTest broker =
            BrokerUnderTest.with("group.min.session.timeout.ms=1000", "group.initial.rebalance.delay.ms=0");

    @TempDir
    Path directory;

    private List<String> millrace(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--bootstrap", broker.bootstrap()));
        return ChildProcess.run("millrace", directory, Map.of(), PATIENCE, command);
    }

    /** A topic of one partition, whose records are a second apart. */
    private static void fill(Admin admin, String topic) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < RECORDS; i++) {
            byte[] value = String.valueOf(i).getBytes(StandardCharsets.UTF_8);
            records.add(new ProducerRecord<>(topic, 0, FIRST_MS + i * 1_000L, null, value));
        }
        try (var producer = JavaClients.producer(broker.bootstrap())) {
            JavaClients.write(producer, records);
        }
    }

    private static long committed(Admin admin, String group, String topic) throws Exception {
        return admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get()
                .get(new TopicPartition(topic, 0))
                .offset();
    }

    @Test
    void aGroupIsResetAndTheUndoFileBringsItBack() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            fill(admin, "reset");
            millrace("group", "reset", "g", "--to-offset", "4", "--topic", "reset:0", "--execute");
            assertEquals(4, committed(admin, "g", "reset"));
            millrace("group", "reset", "g", "--to-latest", "--all-topics");
            assertEquals(4, committed(admin, "g", "reset"), "without --execute nothing is done");
            Path undo = directory.resolve("undo");
            millrace("group", "reset", "g", "--to-latest", "--all-topics", "--execute", "--undo-file", undo.toString());
            assertEquals(RECORDS, committed(admin, "g", "reset"));
            assertEquals(List.of("reset,0,4"), Files.readAllLines(undo));
            millrace("group", "reset", "g", "--from-file", undo.toString(), "--execute");
            assertEquals(4, committed(admin, "g", "reset"));
            millrace("group", "reset", "g", "--shift-by", "-1", "--topic", "reset", "--execute");
            assertEquals(3, committed(admin, "g", "reset"));
            millrace(
                    "group",
                    "reset",
                    "g",
                    "--to-time",
                    String.valueOf(FIRST_MS + 6_500),
                    "--topic",
                    "reset",
                    "--execute");
            assertEquals(7, committed(admin, "g", "reset"));
            millrace("group", "reset", "g", "--to-offset", "99", "--topic", "reset", "--execute");
            assertEquals(RECORDS, committed(admin, "g", "reset"));
        }
    }

    @Test
    void anUndoneResetLeavesNothingCommittedWhereNothingWas() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            fill(admin, "fresh");
            Path undo = directory.resolve("undo-fresh");
            millrace(
                    "group",
                    "reset",
                    "f",
                    "--to-latest",
                    "--topic",
                    "fresh",
                    "--execute",
                    "--undo-file",
                    undo.toString());
            assertEquals(RECORDS, committed(admin, "f", "fresh"));
            assertEquals(List.of("fresh,0,-1"), Files.readAllLines(undo));
            millrace("group", "reset", "f", "--from-file", undo.toString());
            assertEquals(RECORDS, committed(admin, "f", "fresh"), "without --execute nothing is done");
            millrace("group", "reset", "f", "--from-file", undo.toString(), "--execute");
            assertEquals(
                    Map.of(),
                    admin.listConsumerGroupOffsets("f")
                            .partitionsToOffsetAndMetadata()
                            .get());
        }
    }

    @Test
    void aGroupWithMembersIsLeftAlone() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap());
                var consumer = JavaClients.consumer(broker.bootstrap(), "group.id", "busy")) {
            fill(admin, "busy");
            consumer.subscribe(List.of("busy"));
            JavaClients.take(consumer, RECORDS);
            consumer.commitSync();
            assertThrows(
                    AssertionError.class,
                    () -> millrace("group", "reset", "busy", "--to-earliest", "--topic", "busy", "--execute"));
            assertEquals(RECORDS, committed(admin, "busy", "busy"));
        }
    }

    @Test
    void offsetsAreFoundByTime() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            fill(admin, "times");
        }
        assertEquals("[{\"topic\":\"times\",\"partition\":0,\"offset\":10}]", offsets("latest"));
        assertEquals("[{\"topic\":\"times\",\"partition\":0,\"offset\":0}]", offsets("earliest"));
        assertEquals("[{\"topic\":\"times\",\"partition\":0,\"offset\":9}]", offsets("max-timestamp"));
        assertEquals("[{\"topic\":\"times\",\"partition\":0,\"offset\":3}]", offsets("2023-11-14T22:13:22.001"));
        assertEquals(
                "[{\"topic\":\"times\",\"partition\":0,\"offset\":null}]", offsets(String.valueOf(FIRST_MS + 60_000)));
    }

    private String offsets(String time) {
        return millrace("topic", "offsets", "times", "--json", "--time", time).getLast();
    }

    @Test
    void aTopicIsTrimmedAndItsProducersAreListed() throws Exception {
        TopicPartition partition = new TopicPartition("trimmed", 0);
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            fill(admin, "trimmed");
            assertEquals(
                    "[{\"topic\":\"trimmed\",\"partition\":0,\"logStartOffset\":0,\"newLogStartOffset\":3}]",
                    millrace("topic", "trim", "trimmed", "--before-offset", "3", "--json")
                            .getLast());
            assertEquals(0, logStart(admin, partition), "without --execute nothing is done");
            millrace("topic", "trim", "trimmed", "--before-offset", "3", "--execute");
            assertEquals(3, logStart(admin, partition));
            String time = String.valueOf(FIRST_MS + 6_500);
            millrace("topic", "trim", "trimmed", "--partition", "0", "--before-time", time, "--execute");
            assertEquals(7, logStart(admin, partition));
            millrace("topic", "trim", "trimmed", "--before-offset", "5", "--execute"); // It begins later already.
            assertEquals(7, logStart(admin, partition));
            assertThrows(
                    AssertionError.class,
                    () -> millrace("topic", "trim", "trimmed", "--before-offset", "99", "--execute"));
            millrace("topic", "trim", "trimmed", "--all", "--execute");
            assertEquals(RECORDS, logStart(admin, partition));
            var state = admin.describeProducers(List.of(partition))
                    .partitionResult(partition)
                    .get()
                    .activeProducers()
                    .getFirst();
            assertEquals(
                    "[{\"topic\":\"trimmed\",\"partition\":0,\"producerId\":" + state.producerId()
                            + ",\"producerEpoch\":" + state.producerEpoch() + ",\"lastSequence\":"
                            + state.lastSequence()
                            + ",\"lastTimestamp\":" + state.lastTimestamp()
                            + ",\"coordinatorEpoch\":-1,\"transactionStartOffset\":null}]",
                    millrace("topic", "producers", "trimmed", "--json").getLast());
            assertEquals(
                    "[]",
                    millrace("topic", "producers", "trimmed", "--open", "--json")
                            .getLast());
        }
    }

    private static long logStart(Admin admin, TopicPartition partition) throws Exception {
        return admin.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                .partitionResult(partition)
                .get()
                .offset();
    }

    @Test
    void whatAGroupHasCommittedForATopicIsForgotten() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            fill(admin, "kept");
            fill(admin, "left");
            millrace("group", "reset", "leaver", "--to-latest", "--topic", "kept", "--topic", "left", "--execute");
            assertEquals(
                    "[{\"topic\":\"left\",\"partition\":0,\"committed\":10}]",
                    millrace("group", "delete-offsets", "leaver", "--topic", "left", "--json")
                            .getLast());
            assertEquals(
                    Set.of(new TopicPartition("kept", 0)),
                    admin.listConsumerGroupOffsets("leaver")
                            .partitionsToOffsetAndMetadata()
                            .get()
                            .keySet());
            assertThrows(AssertionError.class, () -> millrace("group", "delete-offsets", "leaver", "--topic", "left"));
        }
    }

    @Test
    void configurationIsSetShownWithItsSourceAndTakenBack() throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic("configured", 1, (short) 1)))
                    .all()
                    .get();
            millrace("config", "alter", "topic", "configured", "-c", "retention.ms=12345");
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, "configured");
            ConfigEntry entry = admin.describeConfigs(List.of(resource))
                    .all()
                    .get()
                    .get(resource)
                    .get("retention.ms");
            assertEquals("12345", entry.value());
            assertEquals(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, entry.source());
            String shown = String.join("\n", millrace("config", "describe", "topic", "configured"));
            assertTrue(shown.matches("(?s).*retention\\.ms +12345 +topic.*"), shown);
            millrace("config", "alter", "topic", "configured", "--delete-config", "retention.ms");
            String after = String.join("\n", millrace("config", "describe", "topic", "configured"));
            assertTrue(!after.contains("12345"), after);
            millrace("config", "alter", "broker", "-c", "log.retention.ms=77777777");
            String broad = String.join("\n", millrace("config", "describe", "broker"));
            assertTrue(broad.matches("(?s).*log\\.retention\\.ms +77777777 +all brokers.*"), broad);
            millrace("config", "alter", "broker", "--delete-config", "log.retention.ms");
        }
    }
}
