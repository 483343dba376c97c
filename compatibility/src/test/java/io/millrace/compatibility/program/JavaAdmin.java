package io.millrace.compatibility.program;

import static io.millrace.compatibility.program.JavaProgram.expect;
import static io.millrace.compatibility.program.RecordRule.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** What the admin client of every version can do with topics, records, configs and groups. */
final class JavaAdmin {
    private final String bootstrap;
    private final Admin admin;
    private final String topic;
    private final String group;

    private JavaAdmin(String bootstrap, Admin admin, String prefix) {
        this.bootstrap = bootstrap;
        this.admin = admin;
        this.topic = prefix + "-topic";
        this.group = prefix + "-group";
    }

    static void run(String bootstrap, String prefix) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            var story = new JavaAdmin(bootstrap, admin, prefix);
            story.cluster();
            story.topics();
            story.configs();
            story.records();
            story.groups();
            story.deletion();
        }
    }

    private void cluster() throws Exception {
        expect("number of brokers", 1, admin.describeCluster().nodes().get().size());
        expect("a cluster id", true, !admin.describeCluster().clusterId().get().isEmpty());
        expect("a controller", true, admin.describeCluster().controller().get() != null);
    }

    private void topics() throws Exception {
        var newTopic = new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "123456"));
        admin.createTopics(List.of(newTopic)).all().get();
        expect("the topic is listed", true, admin.listTopics().names().get().contains(topic));
        expectFailure(
                TopicExistsException.class,
                admin.createTopics(List.of(newTopic)).all());
        expect("number of partitions", 3, partitionCount());
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
        expect("number of partitions after an increase", 5, partitionCount());
    }

    private int partitionCount() {
        try (var consumer = JavaClients.consumer(bootstrap)) {
            return consumer.partitionsFor(topic).size();
        }
    }

    private void configs() throws Exception {
        expect("retention.ms as created", "123456", config("retention.ms").value());
        expect(
                "source of retention.ms",
                ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG,
                config("retention.ms").source());
        expect("cleanup.policy by default", "delete", config("cleanup.policy").value());
        alter(new ConfigEntry("retention.ms", "654321"), AlterConfigOp.OpType.SET);
        expect("retention.ms as altered", "654321", config("retention.ms").value());
        alter(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND);
        expect(
                "cleanup.policy after an append",
                "delete,compact",
                config("cleanup.policy").value());
        alter(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.SUBTRACT);
        expect(
                "cleanup.policy after a subtraction",
                "delete",
                config("cleanup.policy").value());
        alter(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE);
        expect("retention.ms as deleted", "604800000", config("retention.ms").value());
        int brokerId = admin.describeCluster().nodes().get().iterator().next().id();
        var broker = new ConfigResource(ConfigResource.Type.BROKER, String.valueOf(brokerId));
        expect(
                "the broker's configs",
                true,
                admin.describeConfigs(List.of(broker)).all().get().size() == 1);
    }

    private ConfigEntry config(String name) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        return Objects.requireNonNull(config).get(name);
    }

    private void alter(ConfigEntry entry, AlterConfigOp.OpType operation) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(entry, operation))))
                .all()
                .get();
    }

    private void records() throws Exception {
        var partition = new TopicPartition(topic, 0);
        var numbers = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int at = 0; at < 20; at++) numbers.add(new ProducerRecord<>(topic, 0, null, bytes("" + at)));
        try (var producer = JavaClients.producer(bootstrap)) {
            JavaClients.write(producer, numbers);
        }
        var deleted = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(7)));
        expect("low watermark", 7L, deleted.lowWatermarks().get(partition).get().lowWatermark());
        expect("earliest offset", 7L, offset(partition, OffsetSpec.earliest()));
        expect("latest offset", 20L, offset(partition, OffsetSpec.latest()));
        try (var consumer = JavaClients.consumer(bootstrap)) {
            consumer.assign(List.of(partition));
            expect(
                    "first record left",
                    7L,
                    JavaClients.take(consumer, 1).getFirst().offset());
        }
    }

    private long offset(TopicPartition partition, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(partition, spec))
                .partitionResult(partition)
                .get()
                .offset();
    }

    @SuppressWarnings("removal") // listConsumerGroups: its successor is not in 2.8
    private void groups() throws Exception {
        var partition = new TopicPartition(topic, 0);
        var other = new TopicPartition(topic, 1);
        try (var consumer = JavaClients.consumer(bootstrap, "group.id", group)) {
            consumer.subscribe(List.of(topic));
            JavaClients.take(consumer, 1);
            consumer.commitSync(
                    Map.of(partition, new OffsetAndMetadata(9, "note"), other, new OffsetAndMetadata(0, "")));
            var described = admin.describeConsumerGroups(List.of(group)).all().get();
            var description = Objects.requireNonNull(described.get(group));
            expect("number of members", 1, description.members().size());
            expect(
                    "number of partitions assigned",
                    5,
                    description
                            .members()
                            .iterator()
                            .next()
                            .assignment()
                            .topicPartitions()
                            .size());
            expect("assignor", "range", description.partitionAssignor());
            expectFailure(
                    org.apache.kafka.common.errors.GroupNotEmptyException.class,
                    admin.deleteConsumerGroups(List.of(group)).all());
        }
        expect(
                "the group is listed",
                true,
                admin.listConsumerGroups().all().get().stream().anyMatch(listing -> group.equals(listing.groupId())));
        expect(
                "committed offset",
                Optional.of(new OffsetAndMetadata(9, Optional.empty(), "note")),
                committed(partition));
        admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(11)))
                .all()
                .get();
        expect("altered offset", 11L, committed(partition).orElseThrow().offset());
        admin.deleteConsumerGroupOffsets(group, Set.of(other)).all().get();
        expect("a deleted offset", Optional.empty(), committed(other));
        admin.deleteConsumerGroups(List.of(group)).all().get();
        expect("an offset of a deleted group", Optional.empty(), committed(partition));
    }

    private Optional<OffsetAndMetadata> committed(TopicPartition partition) throws Exception {
        Map<TopicPartition, @Nullable OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get();
        return Optional.ofNullable(offsets.get(partition));
    }

    private void deletion() throws Exception {
        admin.deleteTopics(List.of(topic)).all().get();
        expectFailure(
                UnknownTopicOrPartitionException.class,
                admin.deleteTopics(List.of(topic)).all());
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        var partition = new TopicPartition(topic, 0);
        try (var consumer = JavaClients.consumer(bootstrap)) { // unlike 2.8's admin client it waits for the topic
            expect(
                    "end offset of a topic made anew",
                    0L,
                    consumer.endOffsets(List.of(partition)).get(partition));
        }
    }

    private static void expectFailure(Class<? extends Exception> wanted, Future<?> answer) throws InterruptedException {
        try {
            answer.get();
        } catch (ExecutionException e) {
            if (wanted.isInstance(e.getCause())) return;
            throw new AssertionError("want " + wanted.getSimpleName(), e);
        }
        throw new AssertionError("want " + wanted.getSimpleName() + ", but it worked");
    }
}
