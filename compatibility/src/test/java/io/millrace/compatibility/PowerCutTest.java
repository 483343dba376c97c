package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.compatibility.PowerCutLoad.Acknowledged;
import io.millrace.compatibility.PowerCutLoad.Promises;
import io.millrace.compatibility.program.JavaClients;
import io.millrace.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Power cuts under load, with a real kernel: the broker's data is on an ext4 image; in mid-load the broker is stopped for as
 * long as it takes to copy the image, which holds what was forced and perhaps more. A fresh broker on the copy has to have
 * all that was promised before.
 *
 * <p>{@code -Dmillrace.powercuts=200} makes it a campaign; a few cuts otherwise. Wants root and loop devices, and is skipped
 * without.
 */
@Tag("long")
final class PowerCutTest {
    private static final int CUTS = Integer.getInteger("millrace.powercuts", 3);
    private static final int CUTS_WITHOUT = Math.max(2, CUTS / 10);
    /** So that an image stays small, and the log of a life short enough to read at each of its cuts. */
    private static final int CUTS_OF_A_LIFE = 10;

    private static final int LEAST_ACKS_BETWEEN_CUTS = 100;
    private static final int MOST_ACKS_BETWEEN_CUTS = 1_500;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FORCED = "millrace.log.acks.forced=true";

    private static Path scratch = Path.of("");

    private final SplittableRandom random = new SplittableRandom(Seeds.stated().one("PowerCutTest"));

    /** What a cut has left: a folder with an image, and what had been promised. */
    private record Cut(Path folder, Promises promises) {}

    /** What was found on a copy. */
    private record Found(int stored, List<Acknowledged> lost, List<String> problems) {}

    @BeforeAll
    static void thereAreLoopDevices() throws IOException {
        Path memory = Path.of("/dev/shm");
        Path parent = Files.isWritable(memory) ? memory : Files.createDirectories(Checkout.TARGET);
        scratch = Files.createTempDirectory(parent, "millrace-power-cuts");
        Optional<String> whyNot = LoopDisk.whyNot(scratch.resolve("probe"));
        assumeTrue(whyNot.isEmpty(), whyNot::orElseThrow);
    }

    @AfterAll
    static void nothingIsLeft() throws IOException {
        if (scratch.toString().isEmpty()) return;
        try (var files = Files.walk(scratch)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        }
    }

    @Test
    void withForcedAcksNothingPromisedIsLostInAPowerCut() throws Exception {
        int records = 0;
        for (int done = 0; done < CUTS; done += CUTS_OF_A_LIFE) {
            for (Found found : cuts(Math.min(CUTS_OF_A_LIFE, CUTS - done), FORCED)) {
                assertEquals(List.of(), found.problems());
                assertEquals(List.of(), found.lost());
                records += found.stored();
            }
        }
        assertTrue(records >= CUTS * LEAST_ACKS_BETWEEN_CUTS, records + " records found after all cuts");
    }

    /** What shows that the other test tests something: the same cuts, acknowledged as Kafka does it by default. */
    @Test
    void withoutForcedAcksTheSameCutsLoseAcknowledgedRecords() throws Exception {
        int cuts = 0;
        int withLoss = 0;
        for (Found found : cuts(Math.min(CUTS_OF_A_LIFE, CUTS_WITHOUT))) {
            assertEquals(List.of(), found.problems(), "even so nothing is torn, doubled or in disorder");
            cuts++;
            if (!found.lost().isEmpty()) withLoss++;
        }
        System.out.println("without forced acks " + withLoss + " of " + cuts + " power cuts lost acknowledged records");
        assertTrue(withLoss > 0, "no record was lost in " + cuts + " cuts, so these cuts cut nothing");
    }

    private List<Found> cuts(int count, String... settings) throws Exception {
        List<Found> all = new ArrayList<>();
        int number = 0;
        for (Cut cut : life(count, settings)) {
            long beganNanos = System.nanoTime();
            Found found = check(cut, settings.length > 0);
            System.out.println("power cut " + ++number + " of " + count + " (" + String.join(" ", settings) + "): "
                    + cut.promises().records().size() + " records acknowledged, " + found.stored() + " found, "
                    + found.lost().size() + " lost; "
                    + cut.promises().topics().size() + " topics, offset "
                    + cut.promises().committed() + " committed; checked in "
                    + (System.nanoTime() - beganNanos) / 1_000_000 + " ms");
            all.add(found);
        }
        return all;
    }

    /** One broker on one image under load, and so many cuts of its power. */
    private List<Cut> life(int count, String... settings) throws Exception {
        List<Cut> cuts = new ArrayList<>();
        try (LoopDisk disk = LoopDisk.make(Files.createTempDirectory(scratch, "life"));
                Node node = Node.start(disk.root(), settings);
                var load = new PowerCutLoad(node.bootstrap())) {
            for (int i = 0; i < count; i++) {
                load.awaitAcknowledged(load.count() + random.nextInt(LEAST_ACKS_BETWEEN_CUTS, MOST_ACKS_BETWEEN_CUTS));
                node.stop();
                Path folder = Files.createTempDirectory(scratch, "cut");
                disk.copy(folder);
                // The broker has not run since before the copy began: what has arrived by now was promised before.
                cuts.add(new Cut(folder, load.promises()));
                node.goOn();
            }
        }
        return cuts;
    }

    private static Found check(Cut cut, boolean isForced) throws Exception {
        Promises promises = cut.promises();
        List<String> problems = new ArrayList<>();
        try (LoopDisk disk = LoopDisk.of(cut.folder());
                Node node = Node.start(disk.root());
                var admin = JavaClients.admin(node.bootstrap());
                var consumer = JavaClients.consumer(node.bootstrap(), "max.poll.records", "50000")) {
            var known = admin.listTopics().names().get();
            for (String topic : promises.topics())
                if (!known.contains(topic)) problems.add("topic " + topic + " is not there");
            if (isForced) {
                var committed = admin.listConsumerGroupOffsets(PowerCutLoad.GROUP)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .get(PowerCutLoad.COMMITTED);
                if (committed == null || committed.offset() < promises.committed())
                    problems.add("offset " + promises.committed() + " was committed, and it is " + committed);
            }
            var partitions = new ArrayList<TopicPartition>();
            for (String topic : promises.topics())
                consumer.partitionsFor(topic)
                        .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            Map<TopicPartition, TreeMap<Long, Stored>> stored = new HashMap<>();
            Await.until("all is read", PATIENCE, () -> {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    var partition = new TopicPartition(record.topic(), record.partition());
                    Stored before = stored.computeIfAbsent(partition, first -> new TreeMap<>())
                            .put(record.offset(), stored(record, problems));
                    if (before != null) problems.add(partition + " has offset " + record.offset() + " twice");
                }
                return partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
            });
            stored.forEach((partition, records) -> checkOrder(partition, records, problems));
            List<Acknowledged> lost = new ArrayList<>();
            for (Acknowledged one : promises.records()) {
                Stored there =
                        stored.getOrDefault(one.partition(), new TreeMap<>()).get(one.offset());
                if (there == null || there.writer != one.writer() || there.number != one.number()) lost.add(one);
            }
            int count = stored.values().stream().mapToInt(TreeMap::size).sum();
            return new Found(count, lost, problems.subList(0, Math.min(20, problems.size())));
        }
    }

    private record Stored(int writer, int number) {}

    private static Stored stored(ConsumerRecord<byte[], byte[]> record, List<String> problems) {
        ByteBuffer value = ByteBuffer.wrap(record.value());
        Stored stored = new Stored(value.getInt(), value.getInt());
        if (!Arrays.equals(record.value(), PowerCutLoad.value(stored.writer, stored.number)))
            problems.add(record.topic() + "-" + record.partition() + " has other bytes at " + record.offset());
        return stored;
    }

    /** Each writer's records are in the order they were sent in and none is there twice: who is not idempotent does not retry. */
    private static void checkOrder(TopicPartition partition, Map<Long, Stored> records, List<String> problems) {
        Map<Integer, Integer> last = new HashMap<>();
        long expected = 0;
        for (var entry : records.entrySet()) {
            if (entry.getKey() != expected++) problems.add(partition + " has a gap before " + entry.getKey());
            expected = entry.getKey() + 1;
            Integer before = last.put(entry.getValue().writer, entry.getValue().number);
            if (before != null && before >= entry.getValue().number)
                problems.add(partition + " has " + entry.getValue() + " after number " + before);
        }
    }

    /** A broker process that can be stopped in its tracks. */
    private record Node(ChildProcess process, int port) implements AutoCloseable {
        static Node start(Path root, String... settings) throws IOException {
            var kind = new MillraceBroker();
            List<String> all = new ArrayList<>(List.of(settings));
            all.addAll(List.of(
                    "offsets.topic.num.partitions=3", "log.segment.bytes=1048576", "millrace.metrics.address="));
            Path data = Files.createDirectories(root.resolve("data"));
            for (int attempt = 1; ; attempt++) {
                int port = FreePort.find();
                var process =
                        ChildProcess.start("the broker", scratch, Map.of(), kind.prepare(data, port, List.copyOf(all)));
                try {
                    process.awaitLine("that it is ready", PATIENCE, kind::saysReady);
                    return new Node(process, port);
                } catch (AssertionError e) {
                    process.close();
                    if (attempt == 5 || !kind.saysPortTaken(process.output())) throw e;
                }
            }
        }

        String bootstrap() {
            return "127.0.0.1:" + port;
        }

        /** Returns once none of its threads runs. */
        void stop() {
            signal("STOP");
            Await.until("every thread of the broker has stopped", PATIENCE, () -> {
                try (var threads = Files.list(Path.of("/proc", String.valueOf(process.pid()), "task"))) {
                    return threads.allMatch(Node::isStopped);
                }
            });
        }

        private static boolean isStopped(Path thread) {
            try {
                String stat = Files.readString(thread.resolve("stat"));
                return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
            } catch (IOException gone) {
                return true;
            }
        }

        void goOn() {
            signal("CONT");
        }

        private void signal(String name) {
            ChildProcess.run(
                    "kill", scratch, Map.of(), PATIENCE, List.of("sh", "-c", "kill -" + name + " " + process.pid()));
        }

        @Override
        public void close() {
            process.close();
        }
    }
}
