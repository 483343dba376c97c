package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code node drain} and {@code reassign run} on a cluster of three of the broker under test, looked at by Kafka's clients. */
@Tag("long")
final class MovedPartitionsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int RECORDS = 2_000;
    private static final int RECORD_BYTES = 1_000;
    private static final Map<Integer, List<Integer>> REPLICAS =
            Map.of(0, List.of(1, 2), 1, List.of(2, 3), 2, List.of(3, 1), 3, List.of(3, 2));

    @TempDir
    Path directory;

    private List<String> millrace(String bootstrap, String... arguments) {
        return new MillraceCommand(directory, bootstrap).run(arguments);
    }

    @Test
    void aBrokerIsDrainedAndGetsItsReplicasBackByTheUndoFile() throws Exception {
        if (BrokerKind.underTest() instanceof ApacheBroker) {
            try (var cluster = DisturbedCluster.ofThreeOfApaches(Integer.MAX_VALUE, Set.of(), new Random(7))) {
                drainsAndUndoes(cluster.brokers());
            }
            return;
        }
        try (var cluster = ChildProcess.start(
                "the cluster",
                directory,
                Map.of(),
                List.of(
                        MillraceBroker.PROGRAM,
                        "start",
                        "--cluster",
                        "3",
                        "--data",
                        directory.resolve("cluster").toString(),
                        "--listen",
                        "127.0.0.1:0",
                        "--set",
                        "millrace.metrics.address="))) {
            String ready = cluster.awaitLine("that it is ready", PATIENCE, new MillraceBroker()::saysReady);
            String addresses = ready.substring(ready.indexOf(" ms: ") + " ms: ".length(), ready.indexOf(" (data"));
            try {
                drainsAndUndoes(addresses);
            } catch (AssertionError failed) {
                throw new AssertionError(failed.getMessage() + "\n" + cluster.output(), failed);
            }
        }
    }

    private void drainsAndUndoes(String bootstrap) throws Exception {
        try (var admin = JavaClients.admin(bootstrap)) {
            admin.createTopics(List.of(new NewTopic("moved", REPLICAS))).all().get();
        }
        try (var producer = JavaClients.producer(bootstrap, "acks", "all")) {
            for (int i = 0; i < RECORDS; i++) {
                var _ = producer.send(new ProducerRecord<>("moved", i % REPLICAS.size(), null, new byte[RECORD_BYTES]));
            }
        }
        List<String> plan = millrace(bootstrap, "node", "drain", "3");
        assertTrue(plan.stream().anyMatch(line -> line.matches("moved-2 +3,1 .* 5\\d{5}")), plan::toString);
        Await.until("a plan has changed nothing", PATIENCE, () -> REPLICAS.equals(replicasInSync(bootstrap)));
        Path undo = directory.resolve("undo.json");
        List<String> drained = millrace(
                bootstrap,
                "node",
                "drain",
                "3",
                "--execute",
                "--batch",
                "2",
                "--cordon",
                "--undo-file",
                undo.toString());
        assertTrue(drained.getLast().startsWith("Broker 3 has no replicas any more"), drained::toString);
        Await.until(
                "all is on brokers 1 and 2",
                PATIENCE,
                () -> replicasInSync(bootstrap).values().stream()
                        .allMatch(replicas -> Set.of(1, 2).equals(Set.copyOf(replicas))));
        assertEquals(RECORDS, readable(bootstrap));
        assertRefused("to have 4 replicas", bootstrap, "node", "unregister", "2");
        assertRefused("it runs", bootstrap, "node", "unregister", "3");
        assertRefused("are cordoned", bootstrap, "reassign", "run", "--json-file", undo.toString());
        millrace(bootstrap, "config", "alter", "broker", "3", "--delete-config", "cordoned.log.dirs");
        long beganNanos = System.nanoTime();
        List<String> undone =
                millrace(bootstrap, "reassign", "run", "--json-file", undo.toString(), "--throttle", "250000");
        long tookMs = (System.nanoTime() - beganNanos) / 1_000_000;
        assertEquals("3 of 3 partitions are where they are wanted.", undone.getLast());
        // Broker 3 gets 1.5 MB; the first answers may exceed the rate.
        assertTrue(tookMs > 2_000 && tookMs < 60_000, "it took " + tookMs + " ms");
        assertEquals(List.of(), throttles(bootstrap));
        Await.until("all is where it was", PATIENCE, () -> REPLICAS.equals(replicasInSync(bootstrap)));
        assertEquals(RECORDS, readable(bootstrap));
        assertTrue(
                Files.readString(undo).startsWith("{\"version\":1,\"partitions\":[{\"topic\":\"moved\""),
                "Kafka's form");
        assertEquals(List.of("Nothing moves."), millrace(bootstrap, "reassign", "watch"));
    }

    /** What is left of throttles on brokers and topics. */
    private static List<String> throttles(String bootstrap) throws Exception {
        List<ConfigResource> all = List.of(
                new ConfigResource(ConfigResource.Type.BROKER, "1"),
                new ConfigResource(ConfigResource.Type.BROKER, "2"),
                new ConfigResource(ConfigResource.Type.BROKER, "3"),
                new ConfigResource(ConfigResource.Type.TOPIC, "moved"));
        List<String> found = new ArrayList<>();
        try (var admin = JavaClients.admin(bootstrap)) {
            for (var config : admin.describeConfigs(all).all().get().values())
                for (ConfigEntry entry : config.entries())
                    if (entry.name().contains("replication.throttled") && !entry.isDefault())
                        found.add(entry.name() + "=" + entry.value());
        }
        return found;
    }

    private void assertRefused(String why, String bootstrap, String... arguments) {
        AssertionError refused = assertThrows(AssertionError.class, () -> millrace(bootstrap, arguments));
        assertTrue(refused.getMessage().contains(why), refused::getMessage);
    }

    /** By partition, in order; none for one that has a replica out of sync. */
    private static Map<Integer, List<Integer>> replicasInSync(String bootstrap) throws Exception {
        Map<Integer, List<Integer>> found = new TreeMap<>();
        try (var admin = JavaClients.admin(bootstrap)) {
            for (TopicPartitionInfo each : admin.describeTopics(List.of("moved"))
                    .allTopicNames()
                    .get()
                    .get("moved")
                    .partitions()) {
                boolean isWhole = each.isr().size() == each.replicas().size();
                found.put(
                        each.partition(),
                        isWhole
                                ? each.replicas().stream()
                                        .map(node -> node.id())
                                        .toList()
                                : List.of());
            }
        }
        return found;
    }

    private static long readable(String bootstrap) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                JavaClients.consumer(bootstrap, "auto.offset.reset", "earliest")) {
            consumer.assign(REPLICAS.keySet().stream()
                    .map(partition -> new TopicPartition("moved", partition))
                    .toList());
            return JavaClients.take(consumer, RECORDS).size();
        }
    }
}
