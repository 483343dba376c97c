package io.millrace.compatibility;

import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What a cluster is used for before it changes hands: some of everything that leaves a trace in the directory. */
final class MixedLoad {
    static final String CODECS = "codecs";
    static final String TRANSACTIONS = "transactions";
    static final String COMPACTED = "compacted";
    static final String DELETED_FROM = "deleted-from";
    static final String OPEN_TRANSACTION = "left-open";
    static final String TRANSACTIONAL_GROUP = "transactional-group";

    /** The time stamp of the first record that each call writes. */
    static final long FIRST_TIMESTAMP = 1_700_000_000_000L;

    private static final List<String> CODEC_NAMES = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final int RECORDS_PER_CODEC = 120;
    private static final int RECORDS_PER_TRANSACTION = 20;
    private static final int COMPACTED_KEYS = 10;
    private static final int COMPACTED_ROUNDS = 60;
    private static final long DELETED_BEFORE = 150;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String bootstrap;

    MixedLoad(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** Makes the topics, small segments all of them, and sets properties of topics and of the broker. */
    void makeTopics() throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            var small = Map.of("segment.bytes", "1048576", "retention.ms", "-1");
            var compacted = Map.of(
                    "cleanup.policy",
                    "compact",
                    "segment.ms",
                    "500",
                    "min.cleanable.dirty.ratio",
                    "0.01",
                    "delete.retention.ms",
                    "86400000");
            admin.createTopics(List.of(
                            new NewTopic(CODECS, 3, (short) 1).configs(small),
                            new NewTopic(TRANSACTIONS, 2, (short) 1).configs(small),
                            new NewTopic(DELETED_FROM, 1, (short) 1).configs(small),
                            new NewTopic(COMPACTED, 1, (short) 1).configs(compacted)))
                    .all()
                    .get();
            set(admin, ConfigResource.Type.TOPIC, CODECS, "max.message.bytes", "900000");
            set(admin, ConfigResource.Type.BROKER, "1", "log.cleaner.threads", "2");
            set(admin, ConfigResource.Type.BROKER, "", "message.max.bytes", "1500000");
        }
    }

    /** Sets one property as an operator would. */
    static void set(Admin admin, ConfigResource.Type type, String name, String key, String value) throws Exception {
        var operation = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(new ConfigResource(type, name), List.of(operation)))
                .all()
                .get();
    }

    /** Writes records of every codec, of producers with and without idempotence, to every partition of that topic. */
    void writeEveryCodec(String topic, int partitionCount) throws Exception {
        for (String codec : CODEC_NAMES) {
            for (String idempotence : List.of("true", "false")) {
                try (var producer = JavaClients.producer(
                        bootstrap, "compression.type", codec, "enable.idempotence", idempotence, "linger.ms", "5")) {
                    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
                    for (int i = 0; i < RECORDS_PER_CODEC; i++) {
                        records.add(record(topic, i % partitionCount, codec + i, i));
                    }
                    JavaClients.write(producer, records);
                }
            }
        }
    }

    /** Enough bytes for several segments of 1 MB. */
    void fillSegments(String topic) throws Exception {
        try (var producer = JavaClients.producer(bootstrap)) {
            var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
            for (int i = 0; i < 300; i++) records.add(record(topic, 0, "filling".repeat(1200) + i, i));
            JavaClients.write(producer, records);
        }
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, int partition, String text, int i) {
        var record = new ProducerRecord<>(
                topic, partition, FIRST_TIMESTAMP + 1000L * i, bytes("key" + i), bytes(text + " of " + topic));
        record.headers().add("number", bytes(Integer.toString(i))).add("nothing", null);
        return record;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Transactions that are committed and aborted in turn, among records of none; with them, offsets of a group. */
    void writeTransactions() throws Exception {
        try (var producer = transactional("in-turn");
                var plain = JavaClients.producer(bootstrap);
                var consumer = JavaClients.consumer(bootstrap, "group.id", TRANSACTIONAL_GROUP)) {
            producer.initTransactions();
            for (int round = 0; round < 8; round++) {
                producer.beginTransaction();
                send(producer, "transaction " + round);
                if (round % 3 == 0) {
                    producer.sendOffsetsToTransaction(
                            Map.of(new TopicPartition(CODECS, 0), new OffsetAndMetadata(round, "in " + round)),
                            consumer.groupMetadata());
                }
                send(plain, "between " + round);
                if (round % 2 == 0) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
    }

    /** Begins a transaction, writes, and goes away without ending it. */
    void leaveTransactionOpen() throws Exception {
        KafkaProducer<byte[], byte[]> producer = transactional(OPEN_TRANSACTION);
        try {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, "open");
        } finally {
            producer.close(Duration.ZERO); // a patient close would abort it
        }
    }

    /** A transactional producer whose transactions last as long as a broker allows. */
    KafkaProducer<byte[], byte[]> transactional(String id) {
        return JavaClients.producer(bootstrap, "transactional.id", id, "transaction.timeout.ms", "900000");
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String text) throws Exception {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int i = 0; i < RECORDS_PER_TRANSACTION; i++) records.add(record(TRANSACTIONS, i % 2, text + i, i));
        JavaClients.write(producer, records);
    }

    /** Writes keys again and again and tombstones for some, until the cleaner has been there; then forbids it to go on. */
    void writeCompacted() throws Exception {
        try (var producer = JavaClients.producer(bootstrap)) {
            for (int round = 0; round < COMPACTED_ROUNDS; round++) writeKeys(producer, round);
            var tombstones = new ArrayList<ProducerRecord<byte[], byte[]>>();
            for (int i = 0; i < 3; i++) tombstones.add(new ProducerRecord<>(COMPACTED, 0, bytes("key" + i), null));
            JavaClients.write(producer, tombstones);
            int[] round = {COMPACTED_ROUNDS};
            Await.until("the cleaner has been there", PATIENCE, () -> {
                writeKeys(producer, round[0]++); // a segment ends by its age at the next append
                return firstOffset() > 0;
            });
        }
        try (Admin admin = JavaClients.admin(bootstrap)) {
            set(admin, ConfigResource.Type.TOPIC, COMPACTED, "min.compaction.lag.ms", "86400000");
        }
    }

    private static void writeKeys(KafkaProducer<byte[], byte[]> producer, int round) throws Exception {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (int i = 0; i < COMPACTED_KEYS; i++) {
            records.add(new ProducerRecord<>(COMPACTED, 0, bytes("key" + (i + 5)), bytes("round " + round)));
        }
        JavaClients.write(producer, records);
    }

    private long firstOffset() {
        try (var consumer = JavaClients.consumer(bootstrap)) {
            var partition = new TopicPartition(COMPACTED, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (true) {
                for (ConsumerRecord<byte[], byte[]> first : consumer.poll(Duration.ofMillis(100)))
                    return first.offset();
            }
        }
    }

    /** Deletes the first records of a topic. */
    void deleteRecords() throws Exception {
        try (Admin admin = JavaClients.admin(bootstrap)) {
            admin.deleteRecords(
                            Map.of(new TopicPartition(DELETED_FROM, 0), RecordsToDelete.beforeOffset(DELETED_BEFORE)))
                    .all()
                    .get();
        }
    }

    /** A member of a group reads and commits what it read. */
    void commitOffsets(String group) {
        try (var consumer = JavaClients.consumer(bootstrap, "group.id", group, "max.poll.records", "100")) {
            consumer.subscribe(List.of(CODECS));
            JavaClients.take(consumer, 100);
            consumer.commitSync();
        }
    }
}
