package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeReplicaLogDirsResult.ReplicaLogDirInfo;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.LogDirNotFoundException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Replicas are moved between log directories (KIP-113) and kept off them (KIP-1066) by the official admin client. */
final class MovedReplicasTest {
    private static final int BROKER = 1;
    private static final int RECORD_BYTES = 1_000;
    private static final int BATCH = 20;

    /** Between batches, where a test wants to see parts of a copy. */
    private static final long PACE_NANOS = 20_000_000;

    private static final int FIRST_RECORDS = 3_000;
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String RATE = "replica.alter.log.dirs.io.max.bytes.per.second";
    private static final String CORDONED = "cordoned.log.dirs";

    private static final Path ROOT = newRoot();
    private static final String ONE = ROOT.resolve("one").toString();
    private static final String OTHER = ROOT.resolve("other").toString();

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            "node.id=" + BROKER, "log.dirs=" + ONE + "," + OTHER, "auto.create.topics.enable=false");

    private static Path newRoot() {
        try {
            return Files.createTempDirectory(Files.createDirectories(Checkout.TARGET.resolve("brokers")), "dirs");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterAll
    static void theDirectoriesGo() throws IOException {
        broker.close();
        try (var files = Files.walk(ROOT)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        }
    }

    private static void create(Admin admin, String topic, int partitions) throws Exception {
        var configs = Map.of("segment.bytes", "1048576", "file.delete.delay.ms", "100");
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs)))
                .all()
                .get();
    }

    private static void set(Admin admin, String name, String value) throws Exception {
        var type = value.isEmpty() ? AlterConfigOp.OpType.DELETE : AlterConfigOp.OpType.SET;
        var operation = new AlterConfigOp(new ConfigEntry(name, value), type);
        var resource = new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(BROKER));
        admin.incrementalAlterConfigs(Map.of(resource, List.of(operation)))
                .all()
                .get();
    }

    private static Future<Void> move(Admin admin, String topic, String to) {
        return admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica(topic, 0, BROKER), to))
                .all();
    }

    private static ReplicaLogDirInfo where(Admin admin, String topic) throws Exception {
        var replica = new TopicPartitionReplica(topic, 0, BROKER);
        return Objects.requireNonNull(
                admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica));
    }

    private static Map<String, LogDirDescription> describe(Admin admin) throws Exception {
        return Objects.requireNonNull(
                admin.describeLogDirs(List.of(BROKER)).allDescriptions().get().get(BROKER));
    }

    private static LogDirDescription describe(Admin admin, String path) throws Exception {
        return Objects.requireNonNull(describe(admin).get(path));
    }

    private static Set<String> holders(Admin admin, String topic) throws Exception {
        var holders = new HashSet<String>();
        describe(admin).forEach((path, directory) -> {
            for (TopicPartition held : directory.replicaInfos().keySet())
                if (held.topic().equals(topic)) holders.add(path);
        });
        return holders;
    }

    /** Directories of that topic below a log directory, whatever their state. */
    private static List<String> in(String logDirectory, String topic) throws IOException {
        try (var entries = Files.list(Path.of(logDirectory))) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.startsWith(topic + "-"))
                    .sorted()
                    .toList();
        }
    }

    private static void awaitMoved(Admin admin, String topic, String to) {
        String from = to.equals(ONE) ? OTHER : ONE;
        var seen = new AtomicReference<>("");
        Await.until(
                topic + " lies in " + to + " and nowhere else",
                PATIENCE,
                () -> {
                    var now = where(admin, topic);
                    seen.set(now + ", " + in(from, topic) + " and " + in(to, topic));
                    return to.equals(now.getCurrentReplicaLogDir())
                            && now.getFutureReplicaLogDir() == null
                            && in(from, topic).isEmpty()
                            && in(to, topic).equals(List.of(topic + "-0"));
                },
                seen::get);
    }

    private static void awaitUnderWay(Admin admin, String topic, String to) {
        Await.until("a part of " + topic + " has been copied to " + to, PATIENCE, () -> {
            var copy = describe(admin, to).replicaInfos().get(new TopicPartition(topic, 0));
            return copy != null && copy.isFuture() && copy.size() > 0;
        });
    }

    /** Numbers from 0 on in partition 0: written in order by an idempotent producer, and read on the spot. */
    private static final class Load implements AutoCloseable {
        private final String topic;
        private final int batch;
        private final long paceNanos;
        private final AtomicBoolean isWriting = new AtomicBoolean(true);
        private final AtomicInteger written = new AtomicInteger();
        private final AtomicInteger read = new AtomicInteger();
        private final AtomicReference<@Nullable String> trouble = new AtomicReference<>();
        private final List<Thread> threads;

        Load(String topic, int batch, long paceNanos) {
            this.topic = topic;
            this.batch = batch;
            this.paceNanos = paceNanos;
            threads = List.of(
                    Thread.ofPlatform().start(() -> guard(this::write)),
                    Thread.ofPlatform().start(() -> guard(this::read)));
        }

        private interface Deed {
            void run() throws Exception;
        }

        private void guard(Deed deed) {
            try {
                deed.run();
            } catch (Exception | AssertionError e) {
                trouble.compareAndSet(null, e.toString());
            }
        }

        private void write() throws Exception {
            try (KafkaProducer<byte[], byte[]> producer = JavaClients.producer(
                    broker.bootstrap(),
                    "acks",
                    "all",
                    "enable.idempotence",
                    "true",
                    "reconnect.backoff.max.ms",
                    "100")) {
                while (isWriting.get()) {
                    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
                    for (int i = 0; i < batch; i++)
                        records.add(new ProducerRecord<>(topic, 0, null, value(written.get() + i)));
                    JavaClients.write(producer, records);
                    written.addAndGet(batch);
                    if (paceNanos > 0) LockSupport.parkNanos(paceNanos);
                }
            }
        }

        private static byte[] value(int number) {
            return ByteBuffer.allocate(RECORD_BYTES).putInt(number).array();
        }

        private void read() {
            try (var consumer = JavaClients.consumer(broker.bootstrap(), "reconnect.backoff.max.ms", "100")) {
                var partitions = List.of(new TopicPartition(topic, 0));
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                while (isWriting.get() || threadIsWriting() || read.get() < written.get()) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                        int number = ByteBuffer.wrap(record.value()).getInt();
                        if (number != read.get())
                            throw new AssertionError(
                                    "want " + read.get() + " at offset " + record.offset() + ", found " + number);
                        read.incrementAndGet();
                    }
                    if (trouble.get() != null) return;
                }
            }
        }

        private boolean threadIsWriting() {
            return threads != null && threads.getFirst().isAlive();
        }

        void awaitMore(int records) {
            int goal = written.get() + records;
            Await.until(
                    records + " more are written and read",
                    PATIENCE,
                    () -> trouble.get() != null || (written.get() >= goal && read.get() >= goal),
                    () -> written.get() + " written, " + read.get() + " read");
            assertEquals(null, trouble.get());
        }

        /** Ends it; all that was acknowledged has been read in order, once. */
        int end() {
            isWriting.set(false);
            for (Thread thread : threads) join(thread);
            assertEquals(null, trouble.get());
            assertEquals(written.get(), read.get());
            return written.get();
        }

        @Override
        public void close() {
            isWriting.set(false);
            trouble.compareAndSet(null, "the test has ended");
            for (Thread thread : threads) join(thread);
        }

        private static void join(Thread thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    @Tag("long")
    void aReplicaMovesWhileItIsWrittenAndReadAndOverAKillAndNothingIsLost() throws Exception {
        String topic = "moved";
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            create(admin, topic, 1);
            try (var load = new Load(topic, BATCH, PACE_NANOS)) {
                load.awaitMore(FIRST_RECORDS);
                String from = where(admin, topic).getCurrentReplicaLogDir();
                String to = from.equals(ONE) ? OTHER : ONE;

                set(admin, RATE, "200000");
                move(admin, topic, to).get();
                awaitUnderWay(admin, topic, to);
                load.awaitMore(1_000);
                var described = Objects.requireNonNull(
                        describe(admin, to).replicaInfos().get(new TopicPartition(topic, 0)));
                assertTrue(described.isFuture() && described.offsetLag() > 0, described::toString);
                assertEquals(to, where(admin, topic).getFutureReplicaLogDir());
                assertEquals(from, where(admin, topic).getCurrentReplicaLogDir());
                assertTrue(in(to, topic).getFirst().endsWith("-future"), () -> "the copy's name");
                broker.kill();
                broker.start();
                awaitUnderWay(admin, topic, to);
                set(admin, RATE, "");
                awaitMoved(admin, topic, to);
                load.awaitMore(1_000);

                // back again, with nothing to hold it up
                move(admin, topic, from).get();
                awaitMoved(admin, topic, from);
                load.awaitMore(1_000);

                // a move that is called off
                set(admin, RATE, "200000");
                move(admin, topic, to).get();
                awaitUnderWay(admin, topic, to);
                move(admin, topic, from).get();
                awaitMoved(admin, topic, from);
                set(admin, RATE, "");

                // killed right after the change-over
                move(admin, topic, to).get();
                var seen = new AtomicReference<>("");
                Await.until(
                        "it has moved",
                        PATIENCE,
                        () -> {
                            var now = where(admin, topic);
                            seen.set(now.toString());
                            return to.equals(now.getCurrentReplicaLogDir());
                        },
                        seen::get);
                broker.kill();
                broker.start();
                load.awaitMore(1_000);
                awaitMoved(admin, topic, to);
                int count = load.end();
                broker.stop();
                broker.start();
                awaitMoved(admin, topic, to);
                assertReadsInOrder(topic, count);
            }
        }
    }

    /** The copy may be no faster than a fraction of the writer's speed, as configured. */
    @Test
    @Tag("long")
    void aWriterAtFullSpeedDoesNotKeepAReplicaFromMoving() throws Exception {
        String topic = "busy";
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            create(admin, topic, 1);
            try (var load = new Load(topic, 2_000, 0)) {
                load.awaitMore(FIRST_RECORDS);
                set(admin, RATE, "2000000");
                String to = where(admin, topic).getCurrentReplicaLogDir().equals(ONE) ? OTHER : ONE;
                move(admin, topic, to).get();
                awaitMoved(admin, topic, to);
                load.awaitMore(1_000);
                assertReadsInOrder(topic, load.end());
            } finally {
                set(admin, RATE, "");
            }
        }
    }

    private static void assertReadsInOrder(String topic, int count) {
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            var partitions = List.of(new TopicPartition(topic, 0));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            assertEquals(count, consumer.endOffsets(partitions).get(partitions.getFirst()));
            int expected = 0;
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (expected < count) {
                assertTrue(System.nanoTime() < deadline, "only " + expected + " of " + count + " were read in time");
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100)))
                    assertEquals(expected++, ByteBuffer.wrap(record.value()).getInt());
            }
        }
    }

    @Test
    void aCordonedDirectoryGetsNothingNew() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            create(admin, "before", 2);
            set(admin, CORDONED, ONE);
            try {
                Await.until(
                        "one is cordoned", PATIENCE, () -> describe(admin, ONE).isCordoned());
                assertFalse(describe(admin, OTHER).isCordoned());
                create(admin, "while", 5);
                assertEquals(Set.of(OTHER), holders(admin, "while"));
                refused(InvalidReplicaAssignmentException.class, move(admin, "while", ONE));

                set(admin, CORDONED, "*");
                Await.until(
                        "all are cordoned",
                        PATIENCE,
                        () -> describe(admin, OTHER).isCordoned());
                var noTopic = refused(
                        InvalidReplicationFactorException.class,
                        admin.createTopics(List.of(new NewTopic("never", 1, (short) 1)))
                                .all());
                assertTrue(noTopic.contains("have all their log directories cordoned"), noTopic);
                refused(
                        InvalidReplicationFactorException.class,
                        admin.createPartitions(Map.of("before", NewPartitions.increaseTo(3)))
                                .all());
                broker.stop();
                broker.start();
                assertTrue(describe(admin, ONE).isCordoned()
                        && describe(admin, OTHER).isCordoned());

                var unknown = assertThrows(ExecutionException.class, () -> set(admin, CORDONED, "/nowhere"));
                assertInstanceOf(InvalidRequestException.class, unknown.getCause());
            } finally {
                set(admin, CORDONED, "");
            }
            Await.until(
                    "none is cordoned",
                    PATIENCE,
                    () -> describe(admin).values().stream().noneMatch(LogDirDescription::isCordoned));
            create(admin, "after", 9);
            assertTrue(holders(admin, "after").contains(ONE), "the one with fewer partitions is used again");
        }
    }

    private static String refused(Class<? extends Exception> how, Future<?> asked) {
        var failure = assertThrows(ExecutionException.class, asked::get);
        assertInstanceOf(how, failure.getCause());
        return String.valueOf(failure.getCause().getMessage());
    }

    @Test
    void directoriesAreDescribedWithTheRoomOnTheirDisks() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            create(admin, "described", 1);
            Map<String, LogDirDescription> all = describe(admin);
            assertEquals(Set.of(ONE, OTHER), all.keySet());
            for (var entry : all.entrySet()) {
                assertEquals(null, entry.getValue().error());
                long total = Files.getFileStore(Path.of(entry.getKey())).getTotalSpace();
                assertEquals(total, entry.getValue().totalBytes().orElse(-1));
                long usable = entry.getValue().usableBytes().orElse(-1);
                assertTrue(usable > 0 && usable <= total, () -> "usable " + usable + " of " + total);
            }
            refused(LogDirNotFoundException.class, move(admin, "described", "/nowhere"));
            refused(LogDirNotFoundException.class, move(admin, "described", ONE + "/"));
        }
    }

    private static List<String> program(String... arguments) {
        var command = new ArrayList<>(List.of(MillraceBroker.PROGRAM, "log"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--bootstrap-server", broker.bootstrap()));
        return ChildProcess.run("millrace log " + arguments[0], ROOT, Map.of(), PATIENCE, command);
    }

    @Test
    void theProgramMovesAReplicaAndShowsTheDirectories() throws Exception {
        String topic = "by-hand";
        try (var admin = JavaClients.admin(broker.bootstrap());
                var producer = JavaClients.producer(broker.bootstrap())) {
            create(admin, topic, 1);
            JavaClients.write(producer, List.of(new ProducerRecord<>(topic, 0, null, new byte[RECORD_BYTES])));
            String from = where(admin, topic).getCurrentReplicaLogDir();
            String to = from.equals(ONE) ? OTHER : ONE;
            List<String> told = program("move", topic + ":0", "--to", to, "--wait");
            assertEquals(topic + "-0: in " + to, told.getLast());
            assertEquals(to, where(admin, topic).getCurrentReplicaLogDir());
            var shown = program("dirs", "--verbose");
            assertTrue(
                    shown.stream().anyMatch(line -> line.contains(topic) && line.contains(to + " ")),
                    () -> String.join("\n", shown));
            assertTrue(program("dirs", "--json").getFirst().contains("\"topic\":\"" + topic + "\""));
        }
    }
}
