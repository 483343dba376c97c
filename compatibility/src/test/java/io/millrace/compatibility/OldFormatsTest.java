package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.millrace.compatibility.SharedDirectory.Server;
import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real clients read a directory whose segments are of formats 0 and 1, as brokers before 0.11 wrote them. With
 * {@code -Dmillrace.compat.broker=apache} Apache's broker serves the same directory.
 */
@Tag("long")
final class OldFormatsTest {
    private static final String OLD = "old";
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4");
    private static final Server SERVER =
            BrokerKind.underTest() instanceof ApacheBroker ? Server.APACHE : Server.MILLRACE;

    /** By partition of the topic. */
    private static final List<List<OldSegment>> PARTITIONS = partitions();

    private static SharedDirectory directory;

    /** Every codec in formats 0 and 1; log append time; and the three formats in turn, in two segments. */
    private static List<List<OldSegment>> partitions() {
        var partitions = new ArrayList<List<OldSegment>>();
        for (int format : List.of(0, 1)) {
            for (String codec : CODECS) {
                partitions.add(List.of(new OldSegment(0)
                        .add(format, codec, 5)
                        .add(format, codec, 1)
                        .add(format, codec, 4)));
            }
        }
        partitions.add(List.of(new OldSegment(0).addAppended(1, "gzip", 4).addAppended(1, "none", 3)));
        var upgraded = new OldSegment(0)
                .add(0, "gzip", 5)
                .add(0, "none", 2)
                .add(1, "lz4", 5)
                .add(2, "zstd", 4);
        partitions.add(List.of(
                upgraded,
                new OldSegment(upgraded.nextOffset())
                        .add(1, "snappy", 3)
                        .add(0, "snappy", 3)
                        .add(2, "none", 2)));
        return partitions;
    }

    static List<ClientUnderTest> clients() {
        return List.of(
                ProgramClient.olderJava("java-2.8"),
                ProgramClient.olderJava("java-3.9"),
                ProgramClient.currentJava(),
                new KcatClient(),
                KafkaPythonTest.client(),
                ConfluentPythonTest.client(),
                KafkaJsTest.client(),
                ConfluentJavaScriptTest.client());
    }

    @BeforeAll
    static void makeTheDirectory() throws Exception {
        directory = SharedDirectory.formattedByApache(
                List.of("group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000"));
        directory.start(SERVER);
        try (var admin = JavaClients.admin(directory.bootstrap())) {
            var topics = new ArrayList<>(List.of(new NewTopic(OLD, PARTITIONS.size(), (short) 1)));
            clients().forEach(client -> topics.add(new NewTopic(positionsOf(client), 1, (short) 1)));
            topics.forEach(topic -> topic.configs(Map.of("retention.ms", "-1")));
            admin.createTopics(topics).all().get();
        }
        directory.end(true);
        for (int partition = 0; partition < PARTITIONS.size(); partition++) {
            replace(OLD + "-" + partition, PARTITIONS.get(partition));
        }
        for (ClientUnderTest client : clients()) {
            var numbers = new OldSegment(0).add(1, "gzip", 20).add(1, "gzip", 25);
            replace(
                    positionsOf(client) + "-0",
                    List.of(numbers.add(1, "none", 25).add(1, "snappy", 30)));
        }
        // as after a crash: the indexes are made anew from the segments
        Files.delete(directory.logs().resolve(".kafka_cleanshutdown"));
        Files.delete(directory.logs().resolve("recovery-point-offset-checkpoint"));
        directory.start(SERVER);
    }

    @AfterAll
    static void removeTheDirectory() {
        if (directory != null) directory.close();
    }

    private static String positionsOf(ClientUnderTest client) {
        return "positions-" + client.name();
    }

    /** Puts segments in the place of those of an empty partition. */
    private static void replace(String partition, List<OldSegment> segments) throws IOException {
        Path folder = directory.logs().resolve(partition);
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().equals("partition.metadata")) Files.delete(file);
            }
        }
        for (OldSegment segment : segments) segment.write(folder);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("clients")
    void aGroupOfOneReadsEveryRecordOfEveryCodecInFormats0And1(ClientUnderTest client) {
        require(client);
        // Apache hands messages of format 0 out as they are; their LZ4 has the header checksum of that time
        assumeFalse(
                BrokerKind.underTest() instanceof ApacheBroker
                        && client.name().equals("python-kafka")
                        && !Files.exists(Path.of("/usr/lib/python3/dist-packages/xxhash")),
                "kafka-python reads LZ4 of format 0 only with python3-xxhash");
        var wanted = new ArrayList<String>();
        for (var segments : PARTITIONS) {
            LongStream.range(0, segments.getLast().nextOffset())
                    .mapToObj(String::valueOf)
                    .forEach(wanted::add);
        }
        var found = client.take(directory.bootstrap(), OLD, "of " + client.name(), wanted.size());
        assertEquals(wanted.stream().sorted().toList(), found.stream().sorted().toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("clients")
    void offsetsAndTimeStampsLeadIntoFormat1(ClientUnderTest client) {
        require(client);
        client.readPositions(directory.bootstrap(), positionsOf(client));
    }

    private static void require(ClientUnderTest client) {
        List<String> without =
                List.of(System.getProperty("millrace.compat.without", "").split(","));
        assumeFalse(without.contains(client.name()), () -> client.name() + " is left out by -Dmillrace.compat.without");
        client.requireInstalled();
    }

    @Test
    void keysValuesOffsetsAndTimeStampsAreThoseThatWereWritten() {
        for (int at = 0; at < PARTITIONS.size(); at++) {
            var partition = new TopicPartition(OLD, at);
            var timestamps = PARTITIONS.get(at).stream()
                    .flatMap(segment -> segment.timestamps().stream())
                    .toList();
            try (var consumer = JavaClients.consumer(directory.bootstrap())) {
                consumer.assign(List.of(partition));
                long next = 0;
                for (var record : JavaClients.take(consumer, timestamps.size())) {
                    long number = next++;
                    assertEquals(number, record.offset(), partition::toString);
                    assertEquals(timestamps.get((int) number), record.timestamp(), () -> partition + " at " + number);
                    assertArrayEquals(OldSegment.key(number), record.key());
                    assertEquals(String.valueOf(number), new String(record.value(), StandardCharsets.UTF_8));
                }
                assertEquals(next, consumer.endOffsets(List.of(partition)).get(partition));
            }
        }
    }
}
