package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.client.producer.SendFailure;
import io.millrace.client.producer.TransactionFailure;
import io.millrace.compatibility.program.JavaClients;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The transactions of our producer before Apache's coordinator, in both versions of transactions, as Kafka's own consumer and
 * admin client see them.
 */
@Tag("long")
final class ProducerTransactionsTest {
    private static final long SEED = 0x5eed;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(new ApacheBroker(), port -> List.of());

    private static String topicFor(String story, short version) throws Exception {
        OurTransactions.finalizeVersion(broker.bootstrap(), version);
        String topic = story + "-" + version;
        OurTransactions.createTopic(broker.bootstrap(), topic);
        return topic;
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void whatIsCommittedIsSeenAndWhatIsAbortedIsNot(short version) throws Exception {
        String topic = topicFor("decided", version);
        Random random = new Random(SEED);
        List<List<String>> expected = new ArrayList<>();
        for (int i = 0; i < OurTransactions.PARTITIONS; i++) expected.add(new ArrayList<>());
        for (String compression : List.of("none", "zstd")) {
            Map<String, Object> more = Map.of("compression.type", compression, "batch.size", 300);
            try (var producer = OurTransactions.producer(broker.bootstrap(), "decided-" + version, more)) {
                producer.initTransactions();
                for (int transaction = 0; transaction < 30; transaction++) {
                    producer.beginTransaction();
                    boolean isCommitted = random.nextBoolean();
                    int count = random.nextInt(4) == 0 ? 0 : random.nextInt(200);
                    for (int i = 0; i < count; i++) {
                        int partition = random.nextInt(OurTransactions.PARTITIONS);
                        String value = compression + "-" + transaction + "-" + i;
                        OurTransactions.send(producer, topic, partition, value);
                        if (isCommitted) expected.get(partition).add(value);
                        if (random.nextInt(100) == 0) producer.flush();
                    }
                    if (isCommitted) producer.commitTransaction();
                    else producer.abortTransaction();
                }
            }
        }
        assertEquals(expected, OurTransactions.committedInTheEnd(broker.bootstrap(), topic));
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void anOlderProducerIsFencedAndWhatItLeftIsAborted(short version) throws Exception {
        String topic = topicFor("fenced", version);
        String id = "fenced-" + version;
        try (var older = OurTransactions.producer(broker.bootstrap(), id, Map.of());
                var newer = OurTransactions.producer(broker.bootstrap(), id, Map.of())) {
            older.initTransactions();
            older.beginTransaction();
            assertTrue(
                    older.send(OurTransactions.record(topic, 0, "left")).await().offset() >= 0);
            newer.initTransactions();
            newer.beginTransaction();
            OurTransactions.send(newer, topic, 0, "kept");
            TransactionFailure fenced = assertThrows(TransactionFailure.class, older::commitTransaction);
            assertTrue(fenced.isFenced(), fenced::getMessage);
            assertThrows(TransactionFailure.class, () -> older.send(OurTransactions.record(topic, 0, "late")));
            assertThrows(TransactionFailure.class, older::beginTransaction);
            newer.commitTransaction();
        }
        assertEquals(
                List.of("kept"),
                OurTransactions.committedInTheEnd(broker.bootstrap(), topic).getFirst());
    }

    private static List<String> millrace(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--bootstrap", broker.bootstrap()));
        return ChildProcess.run("millrace", Checkout.TARGET, Map.of(), Duration.ofMinutes(1), command);
    }

    @Test
    void theProgramTellsOfTransactionsAndEndsOneInItsPartition() throws Exception {
        String topic = topicFor("told", (short) 1);
        try (var producer = OurTransactions.producer(broker.bootstrap(), "told", Map.of())) {
            producer.initTransactions();
            producer.beginTransaction();
            assertEquals(
                    0,
                    producer.send(OurTransactions.record(topic, 0, "undecided"))
                            .await()
                            .offset());
            List<String> listed = millrace("transaction", "list", "--state", "Ongoing");
            assertTrue(
                    listed.stream().anyMatch(each -> each.startsWith("told ") && each.endsWith(" Ongoing")),
                    listed::toString);
            String described =
                    millrace("transaction", "describe", "told", "--json").getLast();
            assertTrue(described.contains("\"state\":\"Ongoing\""), described);
            assertTrue(described.contains("\"partitions\":[\"" + topic + "-0\"]"), described);
            String open =
                    millrace("topic", "producers", topic, "--open", "--json").getLast();
            assertTrue(open.contains("\"transactionStartOffset\":0}"), open);
            assertThrows(
                    AssertionError.class,
                    () -> millrace(
                            "transaction",
                            "abort-hanging",
                            "--topic",
                            topic,
                            "--partition",
                            "0",
                            "--start-offset",
                            "1"));
            millrace("transaction", "abort-hanging", "--topic", topic, "--partition", "0", "--start-offset", "0");
            assertEquals(
                    "[]",
                    millrace("topic", "producers", topic, "--open", "--json").getLast());
            producer.abortTransaction();
        }
        String ended = millrace("transaction", "describe", "told", "--json").getLast();
        assertTrue(ended.contains("Abort\""), ended);
        assertThrows(AssertionError.class, () -> millrace("transaction", "describe", "nobody"));
        assertThrows(AssertionError.class, () -> millrace("transaction", "list", "--state", "Bored"));
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void offsetsComeWithTheCommit(short version) throws Exception {
        String topic = topicFor("offsets", version);
        String group = "group-" + version;
        var partition = new TopicPartition(topic, 1);
        try (var producer = OurTransactions.producer(broker.bootstrap(), "offsets-" + version, Map.of())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.sendOffsetsToTransaction(
                    Map.of(partition, new CommittedOffset(7)), new ConsumerGroupMetadata(group));
            producer.abortTransaction();
            assertFalse(committedOffsets(group).containsKey(topic + "-1"));

            producer.beginTransaction();
            OurTransactions.send(producer, topic, 0, "with");
            producer.sendOffsetsToTransaction(
                    Map.of(partition, new CommittedOffset(9, -1, "mine")), new ConsumerGroupMetadata(group));
            producer.commitTransaction();
            Await.until(
                    "the group has its offset",
                    Duration.ofSeconds(30),
                    () -> Optional.ofNullable(committedOffsets(group).get(topic + "-1"))
                            .equals(Optional.of("9 mine")));

            producer.beginTransaction();
            var stranger = new ConsumerGroupMetadata(group, 4, "nobody", Optional.empty());
            TransactionFailure refused = assertThrows(
                    TransactionFailure.class,
                    () -> producer.sendOffsetsToTransaction(Map.of(partition, new CommittedOffset(11)), stranger));
            assertTrue(refused.isAbortable(), refused::getMessage);
            assertTrue(assertThrows(TransactionFailure.class, producer::commitTransaction)
                    .isAbortable());
            producer.abortTransaction();

            producer.beginTransaction();
            OurTransactions.send(producer, topic, 0, "after");
            producer.commitTransaction();
            assertEquals("9 mine", committedOffsets(group).get(topic + "-1"));
        }
        assertEquals(
                List.of("with", "after"),
                OurTransactions.committedInTheEnd(broker.bootstrap(), topic).getFirst());
    }

    private static Map<String, String> committedOffsets(String group) throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            Map<String, String> all = new java.util.HashMap<>();
            admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get(60, TimeUnit.SECONDS)
                    .forEach((partition, offset) -> {
                        if (offset != null) all.put(partition.toString(), offset.offset() + " " + offset.metadata());
                    });
            return all;
        }
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void aTransactionWithARefusedRecordIsAbortedAndTheNextOneIsWhole(short version) throws Exception {
        String topic = topicFor("refused", version);
        Map<String, Object> more = Map.of("max.request.size", 3_000_000, "batch.size", 300);
        try (var producer = OurTransactions.producer(broker.bootstrap(), "refused-" + version, more)) {
            producer.initTransactions();
            for (int round = 0; round < 3; round++) {
                producer.beginTransaction();
                OurTransactions.send(producer, topic, 0, "before");
                OurTransactions.send(producer, topic, 1, "beside");
                // The broker takes no more than a megabyte.
                var tooLarge = producer.send(OurTransactions.record(topic, 0, "x".repeat(2_000_000)));
                producer.flush();
                assertThrows(SendFailure.class, tooLarge::await);
                TransactionFailure failure = assertThrows(TransactionFailure.class, producer::commitTransaction);
                assertTrue(failure.isAbortable(), failure::getMessage);
                producer.abortTransaction();
                producer.beginTransaction();
                OurTransactions.send(producer, topic, 0, "whole " + round);
                producer.commitTransaction();
            }
            producer.beginTransaction();
            OurTransactions.send(producer, topic, 2, "closed on");
        }
        assertEquals(
                List.of(List.of("whole 0", "whole 1", "whole 2"), List.of(), List.of()),
                OurTransactions.committedInTheEnd(broker.bootstrap(), topic));
    }
}
