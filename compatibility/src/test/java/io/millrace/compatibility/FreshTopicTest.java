package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.producer.Delivery;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our producer before an Apache broker that makes a topic's partitions just now. Such a broker tells of leaders a moment before
 * it leads, so that the first batch of a partition is refused for now; and as it knows nothing of the producer yet, it takes
 * whichever batch comes next for the first one.
 */
@Tag("long")
final class FreshTopicTest {
    private static final int ROUNDS = 8;
    private static final int PARTITIONS = 100;
    private static final int RECORDS = 12;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    static final BrokerUnderTest broker =
            BrokerUnderTest.with(new ApacheBroker(), port -> List.of("auto.create.topics.enable=false"));

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsAcknowledgedIsThereInOrder(boolean isTransactional) throws Exception {
        Map<String, Object> settings = new TreeMap<>(Map.of(
                "bootstrap.servers", broker.bootstrap(),
                "batch.size", 100,
                "retry.backoff.ms", 1,
                "retry.backoff.max.ms", 2));
        if (isTransactional) {
            settings.put("transactional.id", "fresh");
            OurTransactions.finalizeVersion(broker.bootstrap(), (short) 1);
        }
        for (int round = 0; round < ROUNDS; round++) {
            String topic = "fresh-" + isTransactional + "-" + round;
            try (var admin = JavaClients.admin(broker.bootstrap());
                    var producer =
                            Producer.open(ProducerOptions.of(settings), Serializers.string(), Serializers.string())) {
                if (isTransactional) {
                    producer.initTransactions();
                    producer.beginTransaction();
                }
                var made = admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1)));
                List<Delivery> all = new ArrayList<>();
                for (int i = 0; i < RECORDS; i++) {
                    for (int partition = 0; partition < PARTITIONS; partition++) {
                        String value = i + "-" + "x".repeat(30);
                        all.add(producer.send(new ProducerRecord<>(topic, partition, null, value)));
                    }
                }
                producer.flush();
                for (Delivery each : all) each.await();
                if (isTransactional) producer.commitTransaction();
                made.all().get(60, TimeUnit.SECONDS);
            }
            List<String> wanted =
                    IntStream.range(0, RECORDS).mapToObj(String::valueOf).toList();
            Map<Integer, List<String>> others = new TreeMap<>();
            read(topic).forEach((partition, values) -> {
                if (!values.equals(wanted)) others.put(partition, values);
            });
            assertEquals(Map.of(), others, "of topic " + topic);
        }
    }

    private static Map<Integer, List<String>> read(String topic) {
        List<TopicPartition> all = IntStream.range(0, PARTITIONS)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        Map<Integer, List<String>> values = new TreeMap<>();
        for (TopicPartition each : all) values.put(each.partition(), new ArrayList<>());
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            var ends = consumer.endOffsets(all);
            Await.until("the consumer is at the end", PATIENCE, () -> {
                for (var record : consumer.poll(Duration.ofMillis(100))) {
                    String value = new String(record.value(), StandardCharsets.UTF_8);
                    values.get(record.partition()).add(value.substring(0, value.indexOf('-')));
                }
                return all.stream().allMatch(each -> consumer.position(each) >= ends.get(each));
            });
        }
        return values;
    }
}
