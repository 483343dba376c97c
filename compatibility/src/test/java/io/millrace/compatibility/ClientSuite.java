package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.compatibility.program.JavaClients;
import io.millrace.compatibility.program.JavaProgram;
import io.millrace.compatibility.program.RecordRule;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What every client does against a broker. Each subclass is one client. */
abstract class ClientSuite {
    /** No client has to wait for others to join, and the dead are found soon. */
    @RegisterExtension
    static final BrokerUnderTest broker =
            BrokerUnderTest.with("group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000");

    private static final AtomicInteger names = new AtomicInteger();

    private final ClientUnderTest client;

    ClientSuite(ClientUnderTest client) {
        this.client = client;
    }

    @BeforeEach
    void requireTheClient() {
        List<String> without =
                List.of(System.getProperty("millrace.compat.without", "").split(","));
        assumeFalse(without.contains(client.name()), () -> client.name() + " is left out by -Dmillrace.compat.without");
        client.requireInstalled();
    }

    @Test
    void recordsOfEveryCodecAcksAndShapeAreStoredAsItWroteThem() throws Exception {
        String topic = newTopic(1);
        client.produce(broker.bootstrap(), topic);
        int recordCount = RecordRule.count(client.codecs());
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            var found = JavaClients.take(consumer, recordCount).stream()
                    .map(JavaClients::seen)
                    .toList();
            assertEquals(List.of(), RecordRule.problems(found, client.codecs(), client.usesOneProducer()));
        }
        assertEquals(client.codecs().stream().sorted().toList(), StoredBatches.codecs(broker.port(), topic));
    }

    @Test
    void itReadsRecordsOfEveryCodecAndShapeOfTheJavaClient() throws Exception {
        String topic = newTopic(1);
        JavaProgram.produce(broker.bootstrap(), topic);
        client.consume(broker.bootstrap(), topic);
    }

    @Test
    void itReadsFromEveryPosition() throws Exception {
        String topic = newTopic(1);
        write(topic, 100);
        client.readPositions(broker.bootstrap(), topic);
    }

    @Test
    void itsAdminClientManagesTopicsConfigsAndGroups() {
        assumeTrue(client.hasAdmin(), () -> client.name() + " has no admin client");
        client.administer(broker.bootstrap(), "admin-" + names.incrementAndGet());
    }

    @Test
    void itResumesAtItsCommittedOffsetAfterACleanRestartAndAKillOfTheBroker() throws Exception {
        String topic = newTopic(1);
        String group = "resume-" + names.incrementAndGet();
        write(topic, 100);
        assertEquals(numbers(0, 40), client.take(broker.bootstrap(), topic, group, 40));
        broker.stop();
        broker.start();
        assertEquals(numbers(40, 70), client.take(broker.bootstrap(), topic, group, 30));
        broker.kill();
        broker.start();
        assertEquals(numbers(70, 100), client.take(broker.bootstrap(), topic, group, 30));
    }

    @Test
    @Tag("long")
    void aGroupThatGrowsFromOneToThreeToTenMembersAndLosesSomeSeesEveryRecord() throws Exception {
        String topic = newTopic(12);
        try (var group = new GroupStory(broker.bootstrap(), client, topic, "group-" + names.incrementAndGet())) {
            group.join(1);
            group.writeSome();
            group.join(2);
            group.writeSome();
            group.join(7);
            group.writeSome();
            group.leave();
            group.writeSome();
            group.die();
            group.writeSome();
            group.awaitAllSeen();
        }
    }

    private static String newTopic(int partitionCount) throws Exception {
        String topic = "topic-" + names.incrementAndGet();
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            var wanted = new NewTopic(topic, partitionCount, (short) 1).configs(Map.of("max.message.bytes", "2000000"));
            admin.createTopics(List.of(wanted)).all().get();
        }
        return topic;
    }

    /** The numbers from 0, a second apart. */
    private static void write(String topic, int recordCount) throws Exception {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int at = 0; at < recordCount; at++) {
            long timestampMs = RecordRule.FIRST_TIMESTAMP_MS + at * 1000L;
            byte[] value = String.valueOf(at).getBytes(StandardCharsets.UTF_8);
            records.add(new ProducerRecord<>(topic, 0, timestampMs, null, value));
        }
        try (var producer = JavaClients.producer(broker.bootstrap())) {
            JavaClients.write(producer, records);
        }
    }

    private static List<String> numbers(int from, int until) {
        return new ArrayList<>(
                IntStream.range(from, until).mapToObj(String::valueOf).toList());
    }
}
