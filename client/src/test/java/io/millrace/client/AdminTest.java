package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.DescribeTopicPartitionsRequest;
import io.millrace.protocol.messages.DescribeTopicPartitionsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.ListGroupsResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdminTest {
    private static final AdminOptions PATIENT = new AdminOptions("test", 20_000, 20_000);
    private static final AdminOptions HASTY = new AdminOptions("test", 60, 60);

    private final List<ScriptedNode> nodes = new ArrayList<>();

    private ScriptedNode node() throws IOException {
        ScriptedNode node = new ScriptedNode();
        nodes.add(node);
        return node;
    }

    @AfterEach
    void closeNodes() throws IOException {
        for (ScriptedNode node : nodes) node.close();
    }

    private static Admin admin(AdminOptions options, ScriptedNode... bootstrap) {
        List<HostAndPort> addresses = new ArrayList<>();
        for (ScriptedNode node : bootstrap) addresses.add(node.address());
        return Admin.of(addresses, options);
    }

    private static NewTopic topic(String name) {
        return new NewTopic(name, 3, 1, List.of(), Map.of("retention.ms", "1"));
    }

    private static Response created(String name, ErrorCode error) {
        return CreateTopicsResponse.builder()
                .topics(List.of(CreateTopicsResponse.CreatableTopicResult.builder()
                        .name(name)
                        .errorCode(error.code())
                        .numPartitions(3)
                        .replicationFactor((short) 1)
                        .build()))
                .build();
    }

    @Test
    void theNextBootstrapAddressIsTriedWhenTheFirstIsDead() throws IOException {
        ScriptedNode dead = node();
        ScriptedNode alive = node();
        alive.knowsOf(0, alive);
        dead.close();
        try (Admin admin = admin(PATIENT, dead, alive)) {
            assertEquals(List.of(), admin.topics().list());
        }
    }

    @Test
    void whenNobodyCanBeReachedEveryAddressIsNamed() throws IOException {
        ScriptedNode one = node();
        ScriptedNode other = node();
        one.close();
        other.close();
        try (Admin admin = admin(HASTY, one, other)) {
            var failure = assertThrows(
                    ClientFailure.Unreachable.class, () -> admin.topics().list());
            assertTrue(
                    failure.sentence()
                            .startsWith("none of [" + one.address() + ", " + other.address() + "] can be reached"),
                    failure::sentence);
        }
    }

    @Test
    void aNodeThatIsNotThereIsSaidToBeMissingThoughTheTimeRanOutInLookingForIt() throws IOException {
        ScriptedNode alive = node();
        alive.knowsOf(0, alive);
        try (Admin admin = admin(new AdminOptions("test", 1_500, 1_500), alive)) {
            var failure = assertThrows(
                    ClientFailure.Unreachable.class,
                    () -> admin.configs().describe(ConfigAdmin.Kind.BROKER, List.of("77")));
            assertEquals("node 77 is not up", failure.sentence());
        }
    }

    @Test
    void aTopicIsCreatedByTheControllerAndOnlyItsRefusalIsTold() throws IOException {
        ScriptedNode broker = node();
        ScriptedNode controller = node();
        broker.knowsOf(1, broker, controller);
        controller.answers(ApiKey.CREATE_TOPICS, request -> created("t", ErrorCode.TOPIC_ALREADY_EXISTS));
        try (Admin admin = admin(PATIENT, broker)) {
            var answer = admin.topics().create(List.of(topic("t"), topic("forgotten")), true);
            assertEquals(
                    new Answer.Refused<>(
                            ErrorCode.TOPIC_ALREADY_EXISTS,
                            ErrorCode.TOPIC_ALREADY_EXISTS.message() + " (TOPIC_ALREADY_EXISTS)"),
                    answer.get("t"));
            assertInstanceOf(Answer.Refused.class, answer.get("forgotten"));
        }
        var sent = (CreateTopicsRequest)
                controller.received(ApiKey.CREATE_TOPICS).getFirst().request();
        assertTrue(sent.validateOnly());
        assertEquals(3, sent.topics().getFirst().numPartitions());
        assertEquals(
                "retention.ms", sent.topics().getFirst().configs().getFirst().name());
    }

    @Test
    void whoTakesARefusalForAFailureIsThrownIt() throws IOException {
        ScriptedNode node = node();
        node.knowsOf(0, node);
        node.answers(ApiKey.CREATE_TOPICS, request -> created("t", ErrorCode.TOPIC_ALREADY_EXISTS));
        try (Admin admin = Admin.of(Map.of("bootstrap.servers", node.address(), "default.api.timeout.ms", 20_000))) {
            var answer = Objects.requireNonNull(admin.topics()
                    .create(List.of(new NewTopic("t", 3, 1)), false)
                    .get("t"));
            var failure = assertThrows(ClientFailure.Refused.class, answer::orThrow);
            assertEquals(ErrorCode.TOPIC_ALREADY_EXISTS, failure.error());
            assertEquals(ErrorCode.TOPIC_ALREADY_EXISTS.message() + " (TOPIC_ALREADY_EXISTS)", failure.sentence());
            assertEquals(List.of(), admin.topics().list());
        }
        assertEquals(5, new Answer.Granted<>(5).orThrow());
    }

    @Test
    void aPropertyWithoutEffectIsRefusedWithTheReason() {
        for (String name : List.of("request.timeout.ms", "acks", "bootstrap.controllers")) {
            var refused = assertThrows(
                    IllegalArgumentException.class, () -> Admin.of(Map.of("bootstrap.servers", "a:1", name, "1")));
            assertTrue(String.valueOf(refused.getMessage()).startsWith(name + ": "), refused::getMessage);
        }
        assertThrows(IllegalArgumentException.class, () -> Admin.of(Map.of("client.id", "nobody's")));
        assertThrows(
                IllegalArgumentException.class,
                () -> Admin.of(Map.of("bootstrap.servers", "a:1", "security.protocol", "SASL_PLAINTEXT")));
    }

    @Test
    void aNodeThatIsNoLongerControllerIsAskedNoMore() throws IOException {
        ScriptedNode old = node();
        ScriptedNode current = node();
        AtomicInteger controllerId = new AtomicInteger(0);
        old.answers(
                ApiKey.METADATA,
                request ->
                        ScriptedNode.cluster(controllerId.get(), old, current).build());
        old.answers(ApiKey.CREATE_TOPICS, request -> {
            controllerId.set(1);
            return created("t", ErrorCode.NOT_CONTROLLER);
        });
        current.answers(ApiKey.CREATE_TOPICS, request -> created("t", ErrorCode.NONE));
        try (Admin admin = admin(PATIENT, old)) {
            assertEquals(
                    new Answer.Granted<>(new TopicAdmin.Created("t", Uuid.ZERO, 3, 1, List.of())),
                    admin.topics().create(List.of(topic("t")), false).get("t"));
        }
        assertEquals(1, old.received(ApiKey.CREATE_TOPICS).size());
    }

    @Test
    void aBrokenConnectionIsReplaced() throws IOException {
        ScriptedNode node = node();
        AtomicInteger asked = new AtomicInteger();
        node.answers(
                ApiKey.METADATA,
                request -> asked.getAndIncrement() == 0
                        ? null
                        : ScriptedNode.cluster(0, node).build());
        try (Admin admin = admin(PATIENT, node)) {
            assertEquals(List.of(), admin.topics().list());
        }
        assertEquals(2, asked.get());
    }

    @Test
    void whenTimeIsOverTheLastNotYetIsTheAnswer() throws IOException {
        ScriptedNode node = node();
        node.knowsOf(0, node).answers(ApiKey.CREATE_TOPICS, request -> created("t", ErrorCode.NOT_CONTROLLER));
        try (Admin admin = admin(new AdminOptions("test", 200, 200), node)) {
            var answer = admin.topics().create(List.of(topic("t")), false).get("t");
            assertEquals(
                    ErrorCode.NOT_CONTROLLER,
                    assertInstanceOf(Answer.Refused.class, answer).error());
        }
        assertTrue(node.received(ApiKey.CREATE_TOPICS).size() > 1);
    }

    @Test
    void partitionsAreDescribedPageByPage() throws IOException {
        ScriptedNode node = node();
        node.knowsOf(0, node)
                .answers(ApiKey.DESCRIBE_TOPIC_PARTITIONS, request -> page((DescribeTopicPartitionsRequest) request));
        try (Admin admin = admin(PATIENT, node)) {
            var described = admin.topics().describe(List.of("t", "missing"));
            var topic = assertInstanceOf(Answer.Granted.class, described.get("t"));
            var partitions = ((TopicDescription) topic.value()).partitions();
            assertEquals(
                    List.of(0, 1), partitions.stream().map(it -> it.partition()).toList());
            assertTrue(partitions.get(1).isUnderReplicated());
            assertEquals(List.of(2), partitions.get(1).eligibleLeaders());
            assertEquals(
                    new Answer.Refused<>(
                            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                            "there is no topic missing (UNKNOWN_TOPIC_OR_PARTITION)"),
                    described.get("missing"));
        }
    }

    /** One partition of {@code t} a page, then the topic there is not. */
    private static Response page(DescribeTopicPartitionsRequest request) {
        var cursor = request.cursor();
        int partition = cursor == null ? 0 : cursor.partitionIndex();
        var answer = DescribeTopicPartitionsResponse.builder();
        List<DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic> topics = new ArrayList<>();
        topics.add(DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic.builder()
                .name("t")
                .topicId(Uuid.ONE)
                .partitions(List.of(DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition.builder()
                        .partitionIndex(partition)
                        .leaderId(1)
                        .replicaNodes(List.of(1, 2))
                        .isrNodes(partition == 0 ? List.of(1, 2) : List.of(1))
                        .eligibleLeaderReplicas(partition == 0 ? null : List.of(2))
                        .build()))
                .build());
        if (partition == 0)
            return answer.topics(topics)
                    .nextCursor(new DescribeTopicPartitionsResponse.Cursor("t", 1))
                    .build();
        topics.add(DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic.builder()
                .name("missing")
                .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code())
                .build());
        return answer.topics(topics).build();
    }

    @Test
    void aNodeWhoseCursorStandsStillIsNotAskedForEver() throws IOException {
        ScriptedNode node = node();
        var stuck = DescribeTopicPartitionsResponse.builder()
                .nextCursor(new DescribeTopicPartitionsResponse.Cursor("t", 5))
                .build();
        node.knowsOf(0, node).answers(ApiKey.DESCRIBE_TOPIC_PARTITIONS, request -> stuck);
        try (Admin admin = admin(PATIENT, node)) {
            assertThrows(ClientFailure.Refused.class, () -> admin.topics().describe(List.of("t")));
        }
        assertEquals(2, node.received(ApiKey.DESCRIBE_TOPIC_PARTITIONS).size());
    }

    @Test
    void anOlderNodeDescribesTopicsByItsMetadata() throws IOException {
        ScriptedNode node = node();
        node.answers(
                ApiKey.METADATA,
                request -> ScriptedNode.cluster(0, node)
                        .topics(List.of(metadataTopic("t", 0, 4)))
                        .build());
        try (Admin admin = admin(PATIENT, node)) {
            var topic = assertInstanceOf(
                    Answer.Granted.class, admin.topics().describe(List.of("t")).get("t"));
            assertEquals(
                    4,
                    ((TopicDescription) topic.value()).partitions().getFirst().leader());
        }
    }

    private static MetadataResponse.MetadataResponseTopic metadataTopic(String name, int partition, int leader) {
        return MetadataResponse.MetadataResponseTopic.builder()
                .name(name)
                .partitions(List.of(MetadataResponse.MetadataResponsePartition.builder()
                        .partitionIndex(partition)
                        .leaderId(leader)
                        .build()))
                .build();
    }

    @Test
    void groupsOfAllBrokersAreListedById() throws IOException {
        ScriptedNode first = node();
        ScriptedNode second = node();
        first.knowsOf(0, first, second).answers(ApiKey.LIST_GROUPS, request -> listed("b"));
        second.answers(ApiKey.LIST_GROUPS, request -> listed("a"));
        try (Admin admin = admin(PATIENT, first)) {
            assertEquals(
                    List.of(
                            new GroupListing("a", "classic", "consumer", "Stable"),
                            new GroupListing("b", "classic", "consumer", "Stable")),
                    admin.groups().list());
        }
    }

    private static Response listed(String groupId) {
        return ListGroupsResponse.builder()
                .groups(List.of(new ListGroupsResponse.ListedGroup(groupId, "consumer", "Stable", "classic")))
                .build();
    }

    private static ScriptedNode coordinator(ScriptedNode node) {
        return node.knowsOf(0, node)
                .answers(
                        ApiKey.FIND_COORDINATOR,
                        request -> FindCoordinatorResponse.builder()
                                .coordinators(List.of(FindCoordinatorResponse.Coordinator.builder()
                                        .key(((FindCoordinatorRequest) request)
                                                .coordinatorKeys()
                                                .getFirst())
                                        .host(node.address().host())
                                        .port(node.address().port())
                                        .build()))
                                .build());
    }

    @Test
    void aGroupIsDescribedByItsCoordinatorOnceThatHasLoadedIt() throws IOException {
        ScriptedNode node = coordinator(node());
        AtomicInteger asked = new AtomicInteger();
        byte[] assignment = {0, 1, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 3, -1, -1, -1, -1};
        node.answers(
                ApiKey.DESCRIBE_GROUPS,
                request -> DescribeGroupsResponse.builder()
                        .groups(List.of(DescribeGroupsResponse.DescribedGroup.builder()
                                .groupId("g")
                                .errorCode(
                                        asked.getAndIncrement() == 0
                                                ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code()
                                                : ErrorCode.NONE.code())
                                .groupState("Stable")
                                .protocolType("consumer")
                                .protocolData("range")
                                .members(List.of(member("kafka's", assignment), member("other", new byte[] {9, 9, 9})))
                                .build()))
                        .build());
        try (Admin admin = admin(PATIENT, node)) {
            var group = assertInstanceOf(
                    Answer.Granted.class, admin.groups().describe(List.of("g")).get("g"));
            var members = ((GroupDescription) group.value()).members();
            assertEquals(
                    List.of(new TopicPartition("t", 3), new TopicPartition("t", 7)),
                    members.get(0).assignment());
            assertEquals(List.of(), members.get(1).assignment());
        }
        assertEquals(2, asked.get());
    }

    private static DescribeGroupsResponse.DescribedGroupMember member(String id, byte[] assignment) {
        return DescribeGroupsResponse.DescribedGroupMember.builder()
                .memberId(id)
                .memberAssignment(assignment)
                .build();
    }

    @Test
    void aDeadGroupIsOneThereIsNot() throws IOException {
        ScriptedNode node = coordinator(node());
        node.answers(
                ApiKey.DESCRIBE_GROUPS,
                request -> DescribeGroupsResponse.builder()
                        .groups(List.of(DescribeGroupsResponse.DescribedGroup.builder()
                                .groupId("g")
                                .groupState("Dead")
                                .build()))
                        .build());
        try (Admin admin = admin(PATIENT, node)) {
            var answer = admin.groups().describe(List.of("g")).get("g");
            assertEquals(
                    ErrorCode.GROUP_ID_NOT_FOUND,
                    assertInstanceOf(Answer.Refused.class, answer).error());
        }
    }

    @Test
    void onlyPartitionsWithACommittedOffsetAreTold() throws IOException {
        ScriptedNode node = coordinator(node());
        node.answers(
                ApiKey.OFFSET_FETCH,
                request -> OffsetFetchResponse.builder()
                        .groups(List.of(OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                                .groupId("g")
                                .topics(List.of(OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                                        .name("t")
                                        .partitions(List.of(
                                                new OffsetFetchResponse.OffsetFetchResponsePartitions(
                                                        0, 42, 3, "here", (short) 0),
                                                new OffsetFetchResponse.OffsetFetchResponsePartitions(
                                                        1, -1, -1, null, (short) 0)))
                                        .build()))
                                .build()))
                        .build());
        try (Admin admin = admin(PATIENT, node)) {
            assertEquals(
                    Map.of(new TopicPartition("t", 0), new CommittedOffset(42, 3, "here")),
                    admin.groups().committedOffsets("g"));
        }
        assertEquals(9, node.received(ApiKey.OFFSET_FETCH).getFirst().version());
    }

    @Test
    void offsetsAreAskedOfEachPartitionsLeader() throws IOException {
        ScriptedNode first = node();
        ScriptedNode second = node();
        first.answers(
                ApiKey.METADATA,
                request -> ScriptedNode.cluster(0, first, second)
                        .topics(List.of(metadataTopic("t", 0, 0), metadataTopic("t", 1, 1), metadataTopic("t", 2, -1)))
                        .build());
        first.answers(ApiKey.LIST_OFFSETS, request -> offsets((ListOffsetsRequest) request, 10));
        second.answers(ApiKey.LIST_OFFSETS, request -> offsets((ListOffsetsRequest) request, 20));
        List<TopicPartition> asked = new ArrayList<>();
        for (int partition = 0; partition < 4; partition++) asked.add(new TopicPartition("t", partition));
        try (Admin admin = admin(PATIENT, first)) {
            var found = admin.offsets().find(asked, OffsetAdmin.LATEST);
            assertEquals(new Answer.Granted<>(10L), found.get(asked.get(0)));
            assertEquals(new Answer.Granted<>(20L), found.get(asked.get(1)));
            assertEquals(
                    new Answer.Refused<>(
                            ErrorCode.LEADER_NOT_AVAILABLE, "t-2 has no leader now (LEADER_NOT_AVAILABLE)"),
                    found.get(asked.get(2)));
            assertEquals(
                    new Answer.Refused<>(
                            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                            "there is no partition t-3 (UNKNOWN_TOPIC_OR_PARTITION)"),
                    found.get(asked.get(3)));
        }
    }

    private static Response offsets(ListOffsetsRequest request, long offset) {
        var topic = request.topics().getFirst();
        var partition = topic.partitions().getFirst();
        assertEquals(OffsetAdmin.LATEST, partition.timestamp());
        return ListOffsetsResponse.builder()
                .topics(List.of(new ListOffsetsResponse.ListOffsetsTopicResponse(
                        topic.name(),
                        List.of(ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                                .partitionIndex(partition.partitionIndex())
                                .offset(offset)
                                .build()))))
                .build();
    }

    @Test
    void batchesAreWrittenToAndReadFromThePartitionsLeaderByTheTopicsId() throws IOException {
        ScriptedNode first = node();
        ScriptedNode second = node();
        first.answers(
                ApiKey.METADATA,
                request -> ScriptedNode.cluster(0, first, second)
                        .topics(List.of(metadataTopic("t", 0, 1).toBuilder()
                                .topicId(Uuid.ONE)
                                .build()))
                        .build());
        second.answers(ApiKey.PRODUCE, request -> produced((ProduceRequest) request));
        second.answers(ApiKey.FETCH, request -> fetched((FetchRequest) request));
        try (Admin admin = admin(PATIENT, first)) {
            PartitionAccess partition = admin.partition(new TopicPartition("t", 0));
            assertEquals(new Answer.Granted<>(70L), partition.append(ByteBuffer.wrap(new byte[] {1, 2, 3})));
            assertEquals(new Answer.Granted<>(ByteBuffer.wrap(new byte[] {1, 2, 3})), partition.read(70, 1000, 0));
            var missing = admin.partition(new TopicPartition("t", 9));
            assertThrows(ClientFailure.Refused.class, () -> missing.read(0, 1000, 0));
        }
    }

    private static Response produced(ProduceRequest request) {
        var topic = request.topicData().getFirst();
        assertEquals(Uuid.ONE, topic.topicId());
        return ProduceResponse.builder()
                .responses(List.of(ProduceResponse.TopicProduceResponse.builder()
                        .topicId(topic.topicId())
                        .partitionResponses(List.of(ProduceResponse.PartitionProduceResponse.builder()
                                .baseOffset(70)
                                .build()))
                        .build()))
                .build();
    }

    private static Response fetched(FetchRequest request) {
        var topic = request.topics().getFirst();
        assertEquals(Uuid.ONE, topic.topicId());
        assertEquals(70, topic.partitions().getFirst().fetchOffset());
        return FetchResponse.builder()
                .responses(List.of(FetchResponse.FetchableTopicResponse.builder()
                        .topicId(topic.topicId())
                        .partitions(List.of(FetchResponse.PartitionData.builder()
                                .records(new RecordsPayload.Buffer(ByteBuffer.wrap(new byte[] {1, 2, 3})))
                                .build()))
                        .build()))
                .build();
    }
}
