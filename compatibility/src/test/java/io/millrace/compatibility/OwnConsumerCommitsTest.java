package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets that our own consumer commits, on the broker under test (Millrace or Apache), beside Kafka's own consumer. */
@Tag("long")
final class OwnConsumerCommitsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int PARTITIONS = 3;

    @RegisterExtension
    static final BrokerUnderTest broker =
            BrokerUnderTest.with("group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000");

    @TempDir
    static Path classes;

    private static OwnProgram program;

    @BeforeAll
    static void compile() {
        program = OwnProgram.compiled("OwnConsumer", classes);
    }

    private static List<String> ours(String what, String topic, String group, String... more) {
        return ChildProcess.run(
                "our consumer",
                Checkout.TARGET,
                Map.of(),
                PATIENCE,
                program.command(arguments(what, topic, group, more)));
    }

    private static ChildProcess started(String what, String topic, String group, String... more) {
        return ChildProcess.start(
                "our consumer", Checkout.TARGET, Map.of(), program.command(arguments(what, topic, group, more)));
    }

    private static List<String> arguments(String what, String topic, String group, String... more) {
        List<String> arguments = new ArrayList<>(List.of(what, broker.bootstrap(), topic, group));
        arguments.addAll(List.of(more));
        return arguments;
    }

    /** Makes a topic with so many records, whose values are their numbers. */
    private static void fill(String topic, int count) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        // One in flight: on a topic this new Apache's broker may refuse a first batch and take the second, which ends
        // in a stalemate.
        try (var producer = JavaClients.producer(broker.bootstrap(), "max.in.flight.requests.per.connection", "1")) {
            JavaClients.write(
                    producer,
                    IntStream.range(0, count)
                            .mapToObj(i -> new ProducerRecord<byte[], byte[]>(
                                    topic,
                                    i % PARTITIONS,
                                    null,
                                    String.valueOf(i).getBytes(StandardCharsets.UTF_8)))
                            .toList());
        }
    }

    private static List<Integer> values(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("record "))
                .map(line -> Integer.valueOf(line.split(" ", 4)[3]))
                .toList();
    }

    private static List<Integer> official(String topic, String group, int count) {
        List<Integer> values = new ArrayList<>();
        try (var consumer = JavaClients.consumer(broker.bootstrap(), "group.id", group)) {
            consumer.subscribe(List.of(topic));
            for (ConsumerRecord<byte[], byte[]> each : JavaClients.take(consumer, count))
                values.add(Integer.valueOf(new String(each.value(), StandardCharsets.UTF_8)));
            consumer.commitSync();
        }
        return values;
    }

    /** What Kafka's own admin client says is committed, by partition. */
    private static Map<Integer, OffsetAndMetadata> committed(String group) throws Exception {
        Map<Integer, OffsetAndMetadata> committed = new TreeMap<>();
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .forEach((partition, offset) -> committed.put(partition.partition(), offset));
        }
        return committed;
    }

    private static Map<Integer, Long> offsets(String group) throws Exception {
        Map<Integer, Long> offsets = new TreeMap<>();
        committed(group).forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        return offsets;
    }

    private static void assertAllOnce(int count, List<Integer> first, List<Integer> second) {
        List<Integer> both = new ArrayList<>(first);
        both.addAll(second);
        assertEquals(
                IntStream.range(0, count).boxed().toList(),
                both.stream().sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"each", "poll", "async", "auto"})
    void eachConsumerGoesOnWhereTheOtherStopped(String how) throws Exception {
        String topic = "turns-" + how;
        fill(topic, 900);

        List<Integer> ours = values(ours("take", topic, topic, "300", how, "max.poll.records", "100"));
        List<Integer> theirs = official(topic, topic, 300);
        List<Integer> oursAgain =
                values(ours("take", topic, topic, String.valueOf(900 - ours.size() - theirs.size()), how));

        List<Integer> first = new ArrayList<>(ours);
        first.addAll(theirs);
        assertAllOnce(900, first, oursAgain);
        assertEquals(Map.of(0, 300L, 1, 300L, 2, 300L), offsets(topic));
    }

    @Test
    void epochsAndMetadataAreReadByEitherAsTheOtherWroteThem() throws Exception {
        fill("words", 3);
        ours("take", "words", "words", "3", "poll");
        assertEquals(Optional.of(0), committed("words").get(0).leaderEpoch());

        ours("commit", "words", "words", "1", "1", "by ours");
        assertEquals("by ours", committed("words").get(1).metadata());

        try (var consumer = JavaClients.consumer(broker.bootstrap(), "group.id", "words")) {
            consumer.assign(List.of(new TopicPartition("words", 2)));
            consumer.commitSync(
                    Map.of(new TopicPartition("words", 2), new OffsetAndMetadata(1, Optional.of(0), "theirs")));
        }
        List<String> read = ours("committed", "words", "words");
        assertTrue(
                read.containsAll(List.of("committed 0 1 0 ", "committed 1 1 -1 by ours", "committed 2 1 0 theirs")),
                read::toString);
    }

    @Test
    void whoIsNoMemberIsRefusedWhileTheGroupHasSome() throws Exception {
        fill("members", 3);
        try (var member = JavaClients.consumer(broker.bootstrap(), "group.id", "members")) {
            member.subscribe(List.of("members"));
            JavaClients.take(member, 3);
            try (var ours = started("commit", "members", "members", "0", "1", "")) {
                ours.awaitLine("the refusal", PATIENCE, line -> line.startsWith("failed UNKNOWN_MEMBER_ID"));
                assertTrue(ours.output().contains("the group has members, and only they may commit"), ours::output);
            }
        }
        assertEquals(Map.of(), offsets("members"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"poll", "async"})
    void commitsOutliveAKillOfTheBroker(String how) throws Exception {
        String topic = "killed-broker-" + how;
        int count = 30_000;
        fill(topic, count);
        try (var ours = started("take", topic, topic, String.valueOf(count), how, "max.poll.records", "20")) {
            ours.awaitLine("the first records", PATIENCE, line -> line.startsWith("record "));
            broker.kill();
            broker.start();
            ours.awaitLine("that it is done", PATIENCE, "done"::equals);
            assertAllOnce(count, values(ours.lines()), List.of());
        }
        assertEquals(Map.of(0, 10_000L, 1, 10_000L, 2, 10_000L), offsets(topic));
    }

    @Test
    void aKilledConsumerIsFollowedFromItsLastCommit() throws Exception {
        fill("killed-consumer", 6_000);
        List<String> before;
        try (var ours = started("take", "killed-consumer", "killed-consumer", "6000", "each")) {
            ours.awaitLine("a commit", PATIENCE, line -> line.startsWith("sure 1 "));
            ours.kill();
            before = ours.lines();
        }
        Map<Integer, Long> sure = new HashMap<>();
        Map<Integer, Long> given = new HashMap<>();
        for (String line : before) {
            String[] words = line.split(" ", 4);
            if (words.length < 3) continue; // It was killed while it printed.
            if (words[0].equals("sure")) sure.put(Integer.valueOf(words[1]), Long.valueOf(words[2]));
            else if (words[0].equals("record")) given.put(Integer.valueOf(words[1]), Long.parseLong(words[2]) + 1);
        }
        offsets("killed-consumer").forEach((partition, offset) -> {
            long least = sure.getOrDefault(partition, 0L);
            long most = Math.max(least, given.getOrDefault(partition, 0L));
            assertTrue(offset >= least && offset <= most, () -> partition + " at " + offset + ", sure " + sure);
        });
        long left = 6_000
                - offsets("killed-consumer").values().stream()
                        .mapToLong(Long::longValue)
                        .sum();
        List<Integer> after = values(ours("take", "killed-consumer", "killed-consumer", String.valueOf(left), "poll"));
        assertEquals(left, after.size());
    }
}
