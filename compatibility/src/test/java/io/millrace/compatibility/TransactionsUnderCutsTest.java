package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our transactional producer, whose connections are cut around every kind of request of a transaction, before Apache's coordinator. */
@Tag("long")
final class TransactionsUnderCutsTest {
    private static final int REQUESTS_PER_CUT = 8;
    private static final long SEED = 0x5eed;
    /** Produce, FindCoordinator, InitProducerId, AddPartitionsToTxn, EndTxn. */
    private static final Set<Integer> CUT_AROUND = Set.of(0, 10, 22, 24, 26);

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
        String topic = "cut-" + version;
        OurTransactions.createTopic(broker.bootstrap(), topic);
        Random random = new Random(SEED + version);
        List<List<String>> expected = new ArrayList<>();
        for (int i = 0; i < OurTransactions.PARTITIONS; i++) expected.add(new ArrayList<>());
        int before = cutCount();
        Map<String, Object> more = Map.of("batch.size", 200, "reconnect.backoff.ms", 5, "retry.backoff.ms", 10);
        try (var producer = OurTransactions.producer("127.0.0.1:" + proxy.port(), topic, more)) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 60; transaction++) {
                producer.beginTransaction();
                boolean isCommitted = random.nextInt(3) > 0;
                for (int i = 0; i < 60; i++) {
                    int partition = random.nextInt(OurTransactions.PARTITIONS);
                    String value = transaction + "-" + i;
                    OurTransactions.send(producer, topic, partition, value);
                    if (isCommitted) expected.get(partition).add(value);
                }
                if (isCommitted) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
        assertTrue(cutCount() > before + 10, () -> "too few cuts to show anything: " + proxy.cuts());
        assertEquals(expected, OurTransactions.committedInTheEnd(broker.bootstrap(), topic));
    }

    private static int cutCount() {
        return proxy.cuts().values().stream().mapToInt(Integer::intValue).sum();
    }
}
