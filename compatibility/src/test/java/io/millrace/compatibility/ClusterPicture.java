package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * What clients see of a cluster, as text by name, to be compared: ids, configurations, feature levels, offsets of every
 * sort, a digest of each partition's records as both isolation levels read them, and committed offsets.
 */
final class ClusterPicture {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Admin admin;
    private final String bootstrap;
    private final List<Long> timestamps;
    private final Map<String, String> seen = new TreeMap<>();

    private ClusterPicture(Admin admin, String bootstrap, List<Long> timestamps) {
        this.admin = admin;
        this.bootstrap = bootstrap;
        this.timestamps = timestamps;
    }

    /**
     * Looks at everything.
     *
     * @param timestamps to look offsets up by, in ms
     */
    static Map<String, String> of(String bootstrap, List<Long> timestamps) throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            var picture = new ClusterPicture(admin, bootstrap, timestamps);
            picture.lookAtCluster();
            picture.lookAtTopics();
            picture.lookAtGroups();
            return picture.seen;
        }
    }

    private void lookAtCluster() throws Exception {
        seen.put("cluster", admin.describeCluster().clusterId().get());
        var features = admin.describeFeatures().featureMetadata().get();
        seen.put("finalized features", new TreeMap<>(features.finalizedFeatures()).toString());
        seen.put("supported features", new TreeMap<>(features.supportedFeatures()).toString());
        lookAtConfig(new ConfigResource(ConfigResource.Type.BROKER, "1"));
        lookAtConfig(new ConfigResource(ConfigResource.Type.BROKER, ""));
    }

    private void lookAtConfig(ConfigResource resource) throws Exception {
        var stated = new TreeMap<String, String>();
        for (ConfigEntry entry : admin.describeConfigs(List.of(resource))
                .all()
                .get()
                .get(resource)
                .entries()) {
            if (entry.source().name().startsWith("DYNAMIC")) {
                stated.put(entry.name(), entry.source() + " " + entry.value());
            }
        }
        seen.put("config of " + resource.type() + " '" + resource.name() + "'", stated.toString());
    }

    private void lookAtTopics() throws Exception {
        var names = admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
        var partitions = new ArrayList<TopicPartition>();
        for (var topic : admin.describeTopics(names).allTopicNames().get().values()) {
            seen.put(
                    "topic " + topic.name(),
                    topic.topicId() + " internal " + topic.isInternal() + " partitions " + topic.partitions());
            lookAtConfig(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()));
            if (topic.isInternal()) continue; // their records are seen by what the coordinators make of them
            topic.partitions().forEach(each -> partitions.add(new TopicPartition(topic.name(), each.partition())));
        }
        lookAtOffsets(partitions);
        lookAtRecords(partitions, "read_uncommitted", "latest");
        lookAtRecords(partitions, "read_committed", "last stable");
    }

    private void lookAtOffsets(List<TopicPartition> partitions) throws Exception {
        offsets("earliest", partitions, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED);
        offsets("latest", partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED);
        offsets("last stable", partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
        offsets("max timestamp", partitions, OffsetSpec.maxTimestamp(), IsolationLevel.READ_UNCOMMITTED);
        for (long timestamp : timestamps) {
            offsets(
                    "timestamp " + timestamp,
                    partitions,
                    OffsetSpec.forTimestamp(timestamp),
                    IsolationLevel.READ_UNCOMMITTED);
        }
    }

    private void offsets(String what, List<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation)
            throws Exception {
        var asked = new HashMap<TopicPartition, OffsetSpec>();
        partitions.forEach(partition -> asked.put(partition, spec));
        var answers = admin.listOffsets(asked, new ListOffsetsOptions(isolation))
                .all()
                .get();
        answers.forEach((partition, answer) -> seen.put(what + " of " + partition, text(answer)));
    }

    /** Without the epoch where it is not a record's but the present leader's, which a restart raises. */
    private static String text(ListOffsetsResultInfo answer) {
        String epoch = answer.timestamp() < 0 ? "" : " epoch " + answer.leaderEpoch();
        return answer.offset() + " at " + answer.timestamp() + epoch;
    }

    private void lookAtRecords(List<TopicPartition> partitions, String isolation, String end) {
        var digests = new HashMap<TopicPartition, Digest>();
        partitions.forEach(partition -> digests.put(partition, new Digest()));
        ToLongFunction<TopicPartition> endOffset = partition ->
                Long.parseLong(seen.getOrDefault(end + " of " + partition, "").split(" ", -1)[0]);
        try (KafkaConsumer<byte[], byte[]> consumer =
                JavaClients.consumer(bootstrap, "isolation.level", isolation, "max.poll.records", "50000")) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Await.until(
                    "all is read " + isolation,
                    PATIENCE,
                    () -> {
                        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                            digest(digests, record).take(record);
                        }
                        return partitions.stream()
                                .allMatch(each -> consumer.position(each) >= endOffset.applyAsLong(each));
                    },
                    seen::toString);
        }
        digests.forEach((partition, digest) -> seen.put(isolation + " records of " + partition, digest.text()));
    }

    private static Digest digest(Map<TopicPartition, Digest> digests, ConsumerRecord<?, ?> record) {
        Digest digest = digests.get(new TopicPartition(record.topic(), record.partition()));
        if (digest == null) throw new AssertionError("a record of a partition nobody asked for: " + record);
        return digest;
    }

    private void lookAtGroups() throws Exception {
        for (var group : admin.listGroups().all().get()) {
            String id = group.groupId();
            var offsets = new TreeMap<String, String>();
            admin.listConsumerGroupOffsets(id)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .forEach((partition, offset) -> offsets.put(partition.toString(), offset.toString()));
            seen.put("group " + id, group.type() + " " + group.groupState() + " " + offsets);
        }
    }

    /** Of key, value, headers, offset and time stamp of each record in order. */
    private static final class Digest {
        private final MessageDigest sha;
        private int count;

        Digest() {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }

        void take(ConsumerRecord<byte[], byte[]> record) {
            count++;
            number(record.offset());
            number(record.timestamp());
            number(record.timestampType().id);
            bytes(record.key());
            bytes(record.value());
            for (Header header : record.headers()) {
                bytes(header.key().getBytes(StandardCharsets.UTF_8));
                bytes(header.value());
            }
        }

        private void number(long number) {
            sha.update(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        }

        private void bytes(byte @Nullable [] bytes) {
            number(bytes == null ? -1 : bytes.length);
            if (bytes != null) sha.update(bytes);
        }

        String text() {
            return count + " " + HexFormat.of().formatHex(sha.digest());
        }
    }
}
