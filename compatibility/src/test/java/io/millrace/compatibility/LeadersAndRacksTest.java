package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Official clients of three nodes in a rack each: whom they turn to when a leader moves (KIP-951), and whom they read from (KIP-392). */
class LeadersAndRacksTest {
    private static final TopicPartition MOVES = new TopicPartition("moves", 0);
    private static final TopicPartition NEAR = new TopicPartition("near", 0);
    private static final int RECORDS = 500;
    private static final String LONG_MS = "40000";

    @TempDir
    Path directory;

    @Test
    void clientsFollowALeaderAndReadInTheirRack() throws Exception {
        try (ReplicatedCluster cluster = new ReplicatedCluster(
                        directory,
                        3,
                        "replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector");
                Admin admin = JavaClients.admin(cluster.bootstrap())) {
            cluster.create(MOVES.topic(), 1, Map.of());
            cluster.create(NEAR.topic(), 1, Map.of());
            cluster.awaitInSync(admin, MOVES.topic(), 3);
            cluster.awaitInSync(admin, NEAR.topic(), 3);
            goToTheNextLeaderWithoutAskingWhoThatIs(cluster, admin);
            readAtTheReplicaInTheirRack(cluster, admin);
        }
    }

    /** Without hints the clients would ask for metadata, and before that wait for as long as their backoff is. */
    private static void goToTheNextLeaderWithoutAskingWhoThatIs(ReplicatedCluster cluster, Admin admin)
            throws Exception {
        Properties patient = client(cluster);
        patient.put("retry.backoff.ms", LONG_MS);
        patient.put("retry.backoff.max.ms", LONG_MS);
        patient.put("metadata.max.age.ms", "600000");
        try (var producer = new KafkaProducer<String, String>(patient);
                var consumer = new KafkaConsumer<String, String>(patient)) {
            consumer.assign(List.of(MOVES));
            consumer.seek(MOVES, 0);
            send(producer, "before");
            assertEquals("before", next(consumer, cluster));
            int first = cluster.leader(admin, MOVES.topic(), 0, -1);
            int second = first % 3 + 1;
            moveTo(admin, cluster, List.of(second, first, 6 - first - second));
            long begunNanos = System.nanoTime();
            send(producer, "after");
            assertEquals("after", next(consumer, cluster));
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
            assertTrue(tookMs < Long.parseLong(LONG_MS) / 2, () -> "it took " + tookMs + " ms\n" + cluster.output());
        }
    }

    private static void send(KafkaProducer<String, String> producer, String value) throws Exception {
        producer.send(new ProducerRecord<>(MOVES.topic(), 0, "k", value)).get(90, TimeUnit.SECONDS);
    }

    private static String next(KafkaConsumer<String, String> consumer, ReplicatedCluster cluster) {
        List<String> values = new ArrayList<>();
        Await.until(
                "a record comes",
                Duration.ofSeconds(90),
                () -> {
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
                    return !values.isEmpty();
                },
                cluster::output);
        assertEquals(1, values.size(), values::toString);
        return values.getFirst();
    }

    private static void moveTo(Admin admin, ReplicatedCluster cluster, List<Integer> replicas) throws Exception {
        admin.alterPartitionReassignments(Map.of(MOVES, Optional.of(new NewPartitionReassignment(replicas))))
                .all()
                .get(30, TimeUnit.SECONDS);
        Await.until(
                "the order of replicas is changed",
                ReplicatedCluster.PATIENCE,
                () -> admin.listPartitionReassignments()
                        .reassignments()
                        .get(30, TimeUnit.SECONDS)
                        .isEmpty(),
                cluster::output);
        admin.electLeaders(ElectionType.PREFERRED, Set.of(MOVES)).partitions().get(30, TimeUnit.SECONDS);
        Await.until(
                "broker " + replicas.getFirst() + " leads",
                ReplicatedCluster.PATIENCE,
                () -> cluster.leader(admin, MOVES.topic(), 0, -1) == replicas.getFirst(),
                cluster::output);
    }

    private static void readAtTheReplicaInTheirRack(ReplicatedCluster cluster, Admin admin) throws Exception {
        int leader = cluster.leader(admin, NEAR.topic(), 0, -1);
        int follower = leader % 3 + 1;
        Properties near = client(cluster);
        near.put("client.rack", "rack-" + follower);
        near.put("fetch.max.wait.ms", "5000");
        try (var producer = new KafkaProducer<String, String>(client(cluster));
                var consumer = new KafkaConsumer<String, String>(near)) {
            consumer.assign(List.of(NEAR));
            consumer.seek(NEAR, 0);
            Set<Long> offsets = new TreeSet<>();
            List<Integer> readAt = new ArrayList<>();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                sent.add(producer.send(new ProducerRecord<>(NEAR.topic(), 0, "k", "v" + i)));
                if (i % 100 == 99) {
                    for (Future<RecordMetadata> one : sent) one.get(60, TimeUnit.SECONDS);
                    sent.clear();
                    long wanted = i + 1L;
                    Await.until(
                            wanted + " records are read",
                            ReplicatedCluster.PATIENCE,
                            () -> {
                                consumer.poll(Duration.ofMillis(100)).forEach(record -> {
                                    assertTrue(offsets.add(record.offset()), () -> record.offset() + " came twice");
                                    readAt.add(readReplica(consumer));
                                });
                                return offsets.size() >= wanted;
                            },
                            cluster::output);
                }
            }
            assertEquals(RECORDS, offsets.size());
            assertEquals(Set.of(follower), Set.copyOf(readAt));
        }
    }

    /** What the consumer itself says it reads from; -1 for the leader. */
    private static int readReplica(KafkaConsumer<String, String> consumer) {
        return consumer.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals("preferred-read-replica"))
                .map(metric -> ((Number) metric.getValue().metricValue()).intValue())
                .findFirst()
                .orElse(-2);
    }

    private static Properties client(ReplicatedCluster cluster) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", cluster.bootstrap());
        properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        properties.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        properties.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        properties.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        properties.put("auto.offset.reset", "none");
        return properties;
    }
}
