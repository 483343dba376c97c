package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.compatibility.program.JavaClients;
import io.millrace.records.TopicPartition;
import io.millrace.testkit.Seeds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our transactional producer, whose connections are cut around every kind of request of a transaction, before Apache's
 * coordinator. {@code -Dmillrace.cuts.runs=30 -Dmillrace.seed=fresh} looks further.
 */
@Tag("long")
final class TransactionsUnderCutsTest {
    private static final int REQUESTS_PER_CUT = 8;
    private static final int TRANSACTIONS = 60;
    private static final int RECORDS = 60;
    private static final int SHOWN_BATCHES = 30;
    private static final int RUNS = Integer.getInteger("millrace.cuts.runs", 1);
    private static final long SEED = Seeds.stated().one("transactions under cuts");
    /** Produce, FindCoordinator, InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit. */
    private static final Set<Integer> CUT_AROUND = Set.of(0, 10, 22, 24, 25, 26, 28);

    private static final CuttingProxy proxy = new CuttingProxy(() -> port(), SEED, REQUESTS_PER_CUT, CUT_AROUND);

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(
            new ApacheBroker(), port -> List.of("advertised.listeners=PLAINTEXT://127.0.0.1:" + proxy.port()));

    private static int port() {
        return broker.port();
    }

    @AfterAll
    static void closeTheProxy() throws IOException {
        proxy.close();
    }

    @ParameterizedTest
    @ValueSource(shorts = {2, 1})
    void eachCommittedRecordIsThereOnceAndInOrder(short version) throws Exception {
        OurTransactions.finalizeVersion(broker.bootstrap(), version);
        for (int run = 0; run < RUNS; run++) {
            int before = cutCount();
            new Story("cut-" + version + "-" + run, new Random(SEED + 2L * run + version)).run();
            assertTrue(cutCount() > before + 10, () -> "too few cuts to show anything: " + proxy.cuts());
        }
    }

    private static int cutCount() {
        return proxy.cuts().values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Transactions of one producer; a third of them is aborted, and a third has offsets. */
    private static final class Story {
        private final String topic;
        private final Random random;
        private final List<List<String>> expected = new ArrayList<>();
        private String expectedOffset = "none";

        Story(String topic, Random random) {
            this.topic = topic;
            this.random = random;
            for (int i = 0; i < OurTransactions.PARTITIONS; i++) expected.add(new ArrayList<>());
        }

        void run() throws Exception {
            OurTransactions.createTopic(broker.bootstrap(), topic);
            Map<String, Object> more = Map.of("batch.size", 200, "reconnect.backoff.ms", 5, "retry.backoff.ms", 10);
            try (var producer = OurTransactions.producer("127.0.0.1:" + proxy.port(), topic, more)) {
                producer.initTransactions();
                for (int transaction = 0; transaction < TRANSACTIONS; transaction++) {
                    producer.beginTransaction();
                    boolean isCommitted = random.nextInt(3) > 0;
                    for (int i = 0; i < RECORDS; i++) {
                        int partition = random.nextInt(OurTransactions.PARTITIONS);
                        String value = transaction + "-" + i;
                        OurTransactions.send(producer, topic, partition, value);
                        if (isCommitted) expected.get(partition).add(value);
                    }
                    if (random.nextInt(3) == 0) {
                        producer.sendOffsetsToTransaction(
                                Map.of(new TopicPartition(topic, 0), new CommittedOffset(transaction)),
                                new ConsumerGroupMetadata(topic));
                        if (isCommitted) expectedOffset = String.valueOf(transaction);
                    }
                    if (isCommitted) producer.commitTransaction();
                    else producer.abortTransaction();
                }
            }
            check(OurTransactions.committedInTheEnd(broker.bootstrap(), topic));
            Await.until(
                    "the group has the offset of the last transaction that was committed with one, " + expectedOffset,
                    JavaClients.PATIENCE,
                    () -> committedOffset().equals(expectedOffset),
                    () -> "seed 0x" + Long.toHexString(SEED));
        }

        private void check(List<List<String>> found) {
            if (found.equals(expected)) return;
            StringBuilder why = new StringBuilder("seed 0x" + Long.toHexString(SEED));
            for (int partition = 0; partition < OurTransactions.PARTITIONS; partition++) {
                List<String> missing = new ArrayList<>(expected.get(partition));
                missing.removeAll(found.get(partition));
                List<String> more = new ArrayList<>(found.get(partition));
                more.removeAll(expected.get(partition));
                why.append("\nmissing: ")
                        .append(missing)
                        .append(", unexpected: ")
                        .append(more);
                why.append(", found ").append(found.get(partition).size());
                why.append(" of ").append(expected.get(partition).size()).append('\n');
                why.append(LogText.of(broker.logs(), topic, partition, SHOWN_BATCHES));
            }
            fail(why.toString());
        }

        /** Asks until nothing of it is undecided. */
        private String committedOffset() throws Exception {
            try (var admin = JavaClients.admin(broker.bootstrap())) {
                var all = admin.listConsumerGroupOffsets(topic)
                        .partitionsToOffsetAndMetadata()
                        .get(60, TimeUnit.SECONDS);
                var offset = all.get(new org.apache.kafka.common.TopicPartition(topic, 0));
                return offset == null ? "none" : String.valueOf(offset.offset());
            }
        }
    }
}
