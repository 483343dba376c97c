package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Apache's {@code DumpLogSegments} in all its modes, and its console formatters, on what the broker under test has written
 * after a mixed load: no warning, and the contents that clients wrote. With {@code -Dmillrace.compat.broker=apache} the same
 * on Apache's own files.
 */
@Tag("long")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ApacheToolsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String OFFSETS = "__consumer_offsets";
    private static final String TRANSACTION_STATE = "__transaction_state";

    /** Ours has no transaction coordinator yet. */
    private static final boolean HAS_TRANSACTIONS = BrokerKind.underTest() instanceof ApacheBroker;

    private static final List<String> TOPICS =
            List.of(MixedLoad.CODECS, MixedLoad.TRANSACTIONS, MixedLoad.DELETED_FROM, MixedLoad.COMPACTED);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            "node.id=1",
            "offsets.topic.num.partitions=1",
            "transaction.state.log.num.partitions=1",
            "group.initial.rebalance.delay.ms=0",
            "group.min.session.timeout.ms=1000",
            "log.cleaner.backoff.ms=200",
            "metadata.log.max.record.bytes.between.snapshots=500");

    /** As clients read them, in the words of the dump. */
    private static final Map<TopicPartition, List<String>> written =
            new TreeMap<>((one, other) -> one.toString().compareTo(other.toString()));

    private static final Map<TopicPartition, Long> logStartOffsets =
            new TreeMap<>((one, other) -> one.toString().compareTo(other.toString()));

    private static final Map<String, String> committed = new TreeMap<>();

    @BeforeAll
    static void loadTheBroker() throws Exception {
        var load = new MixedLoad(broker.bootstrap());
        load.makeTopics();
        load.writeEveryCodec(MixedLoad.CODECS, 3);
        load.fillSegments(MixedLoad.CODECS);
        load.fillSegments(MixedLoad.DELETED_FROM);
        load.deleteRecords();
        load.writeEveryCodec(MixedLoad.TRANSACTIONS, 2);
        if (HAS_TRANSACTIONS) load.writeTransactions();
        load.writeCompacted();
        load.commitOffsets("one");
        load.commitOffsets("other");
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            var groups =
                    HAS_TRANSACTIONS ? List.of("one", "other", MixedLoad.TRANSACTIONAL_GROUP) : List.of("one", "other");
            for (String group : groups) {
                admin.listConsumerGroupOffsets(group)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .forEach((partition, offset) ->
                                committed.put(group + " " + partition, String.valueOf(offset.offset())));
            }
            admin.describeTopics(TOPICS)
                    .allTopicNames()
                    .get()
                    .forEach((name, topic) ->
                            topic.partitions().forEach(each -> lookAt(new TopicPartition(name, each.partition()))));
        }
    }

    private static void lookAt(TopicPartition partition) {
        var lines = new ArrayList<String>();
        for (var record : read(List.of(partition))) lines.add(line(record));
        written.put(partition, lines);
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            logStartOffsets.put(
                    partition, consumer.beginningOffsets(List.of(partition)).get(partition));
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(Collection<TopicPartition> partitions) {
        var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            Await.until("all is read", PATIENCE, () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
                return partitions.stream().allMatch(each -> consumer.position(each) >= ends.get(each));
            });
        }
        return records;
    }

    private static String line(ConsumerRecord<byte[], byte[]> record) {
        var headers = StreamSupport.stream(record.headers().spliterator(), false)
                .map(Header::key)
                .toList();
        String type = record.timestampType() == TimestampType.LOG_APPEND_TIME ? "LogAppendTime" : "CreateTime";
        return "offset: " + record.offset() + " " + type + ": " + record.timestamp() + " keySize: "
                + size(record.key()) + " valueSize: " + size(record.value()) + " headerKeys: ["
                + String.join(",", headers) + "]" + text(" key: ", record.key()) + text(" payload: ", record.value());
    }

    private static int size(byte @Nullable [] bytes) {
        return bytes == null ? -1 : bytes.length;
    }

    private static String text(String before, byte @Nullable [] bytes) {
        return bytes == null ? "" : before + new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    @Order(1)
    void theConsoleFormattersTakeEveryRecordOfTheOffsetsTopic() throws Exception {
        int recordCount = read(List.of(new TopicPartition(OFFSETS, 0))).size();
        List<String> offsets = ApacheTools.format(broker.bootstrap(), OFFSETS, "OffsetsMessageFormatter", recordCount);
        List<String> groups =
                ApacheTools.format(broker.bootstrap(), OFFSETS, "GroupMetadataMessageFormatter", recordCount);
        assertEquals(List.of(), ApacheTools.troubles(offsets));
        assertEquals(List.of(), ApacheTools.troubles(groups));
        var found = new TreeMap<String, String>();
        int formatted = 0;
        for (JsonNode record : json(offsets)) {
            formatted++;
            var key = record.at("/key/data");
            found.put(
                    key.path("group").asText() + " " + key.path("topic").asText() + "-"
                            + key.path("partition").asText(),
                    record.at("/value/data/offset").asText());
        }
        assertEquals(committed, found);
        var names = new TreeSet<String>();
        for (JsonNode record : json(groups)) {
            formatted++;
            names.add(record.at("/key/data/group").asText());
        }
        assertTrue(names.containsAll(List.of("one", "other")), names::toString);
        assertEquals(recordCount, formatted, "each record is either an offset or a group's");
    }

    @Test
    @Order(1)
    void theConsoleFormatterTakesEveryRecordOfTheTransactionLog() throws Exception {
        assumeTrue(HAS_TRANSACTIONS, "no transaction coordinator");
        int recordCount =
                read(List.of(new TopicPartition(TRANSACTION_STATE, 0))).size();
        List<String> output = ApacheTools.format(
                broker.bootstrap(), TRANSACTION_STATE, "TransactionLogMessageFormatter", recordCount);
        assertEquals(List.of(), ApacheTools.troubles(output));
        assertEquals(recordCount, json(output).size());
    }

    /** The formatters write one value behind the other, without a line's end between them. */
    private static List<JsonNode> json(List<String> output) throws IOException {
        String text = String.join("\n", output);
        int from = text.indexOf('{');
        if (from < 0) return List.of();
        try (MappingIterator<JsonNode> values =
                JSON.readerFor(JsonNode.class).readValues(text.substring(from, text.lastIndexOf('}') + 1))) {
            return values.readAll();
        }
    }

    /** After this the broker is down. */
    @Test
    @Order(2)
    void dumpLogSegmentsReadsEveryFileInEveryMode() throws Exception {
        broker.stop();
        Path logs = broker.logs();
        List<Path> files = files(logs);
        List<Path> data = files.stream()
                .filter(file -> TOPICS.stream().anyMatch(topic -> of(topic, file)))
                .toList();
        List<Path> offsets = files.stream().filter(file -> of(OFFSETS, file)).toList();
        List<Path> metadata =
                files.stream().filter(file -> of("__cluster_metadata", file)).toList();
        String segments = ApacheTools.files(data, logs, ".log");
        // Apache's broker does not cut the indexes of its metadata log when it stops, and its own check refuses them
        String indexes = ApacheTools.files(
                files.stream()
                        .filter(file -> BrokerKind.underTest() instanceof MillraceBroker || !metadata.contains(file))
                        .toList(),
                logs,
                ".index",
                ".timeindex");
        var runs = new ArrayList<>(List.of(
                List.of(
                        "--files",
                        ApacheTools.files(
                                files, logs, ".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".checkpoint")),
                List.of("--print-data-log", "--files", segments),
                List.of("--deep-iteration", "--files", segments),
                List.of("--print-data-log", "--skip-record-metadata", "--files", segments),
                List.of(
                        "--key-decoder-class",
                        "org.apache.kafka.tools.api.StringDecoder",
                        "--value-decoder-class",
                        "org.apache.kafka.tools.api.DefaultDecoder",
                        "--files",
                        segments),
                List.of("--verify-index-only", "--files", indexes),
                List.of("--index-sanity-check", "--files", indexes),
                List.of("--offsets-decoder", "--files", ApacheTools.files(offsets, logs, ".log")),
                List.of(
                        "--cluster-metadata-decoder",
                        "--files",
                        ApacheTools.files(metadata, logs, ".log", ".checkpoint"))));
        if (HAS_TRANSACTIONS) {
            var transactions =
                    files.stream().filter(file -> of(TRANSACTION_STATE, file)).toList();
            runs.add(List.of("--transaction-log-decoder", "--files", ApacheTools.files(transactions, logs, ".log")));
        }
        List<List<String>> outputs = ApacheTools.dump(runs);
        for (List<String> output : outputs) assertEquals(List.of(), ApacheTools.troubles(output));

        assertHoldsWhatWasWritten(ApacheTools.records(outputs.get(1), logs), "$");
        assertHoldsWhatWasWritten(ApacheTools.records(outputs.get(2), logs), " (key|payload): .*");
        assertKeysAndPayloads(ApacheTools.records(outputs.get(3), logs));
        assertEquals(
                data.stream().filter(file -> file.toString().endsWith(".log")).toList(),
                List.copyOf(ApacheTools.records(outputs.get(4), logs).keySet()));
        assertPassed(outputs.get(6), indexes);
        assertEquals(committed, committedOffsets(ApacheTools.records(outputs.get(7), logs)));
        assertMetadata(ApacheTools.records(outputs.get(8), logs));
        assertTrue(
                data.stream()
                                .filter(file -> file.startsWith(MixedLoad.CODECS + "-0")
                                        && file.toString().endsWith(".log"))
                                .count()
                        > 1,
                "several segments: " + data);
    }

    private static boolean of(String topic, Path file) {
        return file.getName(0).toString().matches(topic + "-\\d+");
    }

    private static List<Path> files(Path logs) throws IOException {
        try (var walk = Files.walk(logs)) {
            return walk.filter(Files::isRegularFile)
                    .map(logs::relativize)
                    .filter(file -> file.getNameCount() > 1)
                    .sorted()
                    .toList();
        }
    }

    private static TopicPartition partition(Path file) {
        String name = file.getName(0).toString();
        int dash = name.lastIndexOf('-');
        return new TopicPartition(name.substring(0, dash), Integer.parseInt(name.substring(dash + 1)));
    }

    /** Compares lines without what {@code leftOut} matches, which the mode does not print. */
    private static void assertHoldsWhatWasWritten(Map<Path, List<String>> dumped, String leftOut) {
        var found = new TreeMap<TopicPartition, List<String>>(
                (one, other) -> one.toString().compareTo(other.toString()));
        written.keySet().forEach(partition -> found.put(partition, new ArrayList<>()));
        dumped.forEach((file, lines) -> {
            for (String line : lines) {
                if (line.contains("endTxnMarker")) continue;
                long offset = Long.parseLong(line.split(" ", 3)[1]);
                if (offset < logStartOffsets.getOrDefault(partition(file), 0L)) continue;
                found.get(partition(file)).add(line.replaceFirst(" sequence: -?\\d+", ""));
            }
        });
        written.forEach((partition, lines) -> {
            var wanted =
                    lines.stream().map(line -> line.replaceFirst(leftOut, "")).toList();
            assertEquals(String.join("\n", wanted), String.join("\n", found.get(partition)), partition::toString);
        });
    }

    /** Without metadata a line is key and payload only. */
    private static void assertKeysAndPayloads(Map<Path, List<String>> dumped) {
        var wanted = new TreeSet<String>();
        written.forEach((partition, lines) -> lines.forEach(line -> wanted.add(line.replaceFirst(".*\\] ", ""))));
        var found = new TreeSet<String>();
        dumped.values().forEach(found::addAll);
        assertTrue(found.containsAll(wanted), () -> {
            wanted.removeAll(found);
            return "missing: " + wanted;
        });
    }

    private static void assertPassed(List<String> output, String indexes) {
        var left = new TreeSet<>(List.of(indexes.split(",")));
        for (String line : output) {
            if (line.endsWith(" passed sanity check.") || line.endsWith(" is empty."))
                left.remove(line.split(" ", 2)[0]);
        }
        assertEquals(new TreeSet<>(), left);
    }

    private static Map<String, String> committedOffsets(Map<Path, List<String>> dumped) throws IOException {
        var offsets = new TreeMap<String, String>();
        for (List<String> lines : dumped.values()) {
            for (String line : lines) {
                if (line.contains("endTxnMarker")) continue;
                String[] parts = line.split(" key: | payload: ", -1);
                JsonNode key = JSON.readTree(parts[1]);
                if (!key.path("type").asText().equals("1")) continue;
                var data = key.path("data");
                String name =
                        data.path("group").asText() + " " + data.path("topic").asText() + "-"
                                + data.path("partition").asText();
                JsonNode value = JSON.readTree(parts[2]);
                offsets.put(name, value.at("/data/offset").asText());
            }
        }
        return offsets;
    }

    private static void assertMetadata(Map<Path, List<String>> dumped) throws IOException {
        var topics = new TreeSet<String>();
        var configs = new TreeSet<String>();
        boolean isSnapshotWritten = false;
        for (var file : dumped.entrySet()) {
            String name = file.getKey().getFileName().toString();
            isSnapshotWritten |= name.endsWith(".checkpoint") && !name.startsWith("00000000000000000000-");
            for (String line : file.getValue()) {
                String[] parts = line.split(" payload: ", 2);
                if (parts.length < 2) continue;
                JsonNode record = JSON.readTree(parts[1]);
                String type = record.path("type").asText();
                if (type.equals("TOPIC_RECORD"))
                    topics.add(record.at("/data/name").asText());
                if (type.equals("CONFIG_RECORD"))
                    configs.add(record.at("/data/resourceName").asText() + " "
                            + record.at("/data/name").asText() + "="
                            + record.at("/data/value").asText());
            }
        }
        assertTrue(isSnapshotWritten, () -> "snapshots: " + dumped.keySet());
        assertTrue(topics.containsAll(TOPICS), topics::toString);
        assertTrue(configs.contains(MixedLoad.CODECS + " max.message.bytes=900000"), configs::toString);
        assertTrue(configs.contains(" message.max.bytes=1500000"), configs::toString);
    }
}
