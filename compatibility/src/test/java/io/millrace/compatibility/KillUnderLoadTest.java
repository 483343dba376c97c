package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code kill -9} of the broker while a producer writes as fast as it can. */
@Tag("long")
final class KillUnderLoadTest {
    private static final int PARTITION_COUNT = 3;
    private static final int RECORD_BYTES = 100;
    private static final int KILLS = 3;
    private static final int ACKNOWLEDGED_BEFORE_A_KILL = 300_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TOPIC = "killed";

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("log.segment.bytes=16777216");

    /** Of each record, by its number, whether it was acknowledged. */
    private final BitSet acknowledged = new BitSet();

    private final AtomicInteger acknowledgedCount = new AtomicInteger();

    @Test
    void everyAcknowledgedRecordIsThereAfterTheRestartAndOnceAndInOrder() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITION_COUNT, (short) 1)))
                    .all()
                    .get();
        }
        var writing = new AtomicBoolean(true);
        try (var producer = JavaClients.producer(
                broker.bootstrap(),
                "acks",
                "all",
                "enable.idempotence",
                "true",
                "linger.ms",
                "2",
                "reconnect.backoff.max.ms",
                "100")) {
            var writer = Thread.ofPlatform().start(() -> write(producer, writing));
            for (int kill = 1; kill <= KILLS; kill++) {
                int wanted = acknowledgedCount.get() + ACKNOWLEDGED_BEFORE_A_KILL;
                Await.until(
                        wanted + " records are acknowledged",
                        PATIENCE,
                        () -> acknowledgedCount.get() >= wanted,
                        () -> acknowledgedCount.get() + " are");
                broker.kill();
                broker.start();
            }
            writing.set(false);
            writer.join();
        }
        checkWhatIsStored();
        broker.stop();
        broker.start();
        checkWhatIsStored();
    }

    private void write(KafkaProducer<byte[], byte[]> producer, AtomicBoolean writing) {
        for (int next = 0; writing.get(); next++) {
            int number = next;
            byte[] value = ByteBuffer.allocate(RECORD_BYTES).putInt(number).array();
            var _ = producer.send(
                    new ProducerRecord<>(TOPIC, number % PARTITION_COUNT, null, value), (metadata, failure) -> {
                        if (failure != null) return; // not acknowledged, so nothing is promised
                        synchronized (acknowledged) {
                            acknowledged.set(number);
                        }
                        acknowledgedCount.incrementAndGet();
                    });
        }
    }

    private void checkWhatIsStored() {
        var found = new BitSet();
        var last = new int[] {-1, -1, -1};
        var disorders = new ArrayList<String>();
        try (var consumer = JavaClients.consumer(broker.bootstrap(), "max.poll.records", "50000")) {
            var partitions = new ArrayList<TopicPartition>();
            for (int partition = 0; partition < PARTITION_COUNT; partition++) {
                partitions.add(new TopicPartition(TOPIC, partition));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            Await.until("all is read", PATIENCE, () -> {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    int number = ByteBuffer.wrap(record.value()).getInt();
                    found.set(number);
                    if (number <= last[record.partition()]) {
                        disorders.add(number + " after " + last[record.partition()] + " at offset " + record.offset());
                    }
                    last[record.partition()] = number;
                }
                return partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
            });
        }
        var missing = (BitSet) acknowledged.clone();
        missing.andNot(found);
        assertEquals(
                0,
                missing.cardinality(),
                () -> "of " + acknowledged.cardinality() + " acknowledged records these are not there: " + missing);
        assertEquals(List.of(), disorders.stream().limit(20).toList());
        assertTrue(acknowledged.cardinality() >= KILLS * ACKNOWLEDGED_BEFORE_A_KILL);
    }
}
