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
import java.util.TreeSet;
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
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Brokers of Millrace's whose controllers are other processes, among nodes of Apache's, looked at by the official clients. */
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
        Properties client = client(port);
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

    private static Properties client(int port) {
        Properties client = new Properties();
        client.put("bootstrap.servers", "127.0.0.1:" + port);
        client.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        client.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        client.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        client.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        client.put("auto.offset.reset", "earliest");
        client.put("group.id", "g");
        return client;
    }

    @Test
    void besideABrokerOfApachesItServesItsPartitionsAndHasThemAgainAfterAKill() throws Exception {
        int controllerPort = FreePort.find();
        int port = FreePort.find();
        int apachesPort = FreePort.find();
        String quorum = "controller.quorum.voters=1@127.0.0.1:" + controllerPort;
        try (var controller =
                new ControllerProcess(1, controllerPort, false, directory.resolve("controller"), quorum, List.of())) {
            controller.format();
            controller.begin("broker.session.timeout.ms=3000");
            try (ChildProcess apaches = beginApaches(apachesPort, quorum);
                    Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + apachesPort))) {
                try (ChildProcess first = begin(port, quorum)) {
                    first.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
                    apaches.awaitLine("that it is ready", PATIENCE, line -> line.contains("Kafka Server started"));
                    admin.createTopics(List.of(new NewTopic("t", Map.of(0, List.of(10), 1, List.of(20)))))
                            .all()
                            .get(30, TimeUnit.SECONDS);
                    awaitLeaders(admin, List.of(10, 20));
                    produceToBoth(port, "a");
                    first.kill();
                }
                awaitLeaders(admin, List.of(-1, 20));
                try (ChildProcess again = begin(port, quorum)) {
                    again.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
                    awaitLeaders(admin, List.of(10, 20));
                    produceToBoth(port, "b");
                    assertEquals(Set.of("a0", "a1", "b0", "b1"), valuesSeenAt(apachesPort));
                }
            } catch (ExecutionException failed) {
                throw new AssertionError(controller.output(), failed);
            }
        }
    }

    /** The files of a formatted directory are the same, whichever program makes them. */
    private ChildProcess beginApaches(int port, String quorum) throws Exception {
        Path home = Files.createDirectories(directory.resolve("apaches"));
        Path properties = home.resolve("server.properties");
        Files.write(
                properties,
                List.of(
                        "process.roles=broker",
                        "node.id=20",
                        quorum,
                        "controller.listener.names=CONTROLLER",
                        "listeners=PLAINTEXT://127.0.0.1:" + port,
                        "log.dirs=" + home.resolve("log"),
                        "group.initial.rebalance.delay.ms=0",
                        "offsets.topic.num.partitions=4",
                        "offsets.topic.replication.factor=1"));
        ChildProcess.run(
                "formatting the broker",
                home,
                Map.of(),
                PATIENCE,
                List.of(
                        MillraceBroker.PROGRAM,
                        "format",
                        "--cluster-id",
                        ControllerProcess.CLUSTER,
                        "--config",
                        properties.toString()));
        return beginApachesAgain();
    }

    private ChildProcess beginApachesAgain() {
        Path home = directory.resolve("apaches");
        return ChildProcess.start(
                "Apache's broker",
                home,
                Map.of(),
                ControllerProcess.apache(
                        "512m", "kafka.Kafka", home.resolve("server.properties").toString()));
    }

    private static void awaitLeaders(Admin admin, List<Integer> wanted) {
        List<List<Integer>> last = new ArrayList<>();
        Await.until(
                "the leaders are " + wanted,
                PATIENCE,
                () -> {
                    last.add(admin
                            .describeTopics(List.of("t"))
                            .allTopicNames()
                            .get(30, TimeUnit.SECONDS)
                            .get("t")
                            .partitions()
                            .stream()
                            .map(partition -> partition.leader() == null
                                    ? -1
                                    : partition.leader().id())
                            .toList());
                    return last.getLast().equals(wanted);
                },
                () -> "last: " + last);
    }

    private static void produceToBoth(int port, String value) throws Exception {
        try (var producer = new KafkaProducer<String, String>(client(port))) {
            for (int partition = 0; partition < 2; partition++)
                producer.send(new ProducerRecord<>("t", partition, "k", value + partition))
                        .get(30, TimeUnit.SECONDS);
        }
    }

    private static Set<String> valuesSeenAt(int port) {
        Set<String> values = new TreeSet<>();
        try (var consumer = new KafkaConsumer<String, String>(client(port))) {
            consumer.subscribe(List.of("t"));
            Await.until("four records are read", PATIENCE, () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                return values.size() == 4;
            });
        }
        return values;
    }

    @Test
    @Tag("campaign")
    void replicasOfOursFollowApachesAndApachesFollowOursAndEitherServesWhatTheOtherTook() throws Exception {
        int controllerPort = FreePort.find();
        int port = FreePort.find();
        int apachesPort = FreePort.find();
        String quorum = "controller.quorum.voters=1@127.0.0.1:" + controllerPort;
        try (var controller =
                new ControllerProcess(1, controllerPort, false, directory.resolve("controller"), quorum, List.of())) {
            controller.format();
            controller.begin("broker.session.timeout.ms=3000");
            ChildProcess apaches = beginApaches(apachesPort, quorum);
            ChildProcess ours = begin(port, quorum);
            try (Admin admin =
                    Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + apachesPort + ",127.0.0.1:" + port))) {
                ours.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
                apaches.awaitLine("that it is ready", PATIENCE, line -> line.contains("Kafka Server started"));
                admin.createTopics(List.of(new NewTopic("t", Map.of(0, List.of(10, 20), 1, List.of(20, 10)))
                                .configs(Map.of("compression.type", "producer"))))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                awaitLeaders(admin, List.of(10, 20));
                Set<String> written = new TreeSet<>();
                produceMany(port, 0, written);
                awaitInSync(admin, 2);

                apaches.kill();
                awaitLeaders(admin, List.of(10, 10));
                assertEquals(written, valuesIn(port));
                apaches = beginApachesAgain();
                apaches.awaitLine("that it is ready", PATIENCE, line -> line.contains("Kafka Server started"));
                awaitInSync(admin, 2);
                produceMany(port, 1, written);

                ours.kill();
                awaitLeaders(admin, List.of(20, 20));
                assertEquals(written, valuesIn(apachesPort));
                ours = begin(port, quorum);
                ours.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
                awaitInSync(admin, 2);
            } catch (ExecutionException | AssertionError failed) {
                throw new AssertionError(controller.output() + "\n" + ours.output() + "\n" + apaches.output(), failed);
            } finally {
                ours.close();
                apaches.close();
            }
        }
    }

    private static void produceMany(int port, int round, Set<String> written) throws Exception {
        Properties client = client(port);
        client.put("acks", "all");
        client.put("compression.type", round == 1 ? "lz4" : "none");
        try (var producer = new KafkaProducer<String, String>(client)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                String value = round + "-" + i;
                written.add(i % 2 + ":" + i / 2 + ":" + value);
                sent.add(producer.send(new ProducerRecord<>("t", i % 2, "k", value)));
            }
            for (Future<RecordMetadata> one : sent) one.get(60, TimeUnit.SECONDS);
        }
    }

    private static void awaitInSync(Admin admin, int count) {
        List<Object> last = new ArrayList<>();
        Await.until(
                count + " replicas are in sync",
                PATIENCE,
                () -> {
                    var partitions = admin.describeTopics(List.of("t"))
                            .allTopicNames()
                            .get(30, TimeUnit.SECONDS)
                            .get("t")
                            .partitions();
                    last.add(partitions);
                    return partitions.stream().allMatch(each -> each.isr().size() == count);
                },
                () -> "last: " + last.getLast());
    }

    /** Partition, place within the round, and value of all records, each once. */
    private static Set<String> valuesIn(int port) {
        Set<String> values = new TreeSet<>();
        List<TopicPartition> both = List.of(new TopicPartition("t", 0), new TopicPartition("t", 1));
        try (var consumer = new KafkaConsumer<String, String>(client(port))) {
            consumer.assign(both);
            consumer.seekToBeginning(both);
            Map<TopicPartition, Long> ends = consumer.endOffsets(both);
            Await.until("all is read", PATIENCE, () -> {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(record -> assertTrue(
                                values.add(record.partition() + ":" + record.offset() % 250 + ":" + record.value()),
                                () -> record + " is there twice"));
                return both.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
            });
        }
        return values;
    }
}
