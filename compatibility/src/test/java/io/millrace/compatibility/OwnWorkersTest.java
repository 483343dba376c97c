package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers on a consumer of our own, in processes of their own, on the broker under test (Millrace or Apache). */
@Tag("long")
final class OwnWorkersTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int PARTITIONS = 3;
    private static final int KEYS = 50;

    @RegisterExtension
    static final BrokerUnderTest broker =
            BrokerUnderTest.with("group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000");

    @TempDir
    static Path classes;

    private static OwnProgram program;

    @BeforeAll
    static void compile() {
        program = OwnProgram.compiled("OwnWorkers", classes);
    }

    private static ChildProcess start(String topic, String... more) {
        List<String> arguments = new ArrayList<>(List.of(broker.bootstrap(), topic, "g-" + topic));
        arguments.addAll(List.of(more));
        return ChildProcess.start("our workers", Checkout.TARGET, Map.of(), program.command(arguments));
    }

    /** Makes a topic with so many records, whose values are their numbers, each key in one partition. */
    private static void fill(String topic, int count) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(
                            new NewTopic(topic, PARTITIONS, (short) 1),
                            new NewTopic(topic + "-dead", PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        try (var producer = JavaClients.producer(broker.bootstrap(), "max.in.flight.requests.per.connection", "1")) {
            JavaClients.write(
                    producer,
                    IntStream.range(0, count)
                            .mapToObj(i -> new ProducerRecord<>(
                                    topic, i % KEYS % PARTITIONS, text("key" + i % KEYS), text(String.valueOf(i))))
                            .toList());
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Map<Integer, Long> committed(Admin admin, String topic) throws Exception {
        Map<Integer, Long> committed = new TreeMap<>();
        admin.listConsumerGroupOffsets("g-" + topic)
                .partitionsToOffsetAndMetadata()
                .get()
                .forEach((partition, offset) -> {
                    if (offset != null) committed.put(partition.partition(), offset.offset());
                });
        return committed;
    }

    private static Map<Integer, Long> ends(String topic) {
        List<TopicPartition> all = IntStream.range(0, PARTITIONS)
                .mapToObj(i -> new TopicPartition(topic, i))
                .toList();
        Map<Integer, Long> ends = new TreeMap<>();
        try (var consumer = JavaClients.consumer(broker.bootstrap())) {
            consumer.endOffsets(all).forEach((partition, end) -> ends.put(partition.partition(), end));
        }
        return ends;
    }

    /** Lines of that first word that were printed as a whole, in words. */
    private static List<String[]> lines(List<String> output, String what, int words) {
        return output.stream()
                .map(line -> line.split(" ", -1))
                .filter(line -> line.length == words && line[0].equals(what))
                .toList();
    }

    private static void awaitEndOf(ChildProcess workers, String topic) {
        Map<Integer, Long> ends = ends(topic);
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            Await.until(
                    "all is committed",
                    PATIENCE,
                    () -> !workers.isAlive() || committed(admin, topic).equals(ends),
                    workers::output);
        }
    }

    private static void end(ChildProcess workers) {
        workers.terminate();
        workers.awaitExit(PATIENCE);
        assertTrue(workers.lines().contains("left"), workers::output);
    }

    @Test
    void manyHandlersAreAtWorkAndEachKeyKeepsItsOrder() throws Exception {
        fill("orders", 6_000);
        try (var workers = start("orders", "order=KEY", "concurrency=100", "sleep=5")) {
            awaitEndOf(workers, "orders");
            end(workers);
            int atWork = 0;
            int most = 0;
            Map<String, Long> lastOfKey = new HashMap<>();
            Set<String> seen = new HashSet<>();
            for (String line : workers.lines()) {
                String[] words = line.split(" ", -1);
                if (words[0].equals("begin")) most = Math.max(most, ++atWork);
                if (!words[0].equals("end")) continue;
                atWork--;
                assertTrue(seen.add(words[4]), () -> words[4] + " was handled twice");
                long offset = Long.parseLong(words[2]);
                Long before = lastOfKey.put(words[3], offset);
                assertTrue(before == null || before < offset, () -> words[3] + ": " + offset + " after " + before);
            }
            assertEquals(6_000, seen.size());
            // As many as there are keys, at most; with one thread it would be 1, with one for each partition 3.
            int atOnce = most;
            assertTrue(atOnce >= 30 && atOnce <= KEYS, () -> atOnce + " handlers were at work at once");
        }
    }

    @Test
    void recordsThatFailAreInTheDeadLetterTopicAndTheOthersAreHandled() throws Exception {
        fill("failing", 300);
        try (var workers = start("failing", "sleep=0", "fail=10", "dead=failing-dead")) {
            awaitEndOf(workers, "failing");
            end(workers);
            assertEquals(300 + 2 * 30, lines(workers.lines(), "end", 5).size(), "30 records were handled three times");
        }
        List<String> dead = new ArrayList<>();
        try (var consumer = JavaClients.consumer(broker.bootstrap(), "group.id", "the-dead")) {
            consumer.subscribe(List.of("failing-dead"));
            for (ConsumerRecord<byte[], byte[]> each : JavaClients.take(consumer, 30)) {
                dead.add(new String(each.value(), StandardCharsets.UTF_8));
                int number = Integer.parseInt(dead.getLast());
                assertEquals("key" + number % KEYS, new String(each.key(), StandardCharsets.UTF_8));
                Map<String, String> headers = new HashMap<>();
                each.headers()
                        .forEach(header ->
                                headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
                assertEquals("failing", headers.get("__millrace.errors.topic"));
                assertEquals(String.valueOf(number % KEYS % PARTITIONS), headers.get("__millrace.errors.partition"));
                assertEquals("3", headers.get("__millrace.errors.failures"));
                assertEquals("it is " + number, headers.get("__millrace.errors.message"));
            }
        }
        assertEquals(
                IntStream.range(0, 30).map(i -> 10 * i).boxed().toList(),
                dead.stream().map(Integer::valueOf).sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"range", "cooperative-sticky"})
    void inTheOrderOfPartitionsRecordsAreHandledOnceWhileMembersComeAndLeave(String assignor) throws Exception {
        String topic = "rebalances-" + assignor;
        int count = 4_500;
        fill(topic, count);
        String[] how = {"order=PARTITION", "sleep=10", "partition.assignment.strategy=" + assignor};
        try (var first = start(topic, how)) {
            first.awaitLine("that it is at work", PATIENCE, line -> line.startsWith("end "));
            try (var second = start(topic, how)) {
                second.awaitLine("that it is at work", PATIENCE, line -> line.startsWith("end "));
                try (var third = start(topic, how)) {
                    third.awaitLine("that it is at work", PATIENCE, line -> line.startsWith("end "));
                    end(first);
                    end(third);
                    awaitEndOf(second, topic);
                    end(second);
                    List<String> values = new ArrayList<>();
                    for (ChildProcess each : List.of(first, second, third))
                        for (String[] words : lines(each.lines(), "end", 5)) values.add(words[4]);
                    assertEquals(count, Set.copyOf(values).size());
                    assertEquals(count, values.size(), "some were handled twice");
                }
            }
        }
    }

    @Test
    void aCrashAnywhereLosesNothing() throws Exception {
        int count = 12_000;
        String topic = "crashes";
        fill(topic, count);
        Map<Integer, Long> ends = ends(topic);
        Random random = new Random(7);
        Map<Integer, Set<Long>> handled = new TreeMap<>();
        Set<String> values = new HashSet<>();
        List<ChildProcess> all = new ArrayList<>();
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            for (int crash = 0; crash < 6; crash++) {
                ChildProcess one = start(topic, "sleep=50", "heartbeat.interval.ms=200", "session.timeout.ms=1500");
                all.add(one);
                // Sometimes two share the topic, and one takes over from the other.
                if (crash % 2 == 1) {
                    ChildProcess other =
                            start(topic, "sleep=50", "heartbeat.interval.ms=200", "session.timeout.ms=1500");
                    all.add(other);
                    other.awaitLine("that it is at work", PATIENCE, line -> line.startsWith("end "));
                    end(other);
                }
                int before = 20 + random.nextInt(500);
                Await.until(
                        "it has begun so many",
                        PATIENCE,
                        () -> lines(one.lines(), "begin", 3).size() >= before
                                || committed(admin, topic).equals(ends),
                        one::output);
                one.kill();
                take(all, handled, values);
                committed(admin, topic).forEach((partition, offset) -> {
                    for (long each = 0; each < offset; each++) {
                        long missing = each;
                        assertTrue(
                                handled.getOrDefault(partition, Set.of()).contains(each),
                                () -> partition + " is committed at " + offset + ", and " + missing
                                        + " was not handled");
                    }
                });
            }
            ChildProcess last = start(topic, "sleep=1");
            all.add(last);
            awaitEndOf(last, topic);
            end(last);
            take(all, handled, values);
            assertEquals(count, values.size());
        } finally {
            all.forEach(ChildProcess::close);
        }
    }

    @Test
    void eachBusinessKeyIsDealtWithOnceThoughRecordsComeTwiceAndWorkersAreKilled() throws Exception {
        int count = 3_000;
        int crashes = 3;
        int concurrency = 20;
        String topic = "once";
        fill(topic, count);
        fillAgain(topic, count);
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic("once-keys", 3, (short) 1)
                            .configs(Map.of("cleanup.policy", "compact,delete"))))
                    .all()
                    .get();
        }
        String[] how = {
            "once=once-keys",
            "sleep=5",
            "concurrency=" + concurrency,
            "order=NONE",
            "heartbeat.interval.ms=200",
            "session.timeout.ms=1500"
        };
        List<ChildProcess> all = new ArrayList<>();
        try {
            for (int crash = 1; crash <= crashes; crash++) {
                ChildProcess one = start(topic, how);
                all.add(one);
                int before = 400 * crash;
                Await.until(
                        "it has dealt with so many",
                        PATIENCE,
                        () -> all.stream()
                                        .mapToInt(each ->
                                                lines(each.lines(), "end", 5).size())
                                        .sum()
                                >= before,
                        one::output);
                one.kill();
            }
            ChildProcess last = start(topic, how);
            all.add(last);
            awaitEndOf(last, topic);
            end(last);
            Map<String, Integer> times = new HashMap<>();
            for (ChildProcess each : all)
                for (String[] words : lines(each.lines(), "end", 5)) times.merge(words[4], 1, Integer::sum);
            assertEquals(count, times.size(), "nothing is lost");
            int more = times.values().stream().mapToInt(each -> each - 1).sum();
            // A handler that had ended, of which the topic was not told yet.
            assertTrue(more <= crashes * concurrency, () -> more + " were dealt with more than once");
        } finally {
            all.forEach(ChildProcess::close);
        }
    }

    /** The same values once more. */
    private static void fillAgain(String topic, int count) throws Exception {
        try (var producer = JavaClients.producer(broker.bootstrap(), "max.in.flight.requests.per.connection", "1")) {
            JavaClients.write(
                    producer,
                    IntStream.range(0, count)
                            .mapToObj(i -> new ProducerRecord<>(
                                    topic, i % KEYS % PARTITIONS, text("key" + i % KEYS), text(String.valueOf(i))))
                            .toList());
        }
    }

    /** Notes what all of them have handled to its end. */
    private static void take(List<ChildProcess> all, Map<Integer, Set<Long>> handled, Set<String> values) {
        for (ChildProcess each : all) {
            for (String[] words : lines(each.lines(), "end", 5)) {
                handled.computeIfAbsent(Integer.valueOf(words[1]), partition -> new HashSet<>())
                        .add(Long.valueOf(words[2]));
                values.add(words[4]);
            }
        }
    }
}
