package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A group of official consumers on three nodes of Millrace's, whose coordinator is killed (G2). */
class MovedCoordinatorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int KILLS = Integer.getInteger("millrace.coordinator.kills", 1);
    private static final String OFFSETS = "__consumer_offsets";
    private static final TopicPartition EARLY = new TopicPartition("early", 0);

    @TempDir
    Path directory;

    private List<MillraceNode> nodes = List.of();
    private final List<Worker> workers = new ArrayList<>();
    /** The highest offset of each partition that a consumer was told is committed. */
    private final Map<TopicPartition, Long> acknowledged = new ConcurrentHashMap<>();

    private final AtomicLong commits = new AtomicLong();
    private final Set<String> sent = ConcurrentHashMap.newKeySet();
    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    private interface Work {
        void until(Worker worker) throws Exception;
    }

    /** A client on a thread of its own, until it is told to stop. */
    private static final class Worker {
        private final Thread thread;
        private volatile boolean isToStop;
        private volatile @Nullable Exception failure;

        Worker(String name, Work work) {
            thread = Thread.ofPlatform().name(name).daemon().start(() -> {
                try {
                    work.until(this);
                } catch (Exception e) {
                    failure = e;
                }
            });
        }

        void stop() throws InterruptedException {
            isToStop = true;
            thread.join(PATIENCE.toMillis());
        }
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Worker worker : workers) worker.isToStop = true;
        for (Worker worker : workers) worker.stop();
        for (MillraceNode node : nodes) node.close();
    }

    private Map<String, Object> client(String... more) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(
                "bootstrap.servers", nodes.stream().map(MillraceNode::address).collect(Collectors.joining(",")));
        properties.put("reconnect.backoff.max.ms", "200");
        for (int i = 0; i < more.length; i += 2) properties.put(more[i], more[i + 1]);
        return properties;
    }

    private void produce(Worker worker) throws Exception {
        String serializer = "org.apache.kafka.common.serialization.StringSerializer";
        try (var producer = new KafkaProducer<String, String>(
                client("key.serializer", serializer, "value.serializer", serializer))) {
            for (int i = 0; !worker.isToStop; i++) {
                String value = "v" + i;
                producer.send(new ProducerRecord<>("t", i % 3, "k", value)).get();
                sent.add(value);
            }
        }
    }

    private void consume(Worker worker) {
        String deserializer = "org.apache.kafka.common.serialization.StringDeserializer";
        try (var consumer = new KafkaConsumer<String, String>(client(
                "group.id", "orders",
                "enable.auto.commit", "false",
                "auto.offset.reset", "earliest",
                "key.deserializer", deserializer,
                "value.deserializer", deserializer))) {
            consumer.subscribe(List.of("t"));
            while (!worker.isToStop) {
                Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    seen.add(record.value());
                    done.put(
                            new TopicPartition(record.topic(), record.partition()),
                            new OffsetAndMetadata(record.offset() + 1));
                }
                if (!done.isEmpty()) commit(consumer, done);
            }
        }
    }

    private void commit(KafkaConsumer<String, String> consumer, Map<TopicPartition, OffsetAndMetadata> done) {
        try {
            consumer.commitSync(done);
        } catch (KafkaException e) {
            return; // the partitions are another's now, who does these records again
        }
        done.forEach((partition, offset) -> acknowledged.merge(partition, offset.offset(), Math::max));
        commits.incrementAndGet();
    }

    private static Map<TopicPartition, Long> committed(Admin admin, String group) throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS)
                .forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        return offsets;
    }

    /** Nothing that was acknowledged before the question is missing in the answer. */
    private void nothingAcknowledgedIsLost(Admin admin) throws Exception {
        Map<TopicPartition, Long> before = Map.copyOf(acknowledged);
        Map<TopicPartition, Long> held = committed(admin, "orders");
        before.forEach((partition, offset) -> assertTrue(
                held.getOrDefault(partition, -1L) >= offset,
                () -> partition + " was acknowledged at " + offset + ", and is at " + held.get(partition)));
        assertEquals(Map.of(EARLY, 7L), committed(admin, "early"));
    }

    private static boolean haveInSync(Admin admin, int count, String... topics) throws Exception {
        return admin.describeTopics(List.of(topics)).allTopicNames().get(30, TimeUnit.SECONDS).values().stream()
                .flatMap(topic -> topic.partitions().stream())
                .map(TopicPartitionInfo::isr)
                .allMatch(isr -> isr.size() == count);
    }

    private String state() {
        StringBuilder all = new StringBuilder(commits + " commits, acknowledged " + acknowledged + "\n");
        for (Worker worker : workers)
            if (worker.failure != null) all.append(worker.failure).append('\n');
        for (MillraceNode node : nodes) all.append(node.output()).append('\n');
        return all.toString();
    }

    @Test
    void offsetsSpreadToNodesThatJoinAndSurviveTheDeathOfTheirCoordinator() throws Exception {
        nodes = MillraceNode.cluster(
                directory,
                3,
                List.of(
                        "default.replication.factor=3",
                        "min.insync.replicas=2",
                        "offsets.topic.num.partitions=4",
                        "broker.session.timeout.ms=2000",
                        "broker.heartbeat.interval.ms=200",
                        "group.initial.rebalance.delay.ms=0"));
        for (MillraceNode node : nodes.subList(0, 2)) node.begin();
        for (MillraceNode node : nodes.subList(0, 2)) node.awaitReady();
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(List.of(new NewTopic("early", 1, (short) 2)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            admin.alterConsumerGroupOffsets("early", Map.of(EARLY, new OffsetAndMetadata(7)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            assertTrue(haveInSync(admin, 2, OFFSETS), "it has as many replicas as there are brokers");

            nodes.get(2).begin();
            nodes.get(2).awaitReady();
            Await.until("the third has the offsets too", PATIENCE, () -> haveInSync(admin, 3, OFFSETS), this::state);
            admin.createTopics(List.of(new NewTopic("t", 3, (short) 3))).all().get(30, TimeUnit.SECONDS);
            workers.add(new Worker("producer", this::produce));
            workers.add(new Worker("consumer 1", this::consume));
            workers.add(new Worker("consumer 2", this::consume));
            for (int kill = 0; kill < KILLS; kill++) killTheCoordinator(admin);

            workers.get(0).stop();
            Await.until("all is consumed", PATIENCE, () -> seen.containsAll(sent), this::state);
            nothingAcknowledgedIsLost(admin);
            for (Worker worker : workers) assertEquals(null, worker.failure, this::state);
        }
    }

    private void killTheCoordinator(Admin admin) throws Exception {
        Await.until(
                "all is in sync and committed to",
                PATIENCE,
                () -> acknowledged.size() == 3 && haveInSync(admin, 3, OFFSETS, "t"),
                this::state);
        int coordinator = admin.describeConsumerGroups(List.of("orders"))
                .all()
                .get(30, TimeUnit.SECONDS)
                .get("orders")
                .coordinator()
                .id();
        MillraceNode victim = nodes.get(coordinator - 1);
        victim.kill();
        long before = commits.get();
        Await.until("the group goes on", PATIENCE, () -> commits.get() > before + 10, this::state);
        nothingAcknowledgedIsLost(admin);
        victim.begin();
        victim.awaitReady();
    }
}
