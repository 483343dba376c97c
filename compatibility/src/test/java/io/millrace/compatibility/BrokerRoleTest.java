package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker of Millrace's whose controller is a process of Apache's, looked at by the official clients. */
class BrokerRoleTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void itJoinsApachesControllerServesTopicsAndLeavesInOrder() throws Exception {
        int controllerPort = FreePort.find();
        int port = FreePort.find();
        String quorum = "controller.quorum.bootstrap.servers=127.0.0.1:" + controllerPort;
        try (var controller = new ControllerProcess(
                1, controllerPort, true, directory.resolve("controller"), quorum, List.of("--standalone"))) {
            controller.format();
            controller.begin();
            try (ChildProcess broker = begin(port, quorum)) {
                broker.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
                try {
                    serves(port);
                } catch (ExecutionException failed) {
                    throw new AssertionError(controller.output() + "\n" + broker.output(), failed);
                }
                broker.terminate();
                assertEquals(0, broker.awaitExit(PATIENCE), broker::output);
                // In which of its two directories replicas lie, and that it wanted to stop, the controller has heard.
                for (String complaint : List.of("did not let the broker go", "did not note where replicas lie"))
                    assertTrue(broker.lines().stream().noneMatch(line -> line.contains(complaint)), broker::output);
            }
        }
    }

    private ChildProcess begin(int port, String quorum) throws Exception {
        Path home = Files.createDirectories(directory.resolve("broker"));
        Path properties = home.resolve("server.properties");
        Files.write(
                properties,
                List.of(
                        "process.roles=broker",
                        "node.id=10",
                        quorum,
                        "controller.listener.names=CONTROLLER",
                        "listeners=PLAINTEXT://127.0.0.1:" + port,
                        "log.dirs=" + home.resolve("log-a") + "," + home.resolve("log-b"),
                        "group.initial.rebalance.delay.ms=0"));
        return ChildProcess.start(
                "the broker",
                home,
                Map.of(),
                List.of(
                        MillraceBroker.PROGRAM,
                        "start",
                        "--config",
                        properties.toString(),
                        "--cluster-id",
                        ControllerProcess.CLUSTER,
                        "--set",
                        "millrace.metrics.address="));
    }

    private static void serves(int port) throws Exception {
        Map<String, Object> to = Map.of("bootstrap.servers", "127.0.0.1:" + port);
        try (Admin admin = Admin.create(to)) {
            admin.createTopics(List.of(new NewTopic("t", 3, (short) 1))).all().get(30, TimeUnit.SECONDS);
            // The broker that was asked knows it as soon as it has answered.
            assertEquals(Set.of("t"), admin.listTopics().names().get(30, TimeUnit.SECONDS));
            var topic = new ConfigResource(ConfigResource.Type.TOPIC, "t");
            admin.incrementalAlterConfigs(Map.of(
                            topic,
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("max.message.bytes", "2000000"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            Await.until(
                    "the property is known",
                    PATIENCE,
                    () -> "2000000"
                            .equals(admin.describeConfigs(List.of(topic))
                                    .all()
                                    .get(30, TimeUnit.SECONDS)
                                    .get(topic)
                                    .get("max.message.bytes")
                                    .value()));
            QuorumInfo seen = admin.describeMetadataQuorum().quorumInfo().get(30, TimeUnit.SECONDS);
            assertEquals(1, seen.leaderId());
            assertEquals(
                    List.of(10),
                    seen.observers().stream()
                            .map(QuorumInfo.ReplicaState::replicaId)
                            .toList(),
                    seen::toString);
            assertEquals(
                    List.of(10),
                    admin.describeCluster().nodes().get(30, TimeUnit.SECONDS).stream()
                            .map(node -> node.id())
                            .toList());
        }
        Properties client = new Properties();
        client.putAll(to);
        client.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        client.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        client.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        client.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        client.put("auto.offset.reset", "earliest");
        client.put("group.id", "g");
        try (var producer = new KafkaProducer<String, String>(client)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < 30; i++) sent.add(producer.send(new ProducerRecord<>("t", i % 3, "k", "v" + i)));
            for (Future<RecordMetadata> one : sent) one.get(30, TimeUnit.SECONDS);
        }
        try (var consumer = new KafkaConsumer<String, String>(client)) {
            consumer.subscribe(List.of("t"));
            List<String> values = new ArrayList<>();
            Await.until("the records are read", PATIENCE, () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                return values.size() >= 30;
            });
            assertEquals(30, Set.copyOf(values).size(), values::toString);
            consumer.commitSync();
        }
    }
}
