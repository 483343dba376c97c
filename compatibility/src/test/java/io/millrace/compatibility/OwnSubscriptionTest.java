package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.RebalanceListener;
import io.millrace.compatibility.program.JavaClients;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What our consumer does as a member of a group that an application can see, on the broker under test. */
final class OwnSubscriptionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("group.initial.rebalance.delay.ms=0");

    private static Consumer<String, String> open(String group, Object... namesAndValues) {
        ConsumerOptions options = ConsumerOptions.forServers(broker.bootstrap())
                .with("group.id", group)
                .with("auto.offset.reset", "earliest")
                .with("session.timeout.ms", 6_000)
                .with("heartbeat.interval.ms", 200)
                .with("fetch.max.wait.ms", 50);
        for (int i = 0; i < namesAndValues.length; i += 2)
            options = options.with(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        return Consumer.open(options, Deserializers.string(), Deserializers.string());
    }

    /** Makes a topic with so many records, whose values are their numbers, in turn in its partitions. */
    private static void fill(String topic, int partitions, int count) throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        // One in flight: see OwnConsumerCommitsTest.
        try (var producer = JavaClients.producer(broker.bootstrap(), "max.in.flight.requests.per.connection", "1")) {
            JavaClients.write(
                    producer,
                    IntStream.range(0, count)
                            .mapToObj(i -> new ProducerRecord<byte[], byte[]>(
                                    topic,
                                    i % partitions,
                                    null,
                                    String.valueOf(i).getBytes(StandardCharsets.UTF_8)))
                            .toList());
        }
    }

    private static void awaitMembers(String group, int count) throws Exception {
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            Await.until(
                    "group " + group + " has " + count + " members",
                    PATIENCE,
                    () -> admin.describeConsumerGroups(List.of(group))
                                    .describedGroups()
                                    .get(group)
                                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                                    .members()
                                    .size()
                            == count);
        }
    }

    /** What Kafka's own admin client says is committed, by partition. */
    private static Map<Integer, Long> committed(String group) throws Exception {
        Map<Integer, Long> committed = new TreeMap<>();
        try (Admin admin = JavaClients.admin(broker.bootstrap())) {
            admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .forEach((partition, offset) -> committed.put(partition.partition(), offset.offset()));
        }
        return committed;
    }

    private static List<String> take(Consumer<String, String> consumer, int count) {
        List<String> values = new ArrayList<>();
        Await.until(
                count + " records are read",
                PATIENCE,
                () -> {
                    for (ConsumerRecord<String, String> each : consumer.poll(POLL)) values.add(each.value());
                    return values.size() >= count;
                },
                values::toString);
        return values;
    }

    @Test
    void aConsumerThatIsTooSlowIsToldForHowLongAndWithWhichRecordAndGoesOnAfterwards() throws Exception {
        fill("slow", 1, 5);
        try (var consumer = open("g-slow", "max.poll.interval.ms", 1_000, "enable.auto.commit", false)) {
            consumer.subscribe(List.of("slow"));
            ConsumerRecord<String, String> slow = null;
            for (ConsumerRecord<String, String> each : consumer.poll(PATIENCE)) {
                slow = each;
                if (each.offset() == 1) break;
            }
            assertTrue(slow != null && slow.offset() == 1, () -> "the first poll gave too little");
            awaitMembers("g-slow", 0); // It has left while record 1 took its time.
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            Matcher sentence = Pattern.compile("the consumer was not polled for (\\d+) ms, longer than"
                            + " max\\.poll\\.interval\\.ms=1000, .*it has had record 1 of slow-0\\..*")
                    .matcher(String.valueOf(told.getMessage()));
            assertTrue(sentence.matches(), told::getMessage);
            assertTrue(Long.parseLong(sentence.group(1)) >= 1_000, told::getMessage);
            assertEquals(List.of("0", "1", "2", "3", "4"), take(consumer, 5));
            Map<String, Double> metrics = consumer.metrics();
            assertEquals(2.0, metrics.get("join-total"));
            assertEquals(2.0, metrics.get("rebalance-total"));
            assertEquals(1.0, metrics.get("assigned-partitions"));
            assertTrue(metrics.getOrDefault("heartbeat-total", 0.0) > 0, metrics::toString);
            assertTrue(metrics.getOrDefault("time-between-poll-max", 0.0) >= 1_000, metrics::toString);
        }
    }

    @Test
    void aReaderOfRecordsWhereTheyLieThatIsTooSlowIsToldWithItsRecordToo() throws Exception {
        fill("slow-view", 1, 3);
        try (var consumer = open("g-slow-view", "max.poll.interval.ms", 1_000, "enable.auto.commit", false)) {
            consumer.subscribe(List.of("slow-view"));
            List<Long> seen = new ArrayList<>();
            Await.until("it reads", PATIENCE, () -> {
                consumer.poll(POLL, view -> {
                    seen.add(view.offset());
                    if (view.offset() == 2) awaitNobody("g-slow-view"); // It has left while record 2 took its time.
                });
                return seen.contains(2L);
            });
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE, view -> {}));
            assertTrue(
                    String.valueOf(told.getMessage()).contains("it has had record 2 of slow-view-0."),
                    told::getMessage);
            assertEquals(List.of("0", "1", "2"), take(consumer, 3));
        }
    }

    private static void awaitNobody(String group) {
        try {
            awaitMembers(group, 0);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aPatternThatTakesTooLongIsRefusedWithItsTopic() throws Exception {
        String topic = "a".repeat(240);
        fill(topic, 1, 1);
        try (var consumer = open("g-costly")) {
            consumer.subscribe(Pattern.compile("(?:a{1,50}){1,50}b"));
            ConsumerFailure told = assertThrows(ConsumerFailure.class, () -> consumer.poll(PATIENCE));
            assertEquals(ErrorCode.INVALID_REGULAR_EXPRESSION, told.error());
            assertTrue(String.valueOf(told.getMessage()).contains(topic), told::getMessage);
            consumer.unsubscribe();
            consumer.subscribe(List.of(topic));
            assertEquals(List.of("0"), take(consumer, 1));
        }
    }

    @Test
    void aSeekDoesNotWaitBehindAFetchThatTheBrokerHolds() throws Exception {
        fill("held", 1, 3);
        // Longer than the patience of this test: who waits for the fetch fails.
        try (var consumer = open("g-held", "fetch.max.wait.ms", 300_000)) {
            TopicPartition partition = new TopicPartition("held", 0);
            consumer.assign(List.of(partition));
            assertEquals(List.of("0", "1", "2"), take(consumer, 3));
            for (int round = 0; round < 3; round++) {
                consumer.poll(POLL);
                assertEquals(Map.of(partition, 3L), consumer.endOffsets(List.of(partition)));
                consumer.seek(partition, 1);
                assertEquals(List.of("1", "2"), take(consumer, 2));
            }
        }
    }

    @Test
    void aPatternIsForTopicsThatAreMadeLaterToo() throws Exception {
        fill("pattern-a", 1, 3);
        fill("no-pattern-a", 1, 3);
        try (var consumer = open("g-pattern", "metadata.max.age.ms", 200)) {
            consumer.subscribe(Pattern.compile("pattern-."));
            assertEquals(List.of("0", "1", "2"), take(consumer, 3));
            fill("pattern-b", 2, 4);
            assertEquals(Set.of("0", "1", "2", "3"), new TreeSet<>(take(consumer, 4)));
            assertEquals(
                    Set.of(
                            new TopicPartition("pattern-a", 0),
                            new TopicPartition("pattern-b", 0),
                            new TopicPartition("pattern-b", 1)),
                    consumer.assignment());
        }
    }

    @Test
    void whoUnsubscribesCommitsAndLeavesAndCanReadSomethingElse() throws Exception {
        fill("before", 1, 4);
        fill("after", 1, 2);
        try (var consumer = open("g-unsubscribe")) {
            consumer.subscribe(List.of("before"));
            assertEquals(List.of("0", "1", "2", "3"), take(consumer, 4));
            consumer.unsubscribe();
            assertEquals(Set.of(), consumer.assignment());
            assertEquals(Map.of(0, 4L), committed("g-unsubscribe"));
            awaitMembers("g-unsubscribe", 0);
            assertThrows(IllegalStateException.class, () -> consumer.poll(POLL));
            consumer.assign(List.of(new TopicPartition("after", 0)));
            assertEquals(List.of("0", "1"), take(consumer, 2));
            consumer.commit();
            consumer.unsubscribe();
            consumer.subscribe(List.of("after"));
            awaitMembersWhilePolling(consumer, "after");
        }
    }

    private static void awaitMembersWhilePolling(Consumer<String, String> consumer, String topic) {
        Await.until("it is a member again", PATIENCE, () -> {
            for (ConsumerRecord<String, String> each : consumer.poll(POLL))
                throw new AssertionError("what was committed came again: " + each);
            return consumer.assignment().equals(Set.of(new TopicPartition(topic, 0)));
        });
    }

    @Test
    void whatAListenerCommitsWhenPartitionsAreRevokedIsWhereTheOthersBegin() throws Exception {
        fill("listened", 2, 20);
        Map<TopicPartition, Long> seen = new TreeMap<>();
        List<String> refused = new ArrayList<>();
        try (var one = open("g-listened", "enable.auto.commit", false, "max.poll.records", 3);
                var other = open("g-listened", "enable.auto.commit", false)) {
            one.subscribe(List.of("listened"), new RebalanceListener() {
                @Override
                public void onAssigned(Set<TopicPartition> partitions) {
                    // A seek in here decides where reading begins: the first two are left out.
                    for (TopicPartition each : partitions) if (!seen.containsKey(each)) one.seek(each, 2);
                }

                @Override
                public void onRevoked(Set<TopicPartition> partitions) {
                    one.commit(partitions);
                    refused.add(assertThrows(IllegalStateException.class, () -> one.poll(POLL))
                            .getMessage());
                    refused.add(assertThrows(IllegalStateException.class, one::unsubscribe)
                            .getMessage());
                }
            });
            Await.until("the first has read of both partitions", PATIENCE, () -> {
                for (ConsumerRecord<String, String> each : one.poll(POLL)) {
                    TopicPartition partition = new TopicPartition(each.topic(), each.partition());
                    assertEquals(seen.getOrDefault(partition, 2L), each.offset());
                    seen.put(partition, each.offset() + 1);
                    one.pause(List.of(partition)); // Some are left for the other.
                }
                return seen.size() == 2;
            });
            Map<Integer, Long> wanted = new TreeMap<>();
            seen.forEach((partition, offset) -> wanted.put(partition.partition(), offset));
            other.subscribe(List.of("listened"));
            List<ConsumerRecord<String, String>> others = new ArrayList<>();
            Await.until("the other reads", PATIENCE, () -> {
                one.pause(one.assignment());
                one.poll(POLL);
                other.poll(POLL).forEach(others::add);
                return !others.isEmpty();
            });
            ConsumerRecord<String, String> first = others.getFirst();
            assertEquals(wanted, committed("g-listened"));
            assertEquals(wanted.get(first.partition()), first.offset());
            assertEquals(
                    List.of("a rebalance listener cannot poll", "a rebalance listener cannot unsubscribe"), refused);
        }
    }
}
