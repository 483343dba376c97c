package io.millrace.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Acl;
import io.millrace.client.ActiveProducer;
import io.millrace.client.Admin;
import io.millrace.client.AdminOptions;
import io.millrace.client.Answer;
import io.millrace.client.AsyncAdmin;
import io.millrace.client.ClientFailure;
import io.millrace.client.CommittedOffset;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.FeatureAdmin;
import io.millrace.client.HostAndPort;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetAdmin;
import io.millrace.client.ReplicaAdmin;
import io.millrace.client.TopicListing;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The admin before a real node in a process of its own: what the node serves is asked for, and the answers are what was done. */
@Timeout(120)
class AdminOnANodeTest {
    private static final TopicPartition ORDERS = new TopicPartition("orders", 0);
    private static final long FIRST_MS = 1_700_000_000_000L;

    @TempDir
    Path directory = Path.of("");

    private ChildProgram node;
    private String servers = "";
    private Admin admin;

    @BeforeEach
    void start() throws IOException {
        node = ChildProgram.run(
                directory,
                "start",
                "--data",
                directory.resolve("data").toString(),
                "--listen",
                "127.0.0.1:0",
                "--set",
                "millrace.metrics.address=");
        Matcher ready = Pattern.compile(".*: (127\\.0\\.0\\.1:\\d+) .*").matcher(node.line());
        assertTrue(ready.matches(), ready::toString);
        servers = ready.group(1);
        admin = Admin.of(HostAndPort.parseList(servers), AdminOptions.DEFAULT);
        admin.topics().create(List.of(new NewTopic("orders", 1, 1, List.of(), Map.of())), false);
        try (Producer<byte[], byte[]> producer =
                Producer.open(ProducerOptions.forServers(servers), Serializers.bytes(), Serializers.bytes())) {
            for (int i = 0; i < 10; i++)
                producer.send(new ProducerRecord<>("orders", 0, FIRST_MS + i, null, new byte[] {1}, List.of()))
                        .await();
        }
    }

    @AfterEach
    void stop() {
        admin.close();
        node.close();
    }

    private static <T> T granted(@Nullable Answer<T> answer) {
        if (answer instanceof Answer.Granted<T>(T value)) return value;
        throw new AssertionError("refused: " + answer);
    }

    @Test
    void nodesAndWhatTheySpeakAreTold() {
        var cluster = admin.cluster().describe();
        assertEquals(22, cluster.clusterId().length());
        assertEquals(
                List.of(HostAndPort.parse(servers)),
                cluster.nodes().stream().map(it -> it.address()).toList());
        int id = cluster.nodes().getFirst().id();
        var versions = admin.cluster().versions(id);
        assertTrue(
                versions.apis().stream().anyMatch(it -> it.name().equals("PRODUCE") && it.highest() >= 13),
                versions::toString);
        assertTrue(
                versions.features().stream()
                        .anyMatch(it -> it.name().equals("metadata.version")
                                && it.level().isPresent()),
                versions::toString);
    }

    @Test
    void recordsAreDeletedFromTheLogsStart() {
        TopicPartition missing = new TopicPartition("orders", 7);
        var outcomes = admin.offsets().deleteBefore(Map.of(ORDERS, 4L, missing, 1L));
        assertEquals(4L, granted(outcomes.get(ORDERS)));
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                assertInstanceOf(Answer.Refused.class, outcomes.get(missing)).error());
        assertEquals(
                4L,
                granted(admin.offsets()
                        .find(List.of(ORDERS), OffsetAdmin.EARLIEST)
                        .get(ORDERS)));
        var tooFar = admin.offsets().deleteBefore(Map.of(ORDERS, 99L)).get(ORDERS);
        assertEquals(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                assertInstanceOf(Answer.Refused.class, tooFar).error());
        assertEquals(
                10L,
                granted(admin.offsets()
                        .deleteBefore(Map.of(ORDERS, OffsetAdmin.HIGH_WATERMARK))
                        .get(ORDERS)));
    }

    @Test
    void timestampsAndEpochEndsAreThoseOfTheLog() {
        var times = admin.offsets().timestampsAt(Map.of(ORDERS, 6L));
        assertEquals(FIRST_MS + 6, granted(times.get(ORDERS)));
        assertEquals(
                -1L, granted(admin.offsets().timestampsAt(Map.of(ORDERS, 10L)).get(ORDERS)));
        assertInstanceOf(
                Answer.Refused.class,
                admin.offsets().timestampsAt(Map.of(ORDERS, 11L)).get(ORDERS));
        assertEquals(
                new OffsetAdmin.EpochEnd(0, 10),
                granted(admin.offsets().endsOfEpochs(Map.of(ORDERS, 0)).get(ORDERS)));
    }

    @Test
    void producersAreSeenAndOneWithoutATransactionCannotBeAborted() {
        List<ActiveProducer> producers =
                granted(admin.producers().describe(List.of(ORDERS)).get(ORDERS));
        ActiveProducer producer = producers.getFirst();
        assertEquals(1, producers.size());
        assertEquals(9, producer.lastSequence());
        assertEquals(OptionalLong.empty(), producer.transactionStartOffset());
        var stale = new ActiveProducer(producer.producerId(), -1, 0, 0, 0, OptionalLong.empty());
        assertInstanceOf(Answer.Refused.class, admin.producers().abort(ORDERS, stale));
    }

    @Test
    void aGroupsOffsetsAreForgottenAndAStrangerCannotBeRemoved() {
        admin.groups().alterOffsets("g", Map.of(ORDERS, new CommittedOffset(3, -1, "")));
        assertEquals(
                Map.of(ORDERS, new CommittedOffset(3, -1, "")), admin.groups().committedOffsets("g"));
        assertEquals(
                ORDERS,
                granted(admin.groups().deleteOffsets("g", List.of(ORDERS)).get(ORDERS)));
        assertFalse(admin.groups().committedOffsets("g").containsKey(ORDERS), "it was deleted");
        admin.groups().alterOffsets("g", Map.of(ORDERS, new CommittedOffset(3, -1, "")));
        var stranger =
                admin.groups().removeMembers("g", List.of("nobody"), "test").get("nobody");
        assertEquals(
                ErrorCode.UNKNOWN_MEMBER_ID,
                assertInstanceOf(Answer.Refused.class, stranger).error());
    }

    @Test
    void configurationsAreListedAndReplaced() {
        assertTrue(admin.configs().resources(ConfigAdmin.Kind.TOPIC).contains("orders"), "it is a topic");
        granted(admin.configs()
                .alter(
                        ConfigAdmin.Kind.TOPIC,
                        Map.of("orders", new ConfigAdmin.Change(Map.of("retention.ms", "5000"), List.of())))
                .get("orders"));
        granted(admin.configs()
                .replace(ConfigAdmin.Kind.TOPIC, Map.of("orders", Map.of("segment.ms", "70000")), false)
                .get("orders"));
        Map<String, String> own = new java.util.TreeMap<>();
        for (var entry : granted(admin.configs()
                .describe(ConfigAdmin.Kind.TOPIC, List.of("orders"))
                .get("orders"))) if (entry.source().isOwn()) own.put(entry.name(), String.valueOf(entry.value()));
        assertEquals(Map.of("segment.ms", "70000"), own);
    }

    @Test
    void featuresAreUpgradedAndDowngraded() {
        assertEquals(
                Map.of("group.version", new Answer.Granted<>(0)),
                admin.features().update(Map.of("group.version", 0), FeatureAdmin.Direction.SAFE_DOWNGRADE, false));
        assertEquals(OptionalInt.empty(), level("group.version"));
        admin.features().update(Map.of("group.version", 1), FeatureAdmin.Direction.UPGRADE, true);
        assertEquals(OptionalInt.empty(), level("group.version"));
        admin.features().update(Map.of("group.version", 1), FeatureAdmin.Direction.UPGRADE, false);
        assertEquals(OptionalInt.of(1), level("group.version"));
        var refused = assertThrows(
                ClientFailure.Refused.class,
                () -> admin.features()
                        .update(Map.of("metadata.version", 7), FeatureAdmin.Direction.SAFE_DOWNGRADE, false));
        assertEquals(ErrorCode.INVALID_UPDATE_VERSION, refused.error());
    }

    private OptionalInt level(String feature) {
        return admin.features().describe().stream()
                .filter(it -> it.name().equals(feature))
                .findFirst()
                .orElseThrow()
                .level()
                .stream()
                .filter(level -> level > 0)
                .findFirst();
    }

    @Test
    void aClusterOfOneElectsNobodyMovesNothingAndForgetsNobodyWhoIsThere() {
        var elected = admin.replicas().elect(ReplicaAdmin.Election.PREFERRED, List.of(ORDERS));
        assertEquals(
                ErrorCode.ELECTION_NOT_NEEDED,
                assertInstanceOf(Answer.Refused.class, elected.get(ORDERS)).error());
        assertEquals(Map.of(), admin.replicas().electAll(ReplicaAdmin.Election.UNCLEAN));
        int id = admin.cluster().describe().nodes().getFirst().id();
        var kept = admin.replicas().reassign(Map.of(ORDERS, Optional.of(List.of(id))));
        assertEquals(Optional.of(List.of(id)), granted(kept.get(ORDERS)));
        var moved = admin.replicas().reassign(Map.of(ORDERS, Optional.of(List.of(id, id + 1))));
        assertEquals(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                assertInstanceOf(Answer.Refused.class, moved.get(ORDERS)).error());
        var cancelled = admin.replicas().reassign(Map.of(ORDERS, Optional.empty()));
        assertEquals(
                ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
                assertInstanceOf(Answer.Refused.class, cancelled.get(ORDERS)).error());
        assertEquals(Map.of(), admin.replicas().reassignments());
        assertEquals(
                ErrorCode.INVALID_REQUEST,
                assertThrows(ClientFailure.Refused.class, () -> admin.cluster().unregister(id))
                        .error());
        assertEquals(
                ErrorCode.BROKER_ID_NOT_REGISTERED,
                assertThrows(ClientFailure.Refused.class, () -> admin.cluster().unregister(id + 1))
                        .error());
    }

    @Test
    void aTopicIsDeletedByItsIdAndFromAnyThread() {
        AsyncAdmin async = admin.async(Executors.newVirtualThreadPerTaskExecutor());
        Uuid id = async.ask(it -> it.topics().list()).join().stream()
                .filter(it -> it.name().equals("orders"))
                .map(TopicListing::id)
                .findFirst()
                .orElseThrow();
        List<CompletableFuture<Answer<String>>> answers = new ArrayList<>();
        for (Uuid each : List.of(id, new Uuid(1, 2)))
            answers.add(async.ask(it ->
                    Objects.requireNonNull(it.topics().deleteById(List.of(each)).get(each))));
        assertEquals("orders", granted(answers.getFirst().join()));
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_ID,
                assertInstanceOf(Answer.Refused.class, answers.getLast().join()).error());
    }

    @Test
    void whatABenchCannotDeliverIsCountedAndTheBenchHasFailed() {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Commands.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("bench", "produce", "orders", "-n", "10", "-s", "3000000", "-b", servers);
        assertEquals(1, status);
        assertTrue(out.toString().startsWith("0 records of 3,000,000 bytes"), out::toString);
        assertTrue(err.toString().contains("millrace: 10 records failed, such as: the record takes"), err::toString);
    }

    @Test
    void aclsAreRefusedWhereNobodyIsAuthorized() {
        var refused =
                assertThrows(ClientFailure.Refused.class, () -> admin.acls().describe(Acl.Filter.ALL));
        assertEquals(ErrorCode.SECURITY_DISABLED, refused.error());
        var acl = new Acl(
                Acl.ResourceType.TOPIC,
                "orders",
                Acl.PatternType.LITERAL,
                "User:alice",
                "*",
                Acl.Operation.READ,
                Acl.Permission.ALLOW);
        assertInstanceOf(Answer.Refused.class, admin.acls().create(List.of(acl)).get(acl));
        assertInstanceOf(
                Answer.Refused.class,
                admin.acls().delete(List.of(acl.toFilter())).get(acl.toFilter()));
    }
}
