package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.Answer;
import io.millrace.client.ClientFailure;
import io.millrace.client.HostAndPort;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.OffsetAdmin.Isolation;
import io.millrace.client.TransactionAdmin.Filter;
import io.millrace.client.TransactionAdmin.Listing;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.client.producer.TransactionFailure;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What our admin asks of transactions, before Apache's coordinator. */
final class OwnTransactionAdminTest {
    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(new ApacheBroker(), port -> List.of());

    private static Admin admin() {
        return Admin.of(List.of(HostAndPort.parse(broker.bootstrap())), AdminOptions.DEFAULT);
    }

    private static <T> T granted(@Nullable Answer<T> answer) {
        if (answer instanceof Answer.Granted<T>(T value)) return value;
        throw new AssertionError("refused: " + answer);
    }

    private static Producer<byte[], byte[]> producer(String transactionalId) {
        var producer = Producer.open(
                ProducerOptions.forServers(broker.bootstrap()).with("transactional.id", transactionalId),
                Serializers.bytes(),
                Serializers.bytes());
        producer.initTransactions();
        producer.beginTransaction();
        return producer;
    }

    private static List<String> ids(List<Listing> listed) {
        return listed.stream().map(Listing::transactionalId).toList();
    }

    @Test
    void whoReadsCommittedSeesTheLogEndBeforeAnOpenTransaction() {
        TopicPartition partition = new TopicPartition("open", 0);
        try (Admin admin = admin();
                var producer = producer("opens")) {
            producer.send(new ProducerRecord<>("open", 0, 5L, null, new byte[1], List.of()))
                    .await();
            Map<TopicPartition, Long> latest = Map.of(partition, OffsetAdmin.LATEST);
            assertEquals(
                    1,
                    granted(admin.offsets()
                                    .find(latest, Isolation.READ_UNCOMMITTED)
                                    .get(partition))
                            .offset());
            assertEquals(
                    0,
                    granted(admin.offsets()
                                    .find(latest, Isolation.READ_COMMITTED)
                                    .get(partition))
                            .offset());
            producer.abortTransaction();
        }
    }

    @Test
    void transactionsAreListedByAllThatTellsThemApart() {
        try (Admin admin = admin();
                var orders = producer("orders-1");
                var bills = producer("bills-1")) {
            orders.send(new ProducerRecord<>("sold", new byte[1])).await();
            bills.send(new ProducerRecord<>("sold", new byte[1])).await();
            assertTrue(
                    ids(admin.transactions().list(Filter.ALL)).containsAll(List.of("bills-1", "orders-1")),
                    "both are under way");
            List<Listing> named = admin.transactions().list(new Filter(List.of("Ongoing"), List.of(), -1, "orders-.*"));
            assertEquals(List.of("orders-1"), ids(named));
            assertEquals(
                    List.of("orders-1"),
                    ids(admin.transactions()
                            .list(new Filter(List.of(), List.of(named.getFirst().producerId()), -1, ""))));
            assertEquals(
                    List.of(),
                    ids(admin.transactions().list(new Filter(List.of("Ongoing"), List.of(), 3_600_000, ""))));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> admin.transactions().list(new Filter(List.of("Sleeping"), List.of(), -1, "")));
            assertThrows(
                    ClientFailure.Refused.class,
                    () -> admin.transactions().list(new Filter(List.of(), List.of(), -1, "(")));
            orders.abortTransaction();
            bills.abortTransaction();
        }
    }

    @Test
    void aFencedProducerCanCommitNoMore() {
        try (Admin admin = admin();
                var producer = producer("fenced")) {
            producer.send(new ProducerRecord<>("fences", new byte[1])).await();
            var before =
                    granted(admin.transactions().describe(List.of("fenced")).get("fenced"));
            var fenced = granted(admin.transactions().fence(List.of("fenced")).get("fenced"));
            assertEquals(before.producerId(), fenced.id());
            assertTrue(fenced.epoch() > before.producerEpoch(), fenced::toString);
            assertThrows(TransactionFailure.class, producer::commitTransaction);
            var after = granted(admin.transactions().describe(List.of("fenced")).get("fenced"));
            assertEquals("Empty", after.state());
            assertEquals(Set.of(), after.partitions());
            TopicPartition partition = new TopicPartition("fences", 0);
            var ends = admin.offsets().find(Map.of(partition, OffsetAdmin.LATEST), Isolation.READ_COMMITTED);
            assertEquals(2, granted(ends.get(partition)).offset(), "the record and the marker that aborts it");
        }
    }
}
