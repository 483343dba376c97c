package io.millrace.compatibility;

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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.TopicPartition;

/** What tests of our transactional producer share: topics, the cluster's transaction version, and what Kafka's own consumer sees. */
final class OurTransactions {
    static final int PARTITIONS = 3;
    private static final String FEATURE = "transaction.version";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private OurTransactions() {}

    static Producer<String, String> producer(String bootstrap, String transactionalId, Map<String, Object> more) {
        Map<String, Object> all = new TreeMap<>(more);
        all.put("bootstrap.servers", bootstrap);
        all.put("transactional.id", transactionalId);
        return Producer.open(ProducerOptions.of(all), Serializers.string(), Serializers.string());
    }

    static ProducerRecord<String, String> record(String topic, int partition, String value) {
        return new ProducerRecord<>(topic, partition, null, value);
    }

    /** Sends and forgets; the end of the transaction tells what came of it. */
    static void send(Producer<String, String> producer, String topic, int partition, String value) {
        Delivery _ = producer.send(record(topic, partition, value));
    }

    static void createTopic(String bootstrap, String topic) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1)))
                    .all()
                    .get(60, TimeUnit.SECONDS);
        }
    }

    /** Has the cluster finalize this version of transactions. */
    static void finalizeVersion(String bootstrap, short version) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            if (finalized(admin) == version) return;
            var type = finalized(admin) > version
                    ? FeatureUpdate.UpgradeType.SAFE_DOWNGRADE
                    : FeatureUpdate.UpgradeType.UPGRADE;
            admin.updateFeatures(Map.of(FEATURE, new FeatureUpdate(version, type)), new UpdateFeaturesOptions())
                    .all()
                    .get(60, TimeUnit.SECONDS);
            Await.until(FEATURE + "=" + version, PATIENCE, () -> finalized(admin) == version);
        }
    }

    private static short finalized(Admin admin) throws Exception {
        var range = admin.describeFeatures()
                .featureMetadata()
                .get(60, TimeUnit.SECONDS)
                .finalizedFeatures()
                .get(FEATURE);
        return range == null ? 0 : range.maxVersionLevel();
    }

    /** The values that Kafka's own read_committed consumer sees in each partition, in their order. */
    static List<List<String>> committed(String bootstrap, String topic) {
        List<TopicPartition> all = IntStream.range(0, PARTITIONS)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        List<List<String>> values = new ArrayList<>();
        for (TopicPartition ignored : all) values.add(new ArrayList<>());
        try (var consumer = JavaClients.consumer(bootstrap, "isolation.level", "read_committed")) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            var ends = consumer.endOffsets(all);
            Await.until("the consumer is at the end", PATIENCE, () -> {
                for (var record : consumer.poll(Duration.ofMillis(100))) {
                    values.get(record.partition()).add(new String(record.value(), StandardCharsets.UTF_8));
                }
                return all.stream().allMatch(each -> consumer.position(each) >= ends.get(each));
            });
        }
        return values;
    }

    /** As {@link #committed}, once nothing is undecided any more. */
    static List<List<String>> committedInTheEnd(String bootstrap, String topic) {
        List<TopicPartition> all = IntStream.range(0, PARTITIONS)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        try (var decided = JavaClients.consumer(bootstrap, "isolation.level", "read_committed");
                var written = JavaClients.consumer(bootstrap)) {
            Await.until(
                    "every transaction is decided",
                    PATIENCE,
                    () -> decided.endOffsets(all).equals(written.endOffsets(all)));
        }
        return committed(bootstrap, topic);
    }
}
