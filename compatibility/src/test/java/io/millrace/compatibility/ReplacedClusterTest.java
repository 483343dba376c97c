package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.compatibility.SharedDirectory.Server;
import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A cluster of Apache's becomes one of Millrace's and Apache's again, node by node, each with the directory and the {@code server.properties} of the one
 * before, under load; and of the mix, one of each kind is killed.
 */
@Tag("campaign")
class ReplacedClusterTest {
    private static final String TOPIC = "numbers";
    private static final int PARTITIONS = 6;
    private static final int PER_SECOND = 1_500;
    private static final TopicPartition LONG_AGO = new TopicPartition("long-ago", 0);

    @TempDir
    Path directory;

    @Test
    void threeNodesThatAreBrokerAndControllerAreReplacedAndReplacedBack() throws Exception {
        try (MixedCluster cluster = MixedCluster.combined(directory)) {
            replaceAndReplaceBack(cluster);
        }
    }

    @Test
    void threeControllersAndThreeBrokersAreReplacedAndReplacedBack() throws Exception {
        try (MixedCluster cluster = MixedCluster.apart(directory)) {
            replaceAndReplaceBack(cluster);
        }
    }

    private static void replaceAndReplaceBack(MixedCluster cluster) throws Exception {
        try (Admin admin = JavaClients.admin(cluster.bootstrap())) {
            cluster.create(admin, TOPIC, PARTITIONS);
            cluster.create(admin, "transactions", 2);
            cluster.create(admin, LONG_AGO.topic(), 1);
            cluster.create(admin, "in-the-mix", 6);
            admin.alterConsumerGroupOffsets("long-ago", Map.of(LONG_AGO, new OffsetAndMetadata(7, "kept")))
                    .all()
                    .get(60, TimeUnit.SECONDS);
            transact(cluster, "by Apache");
            FeatureMetadata features =
                    admin.describeFeatures().featureMetadata().get(60, TimeUnit.SECONDS);
            try (NumberedLoad load = new NumberedLoad(cluster.bootstrap(), TOPIC, PARTITIONS, PER_SECOND);
                    WatchedGroup group = new WatchedGroup(cluster.bootstrap(), "readers", TOPIC, 2)) {
                Run run = new Run(cluster, admin, load, group, features);
                run.goesOn();
                List<MixedNode> nodes = cluster.nodes();
                for (MixedNode node : nodes) {
                    run.handOver(node, Server.MILLRACE);
                    if (isMixed(cluster)) {
                        run.changesAreTakenByBothKinds();
                        System.out.println("in the mix: " + told(cluster));
                    }
                    if (node.id() == nodes.get(nodes.size() / 2).id()) run.oneOfEachIsKilled();
                }
                cluster.awaitWhole(admin);
                assertEquals(
                        "transaction: TransactionalIdAuthorizationException, transaction: TransactionalIdAuthorizationException,"
                                + " group of the consumer protocol: UnsupportedVersionException",
                        told(cluster),
                        "what ours has not got, it says");
                for (MixedNode node : nodes.reversed()) {
                    run.handOver(node, Server.APACHE);
                    if (node.id() == nodes.get(nodes.size() / 2).id()) run.oneOfEachIsKilled();
                }
                transact(cluster, "by Apache again");
                load.end();
                group.end(load.ends(admin), cluster::output);
                run.check();
                load.check(cluster::output);
                System.out.println(load.count() + " records acknowledged; " + group.summary());
                assertEquals(
                        List.of("by Apache", "by Apache again"),
                        committedTransactions(cluster),
                        "what transactions committed");
            }
            cluster.stopAndCompare(TOPIC, PARTITIONS);
        }
    }

    private static boolean isMixed(MixedCluster cluster) {
        return cluster.nodes().stream().map(MixedNode::server).distinct().count() > 1;
    }

    /** What is done and looked at after each change. */
    private record Run(
            MixedCluster cluster, Admin admin, NumberedLoad load, WatchedGroup group, FeatureMetadata features) {
        private static final int AT_LEAST = 2_000;

        void goesOn() throws Exception {
            load.awaitMore(AT_LEAST, cluster::output);
            group.awaitMore(AT_LEAST, cluster::output);
            check();
        }

        void check() throws Exception {
            group.check(admin, cluster::output);
            assertEquals(
                    Map.of(LONG_AGO, new OffsetAndMetadata(7, "kept")),
                    admin.listConsumerGroupOffsets("long-ago")
                            .partitionsToOffsetAndMetadata()
                            .get(60, TimeUnit.SECONDS));
            assertEquals(
                    features.finalizedFeatures(),
                    admin.describeFeatures()
                            .featureMetadata()
                            .get(60, TimeUnit.SECONDS)
                            .finalizedFeatures());
        }

        void handOver(MixedNode node, Server to) throws Exception {
            cluster.handOver(admin, node, to);
            goesOn();
        }

        void oneOfEachIsKilled() throws Exception {
            for (Server kind : Server.values()) {
                MixedNode victim = cluster.nodes().stream()
                        .filter(node -> node.server() == kind)
                        .findFirst()
                        .orElseThrow();
                cluster.killAndBeginAgain(admin, victim);
                goesOn();
            }
        }

        /** Topics come, grow, are configured and go while both kinds serve and control. */
        void changesAreTakenByBothKinds() throws Exception {
            String name = "changed-" + System.nanoTime();
            admin.createTopics(List.of(new NewTopic(name, 3, (short) 3))).all().get(60, TimeUnit.SECONDS);
            admin.createPartitions(Map.of(name, NewPartitions.increaseTo(6)))
                    .all()
                    .get(60, TimeUnit.SECONDS);
            MixedLoad.set(admin, ConfigResource.Type.TOPIC, name, "max.message.bytes", "900000");
            try (var producer = JavaClients.producer(cluster.bootstrap(), "acks", "all")) {
                List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
                for (int i = 0; i < 60; i++) records.add(new ProducerRecord<>(name, i % 6, null, new byte[100]));
                JavaClients.write(producer, records);
            }
            admin.deleteTopics(List.of(name)).all().get(60, TimeUnit.SECONDS);
        }
    }

    /** One transaction that commits, and one that is aborted. */
    private static void transact(MixedCluster cluster, String value) throws Exception {
        try (var producer = JavaClients.producer(cluster.bootstrap(), "transactional.id", "kept")) {
            producer.initTransactions();
            for (boolean commits : new boolean[] {true, false}) {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(
                                "transactions", value.length() % 2, null, value.getBytes(StandardCharsets.UTF_8)))
                        .get(60, TimeUnit.SECONDS);
                if (commits) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
    }

    /** What becomes of a transaction on each partition of its coordinators' topic, and of a member by the consumer protocol (KIP-848). */
    private static String told(MixedCluster cluster) {
        List<String> told = new ArrayList<>();
        // "a" and "b" are of different partitions.
        for (String id : List.of("a", "b")) told.add("transaction: " + toldOfATransaction(cluster, id));
        told.add("group of the consumer protocol: " + toldOfAGroup(cluster));
        return String.join(", ", told);
    }

    private static String toldOfATransaction(MixedCluster cluster, String id) {
        try (var producer = JavaClients.producer(
                cluster.bootstrap(),
                "transactional.id",
                id,
                "max.block.ms",
                "15000",
                "delivery.timeout.ms",
                "15000",
                "request.timeout.ms",
                "5000")) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int partition = 0; partition < 6; partition++) {
                var _ = producer.send(new ProducerRecord<>("in-the-mix", partition, null, new byte[10]));
            }
            producer.commitTransaction();
            return "committed";
        } catch (KafkaException e) {
            return e.getClass().getSimpleName();
        }
    }

    private static String toldOfAGroup(MixedCluster cluster) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", cluster.bootstrap(), "group.id", "newer", "group.protocol", "consumer");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            for (int polls = 0; polls < 100 && consumer.assignment().isEmpty(); polls++)
                consumer.poll(Duration.ofMillis(200));
            return consumer.assignment().isEmpty() ? "no partitions" : "joined";
        } catch (KafkaException e) {
            return e.getClass().getSimpleName();
        }
    }

    private static List<String> committedTransactions(MixedCluster cluster) {
        var partitions = Set.of(new TopicPartition("transactions", 0), new TopicPartition("transactions", 1));
        List<String> values = new ArrayList<>();
        try (var consumer = JavaClients.consumer(cluster.bootstrap(), "isolation.level", "read_committed")) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            JavaClients.take(consumer, 2)
                    .forEach(record -> values.add(new String(record.value(), StandardCharsets.UTF_8)));
        }
        return values.stream().sorted().toList();
    }
}
