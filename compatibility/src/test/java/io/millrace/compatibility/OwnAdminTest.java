package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Acl;
import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.Answer;
import io.millrace.client.CommittedOffset;
import io.millrace.client.ConfigAdmin.Change;
import io.millrace.client.ConfigAdmin.Detail;
import io.millrace.client.ConfigAdmin.Kind;
import io.millrace.client.ConfigEntry;
import io.millrace.client.GroupListing;
import io.millrace.client.HostAndPort;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.OffsetAdmin.Isolation;
import io.millrace.client.TopicAdmin;
import io.millrace.client.TopicDescription;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What our admin asks with all that its requests can say, of the broker under test: the same is true of Apache's. */
final class OwnAdminTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long FIRST_MS = 1_700_000_000_000L;

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with("group.initial.rebalance.delay.ms=0");

    private Admin admin;

    @BeforeEach
    void begin() {
        admin = Admin.of(List.of(HostAndPort.parse(broker.bootstrap())), AdminOptions.DEFAULT);
    }

    @AfterEach
    void end() {
        admin.close();
    }

    private static <T> T granted(@Nullable Answer<T> answer) {
        if (answer instanceof Answer.Granted<T>(T value)) return value;
        throw new AssertionError("refused: " + answer);
    }

    private static ErrorCode refusal(@Nullable Answer<?> answer) {
        return assertInstanceOf(Answer.Refused.class, answer).error();
    }

    private TopicAdmin.Created create(String name, int partitions) {
        var topic = new NewTopic(name, partitions, 1, List.of(), Map.of("retention.ms", "1234567890"));
        return granted(admin.topics().create(List.of(topic), false).get(name));
    }

    private String value(String topic, String property) {
        List<ConfigEntry> entries = granted(admin.configs()
                .describeOnly(Kind.TOPIC, Map.of(topic, List.of(property)), Set.of())
                .get(topic));
        assertEquals(1, entries.size(), entries::toString);
        return String.valueOf(entries.getFirst().value());
    }

    private int brokerId() {
        return admin.logDirs().brokerIds().getFirst();
    }

    @Test
    void aTopicThatIsMadeIsToldWithItsIdAndProperties() {
        var created = create("told", 3);
        assertNotEquals(Uuid.ZERO, created.id());
        assertEquals(3, created.partitionCount());
        assertTrue(
                created.configs().stream()
                        .anyMatch(it -> it.name().equals("retention.ms") && "1234567890".equals(it.value())),
                created::toString);
        TopicDescription found =
                granted(admin.topics().describeById(List.of(created.id())).get(created.id()));
        assertEquals("told", found.name());
        assertEquals(3, found.partitions().size());
        Uuid nobody = new Uuid(7, 7);
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_ID,
                refusal(admin.topics().describeById(List.of(nobody)).get(nobody)));
    }

    @Test
    void partitionsArePlacedByHandAndOnlyValidatedIfSoAsked() {
        create("grown", 1);
        int id = brokerId();
        var placed = Map.of("grown", List.of(List.of(id), List.of(id)));
        assertEquals(
                "grown",
                granted(admin.topics()
                        .createPartitions(Map.of("grown", 3), placed, true)
                        .get("grown")));
        assertEquals(
                1,
                granted(admin.topics().describe(List.of("grown")).get("grown"))
                        .partitions()
                        .size());
        granted(admin.topics().createPartitions(Map.of("grown", 3), placed).get("grown"));
        Await.until(
                "the topic has three partitions",
                PATIENCE,
                () -> granted(admin.topics().describe(List.of("grown")).get("grown"))
                                .partitions()
                                .size()
                        == 3);
        var elsewhere = Map.of("grown", List.of(List.of(id + 100)));
        assertEquals(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                refusal(admin.topics()
                        .createPartitions(Map.of("grown", 4), elsewhere, true)
                        .get("grown")));
    }

    @Test
    void listsOfAConfigurationGrowAndShrink() {
        create("policies", 1);
        var append = new Change(Map.of(), List.of(), Map.of("cleanup.policy", "compact"), Map.of());
        granted(admin.configs()
                .alter(Kind.TOPIC, Map.of("policies", append), true)
                .get("policies"));
        assertEquals("delete", value("policies", "cleanup.policy"), "it was only validated");
        granted(admin.configs().alter(Kind.TOPIC, Map.of("policies", append)).get("policies"));
        Await.until(
                "both are in force",
                PATIENCE,
                () -> value("policies", "cleanup.policy").equals("delete,compact"));
        var subtract = new Change(Map.of(), List.of(), Map.of(), Map.of("cleanup.policy", "delete"));
        granted(admin.configs().alter(Kind.TOPIC, Map.of("policies", subtract)).get("policies"));
        Await.until(
                "one is left",
                PATIENCE,
                () -> value("policies", "cleanup.policy").equals("compact"));
        var noList = new Change(Map.of(), List.of(), Map.of("retention.ms", "1"), Map.of());
        assertEquals(
                ErrorCode.INVALID_CONFIG,
                refusal(admin.configs()
                        .alter(Kind.TOPIC, Map.of("policies", noList), true)
                        .get("policies")));
    }

    @Test
    void aPropertyIsToldWithEveryPlaceThatSetsItItsTypeAndWhatItIsFor() {
        var topic = new NewTopic("detailed", 1, 1, List.of(), Map.of("cleanup.policy", "compact"));
        granted(admin.topics().create(List.of(topic), false).get("detailed"));
        ConfigEntry entry = granted(admin.configs()
                        .describeOnly(
                                Kind.TOPIC,
                                Map.of("detailed", List.of("cleanup.policy")),
                                Set.of(Detail.SYNONYMS, Detail.DOCUMENTATION))
                        .get("detailed"))
                .getFirst();
        assertEquals(ConfigEntry.Type.LIST, entry.type());
        assertEquals(
                List.of(
                        new ConfigEntry.Synonym("cleanup.policy", "compact", ConfigEntry.Source.DYNAMIC_TOPIC_CONFIG),
                        new ConfigEntry.Synonym("log.cleanup.policy", "delete", ConfigEntry.Source.DEFAULT_CONFIG)),
                entry.synonyms());
        assertTrue(String.valueOf(entry.documentation()).length() > 20, entry::toString);
        var brokers = admin.configs().describe(Kind.BROKER, List.of("" + brokerId(), ""));
        assertTrue(granted(brokers.get("" + brokerId())).size() > 100, brokers::toString);
        granted(brokers.get(""));
    }

    @Test
    void offsetsAreFoundByAnyMeansOfSayingWhich() {
        create("offsets", 2);
        TopicPartition written = new TopicPartition("offsets", 0);
        TopicPartition empty = new TopicPartition("offsets", 1);
        try (Producer<byte[], byte[]> producer = producer()) {
            for (int i = 0; i < 6; i++)
                producer.send(new ProducerRecord<>("offsets", 0, FIRST_MS + i, null, new byte[] {1}, List.of()))
                        .await();
        }
        for (Isolation isolation : Isolation.values())
            assertEquals(
                    Map.of(written, 6L, empty, 0L),
                    offset(Map.of(written, OffsetAdmin.LATEST, empty, OffsetAdmin.LATEST), isolation));
        var found = admin.offsets()
                .find(Map.of(written, FIRST_MS + 3, empty, OffsetAdmin.EARLIEST), Isolation.READ_UNCOMMITTED);
        assertEquals(new OffsetAdmin.Found(3, FIRST_MS + 3, 0), granted(found.get(written)));
        assertEquals(0, granted(found.get(empty)).offset());
        assertEquals(
                new OffsetAdmin.Found(5, FIRST_MS + 5, 0),
                granted(admin.offsets()
                        .find(Map.of(written, OffsetAdmin.MAX_TIMESTAMP), Isolation.READ_UNCOMMITTED)
                        .get(written)));
        Map<Long, Long> kinds = new TreeMap<>();
        for (long kind : List.of(
                OffsetAdmin.EARLIEST,
                OffsetAdmin.EARLIEST_LOCAL,
                OffsetAdmin.LATEST_TIERED,
                OffsetAdmin.EARLIEST_PENDING_UPLOAD))
            kinds.put(
                    kind,
                    offset(Map.of(written, kind), Isolation.READ_UNCOMMITTED).get(written));
        assertEquals(
                Map.of(
                        OffsetAdmin.EARLIEST, 0L,
                        OffsetAdmin.EARLIEST_LOCAL, 0L,
                        OffsetAdmin.LATEST_TIERED, -1L,
                        OffsetAdmin.EARLIEST_PENDING_UPLOAD, -1L),
                kinds);
    }

    private Map<TopicPartition, Long> offset(Map<TopicPartition, Long> timestamps, Isolation isolation) {
        Map<TopicPartition, Long> offsets = new TreeMap<>();
        admin.offsets()
                .find(timestamps, isolation)
                .forEach((partition, found) ->
                        offsets.put(partition, granted(found).offset()));
        return offsets;
    }

    private static Producer<byte[], byte[]> producer() {
        return Producer.open(ProducerOptions.forServers(broker.bootstrap()), Serializers.bytes(), Serializers.bytes());
    }

    @Test
    void staticMembersAreRemovedByTheirInstanceIds() {
        create("read", 2);
        ConsumerOptions options = ConsumerOptions.forServers(broker.bootstrap())
                .with("group.id", "readers")
                .with("group.instance.id", "reader-1")
                .with("auto.offset.reset", "earliest");
        TopicPartition first = new TopicPartition("read", 0);
        try (var consumer = Consumer.open(options, Deserializers.bytes(), Deserializers.bytes())) {
            consumer.subscribe(List.of("read"));
            Await.until("it has been given partitions", PATIENCE, () -> {
                consumer.poll(Duration.ofMillis(50));
                return consumer.assignment().size() == 2;
            });
            assertEquals(
                    List.of("readers"),
                    admin.groups().list(List.of("Stable"), List.of("classic")).stream()
                            .map(GroupListing::groupId)
                            .toList());
            assertEquals(List.of(), admin.groups().list(List.of("Empty"), List.of()));
            assertEquals(List.of(), admin.groups().list(List.of(), List.of("share")));
            assertTrue(granted(admin.groups().operations(List.of("readers")).get("readers"))
                    .contains(Acl.Operation.READ));
            consumer.commit(Map.of(first, new CommittedOffset(0, -1, "here")));
            assertEquals(
                    Map.of(first, new CommittedOffset(0, -1, "here")),
                    admin.groups().committedOffsets("readers", List.of(first, new TopicPartition("read", 1)), true));
            var removed = admin.groups().removeStaticMembers("readers", List.of("reader-1", "reader-2"), "test");
            assertEquals("reader-1", granted(removed.get("reader-1")));
            assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, refusal(removed.get("reader-2")));
        }
    }

    @Test
    void reassignmentsAreToldOfTheseTopicsAndKeepTheirReplicationFactorIfSoAsked() {
        create("kept", 1);
        TopicPartition partition = new TopicPartition("kept", 0);
        int id = brokerId();
        granted(admin.replicas()
                .reassign(Map.of(partition, Optional.of(List.of(id))), false)
                .get(partition));
        assertEquals(Map.of(), admin.replicas().reassignments(List.of(partition)));
        assertEquals(Map.of(), admin.replicas().reassignments(List.of()));
    }

    @Test
    void whatAClientMayDoIsEverythingWhereNobodyIsAuthorized() {
        create("allowed", 1);
        assertTrue(admin.cluster().operations().contains(Acl.Operation.CREATE));
        Set<Acl.Operation> ofTopic =
                granted(admin.topics().operations(List.of("allowed")).get("allowed"));
        assertTrue(ofTopic.containsAll(Set.of(Acl.Operation.READ, Acl.Operation.WRITE)), ofTopic::toString);
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                refusal(admin.topics().operations(List.of("missing")).get("missing")));
    }

    @Test
    void producersAreToldByTheBrokerThatIsAsked() {
        create("produced", 1);
        TopicPartition partition = new TopicPartition("produced", 0);
        try (Producer<byte[], byte[]> producer = producer()) {
            producer.send(new ProducerRecord<>("produced", new byte[] {1})).await();
        }
        assertEquals(
                1,
                granted(admin.producers()
                                .describe(brokerId(), List.of(partition))
                                .get(partition))
                        .size());
        assertEquals(
                granted(admin.producers().describe(List.of(partition)).get(partition)),
                granted(admin.producers()
                        .describe(brokerId(), List.of(partition))
                        .get(partition)));
    }
}
