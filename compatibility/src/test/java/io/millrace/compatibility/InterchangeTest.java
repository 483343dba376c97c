package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.SharedDirectory.Server;
import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One node's directory changes hands: Apache's broker, ours, Apache's again. Clients see the same whoever serves, and what
 * each of them wrote.
 */
@Tag("long")
final class InterchangeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String MADE_BY_US = "made-by-us";
    private static final List<Long> TIMESTAMPS =
            List.of(0L, MixedLoad.FIRST_TIMESTAMP + 7_500, MixedLoad.FIRST_TIMESTAMP + 100_000);

    private static final String FIRST_SEGMENT = "00000000000000000000.log";

    /** Segments and what belongs to one come and go; the other files of a directory stay. */
    private static final Pattern OF_A_SEGMENT =
            Pattern.compile("\\d{20}(\\.(log|index|timeindex|txnindex|snapshot)|-\\d{10}\\.checkpoint)(\\.deleted)?");

    /** Apache's {@code config/server.properties} with its values, and what makes a test quick. */
    private static final List<String> SERVER_PROPERTIES = List.of(
            "inter.broker.listener.name=PLAINTEXT",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
            "num.network.threads=3",
            "num.io.threads=8",
            "socket.send.buffer.bytes=102400",
            "socket.receive.buffer.bytes=102400",
            "socket.request.max.bytes=104857600",
            "num.partitions=1",
            "num.recovery.threads.per.data.dir=2",
            "log.flush.interval.messages=10000",
            "log.flush.interval.ms=1000",
            "log.retention.hours=-1", // the records are old, and looked for sooner than by default:
            "log.initial.task.delay.ms=500",
            "broker.session.timeout.ms=4000",
            "log.retention.bytes=1073741824",
            "log.segment.bytes=1073741824",
            "log.retention.check.interval.ms=500",
            "group.initial.rebalance.delay.ms=0",
            "group.min.session.timeout.ms=1000",
            "offsets.topic.num.partitions=4",
            "transaction.state.log.num.partitions=4",
            "log.cleaner.backoff.ms=200",
            "log.flush.start.offset.checkpoint.interval.ms=500");

    @Test
    void aDirectoryStoppedCleanlyChangesHandsBothWays() throws Exception {
        changeHands(true);
    }

    @Test
    void aDirectoryWhoseServersAreKilledChangesHandsBothWays() throws Exception {
        changeHands(false);
    }

    private static void changeHands(boolean cleanly) throws Exception {
        try (var directory = SharedDirectory.formattedByApache(SERVER_PROPERTIES);
                var producer = JavaClients.producer(
                        directory.bootstrap(), "enable.idempotence", "true", "reconnect.backoff.max.ms", "100")) {
            directory.start(Server.APACHE);
            Map<String, String> fromApache = useApache(directory, producer);
            directory.end(cleanly);
            Map<Path, String> kept = lastingFiles(directory);
            var checkpoints = Checkpoints.read(directory.logs());
            checkpoints.assertAgreeWith(fromApache, cleanly);

            directory.start(Server.MILLRACE);
            assertSame(fromApache, ClusterPicture.of(directory.bootstrap(), TIMESTAMPS));
            Map<String, String> fromMillrace = useMillrace(directory, producer);
            directory.end(cleanly);
            assertKept(kept, lastingFiles(directory));
            var ours = Checkpoints.read(directory.logs());
            ours.assertAgreeWith(fromMillrace, cleanly);
            ours.assertGoOnFrom(checkpoints, fromApache);
            if (cleanly) assertApachesToolFindsNothingWrong(directory);

            directory.start(Server.APACHE);
            assertSame(fromMillrace, ClusterPicture.of(directory.bootstrap(), TIMESTAMPS));
            endTheOpenTransaction(directory);
            writeOne(producer, "after");
        }
    }

    /** Its own files of transactions among them, which ours has kept. */
    private static void assertApachesToolFindsNothingWrong(SharedDirectory directory) {
        Path logs = directory.logs();
        List<Path> files = directory.files().stream()
                .filter(file -> file.getNameCount() > 1)
                .toList();
        List<Path> transactions = files.stream()
                .filter(file -> file.startsWith(Path.of(MixedLoad.TRANSACTIONS + "-0")) || isOfTransactionState(file))
                .toList();
        String indexes = ApacheTools.files(files, logs, ".index", ".timeindex");
        String all =
                ApacheTools.files(files, logs, ".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".checkpoint");
        var outputs = ApacheTools.dump(List.of(
                List.of("--files", all),
                List.of("--index-sanity-check", "--files", indexes),
                List.of("--verify-index-only", "--files", indexes),
                List.of(
                        "--transaction-log-decoder",
                        "--files",
                        ApacheTools.files(
                                transactions.stream()
                                        .filter(InterchangeTest::isOfTransactionState)
                                        .toList(),
                                logs,
                                ".log")),
                List.of("--files", ApacheTools.files(transactions, logs, ".txnindex"))));
        for (List<String> output : outputs) assertEquals(List.of(), ApacheTools.troubles(output));
        assertTrue(String.join("\n", outputs.get(3)).contains(MixedLoad.OPEN_TRANSACTION), outputs.get(3)::toString);
        assertTrue(
                outputs.get(4).stream().anyMatch(line -> line.contains("producerId:") && line.contains("firstOffset:")),
                outputs.get(4)::toString);
    }

    private static boolean isOfTransactionState(Path file) {
        return file.getName(0).toString().startsWith("__transaction_state-");
    }

    private static Map<String, String> useApache(SharedDirectory directory, KafkaProducer<byte[], byte[]> producer)
            throws Exception {
        var load = new MixedLoad(directory.bootstrap());
        load.makeTopics();
        writeOne(producer, "before");
        load.writeEveryCodec(MixedLoad.CODECS, 3);
        load.fillSegments(MixedLoad.CODECS);
        load.fillSegments(MixedLoad.DELETED_FROM);
        load.deleteRecords();
        load.writeTransactions();
        load.leaveTransactionOpen();
        load.writeEveryCodec(MixedLoad.TRANSACTIONS, 2);
        load.writeCompacted();
        load.commitOffsets("of-apache");
        Await.until(
                "the deletion is in its checkpoint",
                PATIENCE,
                () -> Files.readString(directory.logs().resolve("log-start-offset-checkpoint"))
                        .contains(MixedLoad.DELETED_FROM));
        Await.until(
                "segments of deleted records are gone, in which Apache's broker finds times still",
                PATIENCE,
                () -> directory.files().stream()
                        .noneMatch(file -> file.equals(Path.of(MixedLoad.DELETED_FROM + "-0", FIRST_SEGMENT))));
        Map<String, String> picture = ClusterPicture.of(directory.bootstrap(), TIMESTAMPS);
        assertTrue(offset(picture, "last stable of transactions-0") < offset(picture, "latest of transactions-0"));
        assertEquals(150, offset(picture, "earliest of deleted-from-0"));
        assertFeaturesAreAsOfTheLastMetadataRecord(directory);
        return picture;
    }

    private static Map<String, String> useMillrace(SharedDirectory directory, KafkaProducer<byte[], byte[]> producer)
            throws Exception {
        var load = new MixedLoad(directory.bootstrap());
        writeOne(producer, "meanwhile");
        try (var admin = JavaClients.admin(directory.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(MADE_BY_US, 2, (short) 1)))
                    .all()
                    .get();
            MixedLoad.set(admin, ConfigResource.Type.TOPIC, MixedLoad.CODECS, "max.message.bytes", "800000");
            MixedLoad.set(admin, ConfigResource.Type.TOPIC, MADE_BY_US, "segment.bytes", "1048576");
        }
        load.writeEveryCodec(MADE_BY_US, 2);
        load.writeEveryCodec(MixedLoad.CODECS, 3);
        load.writeEveryCodec(MixedLoad.TRANSACTIONS, 2);
        load.fillSegments(MADE_BY_US);
        load.commitOffsets("of-apache");
        load.commitOffsets("of-millrace");
        assertFeaturesAreAsOfTheLastMetadataRecord(directory);
        return ClusterPicture.of(directory.bootstrap(), TIMESTAMPS);
    }

    /** The epoch of the finalized features is an offset of the metadata log, whoever serves. */
    private static void assertFeaturesAreAsOfTheLastMetadataRecord(SharedDirectory directory) throws Exception {
        try (var admin = JavaClients.admin(directory.bootstrap())) {
            Await.until("features are told as of the last metadata record", PATIENCE, () -> {
                long epoch = admin.describeFeatures()
                        .featureMetadata()
                        .get()
                        .finalizedFeaturesEpoch()
                        .orElse(-1L);
                return epoch == new MetadataLogWriter(directory.logs()).endOffset() - 1;
            });
        }
    }

    /** One producer goes on through all changes: its sequence numbers are known to whoever serves. */
    private static void writeOne(KafkaProducer<byte[], byte[]> producer, String value) throws Exception {
        JavaClients.write(
                producer,
                List.of(new ProducerRecord<>(MixedLoad.DELETED_FROM, value.getBytes(StandardCharsets.UTF_8))));
    }

    /** Its coordinator knows it still, though a server came between that has none. */
    private static void endTheOpenTransaction(SharedDirectory directory) throws Exception {
        var load = new MixedLoad(directory.bootstrap());
        try (var producer = load.transactional(MixedLoad.OPEN_TRANSACTION)) {
            producer.initTransactions();
        }
        Await.until("the transaction is aborted", PATIENCE, () -> {
            var picture = ClusterPicture.of(directory.bootstrap(), List.of());
            return offset(picture, "last stable of transactions-0") == offset(picture, "latest of transactions-0")
                    && offset(picture, "last stable of transactions-1") == offset(picture, "latest of transactions-1");
        });
    }

    private static long offset(Map<String, String> picture, String what) {
        return Long.parseLong(picture.getOrDefault(what, "").split(" ", -1)[0]);
    }

    /** Compares, and shows only what differs. */
    private static void assertSame(Map<String, String> before, Map<String, String> after) {
        var lost = new TreeSet<>(lines(before));
        lost.removeAll(lines(after));
        var gained = new TreeSet<>(lines(after));
        gained.removeAll(lines(before));
        assertEquals(String.join("\n", lost), String.join("\n", gained));
    }

    private static Set<String> lines(Map<String, String> picture) {
        return picture.entrySet().stream().map(Object::toString).collect(Collectors.toSet());
    }

    /** The files beside segments, with the content of those that never change. */
    private static Map<Path, String> lastingFiles(SharedDirectory directory) throws IOException {
        var files = new TreeMap<Path, String>();
        for (Path file : directory.files()) {
            String name = file.getFileName().toString();
            if (OF_A_SEGMENT.matcher(name).matches() || name.equals(".kafka_cleanshutdown")) continue;
            boolean isFixed =
                    List.of("partition.metadata", "bootstrap.checkpoint").contains(name);
            files.put(
                    file,
                    isFixed
                            ? new String(
                                    Files.readAllBytes(directory.logs().resolve(file)), StandardCharsets.ISO_8859_1)
                            : "");
        }
        return files;
    }

    private static void assertKept(Map<Path, String> before, Map<Path, String> after) {
        var left = new TreeMap<>(after);
        left.keySet().retainAll(before.keySet());
        assertEquals(before.toString(), left.toString());
        assertTrue(after.containsKey(Path.of("__cluster_metadata-0", "partition.metadata")), after::toString);
        assertTrue(after.containsKey(Path.of(MADE_BY_US + "-0", "partition.metadata")), after::toString);
    }
}
