package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.DeleteRecordsRequest;
import io.millrace.protocol.messages.DeleteRecordsResponse;
import io.millrace.protocol.messages.DescribeTopicPartitionsRequest;
import io.millrace.protocol.messages.DescribeTopicPartitionsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.controller.TopicCreation;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.ApiTable;
import io.millrace.storage.AppendOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The handlers that answer from a lane's image, or from the logs it names. */
class ImageHandlersTest {
    private final TestBroker broker = new TestBroker(2);

    // ApiVersions

    private ApiVersionsResponse versions(ApiVersionsRequest request, int version) {
        ApiTable apis = new ApiTable()
                .serve(
                        ApiKey.FETCH,
                        (FetchRequest asked, io.millrace.server.network.Exchange<FetchResponse> exchange) -> {})
                .serve(
                        ApiKey.PRODUCE,
                        (ProduceRequest asked, io.millrace.server.network.Exchange<ProduceResponse> exchange) -> {});
        RecordedExchange<ApiVersionsResponse> exchange = new RecordedExchange<>(ApiKey.API_VERSIONS, version);
        new ApiVersionsHandler(broker.home(), apis, new ServerConfig(Map.of()), "cluster").handle(request, exchange);
        return exchange.reply();
    }

    private static ApiVersionsRequest.Builder software(String name, String version) {
        return ApiVersionsRequest.builder().clientSoftwareName(name).clientSoftwareVersion(version);
    }

    @Test
    void onlyWhatIsServedIsOfferedAndProduceFromVersionZeroForOldLibrdkafkas() {
        ApiVersionsResponse response = versions(software("test", "1.0").build(), 4);
        assertEquals(ErrorCode.NONE.code(), response.errorCode());
        assertEquals(
                List.of((short) 0, (short) 1),
                response.apiKeys().stream().map(api -> api.apiKey()).toList());
        assertEquals(0, response.apiKeys().get(0).minVersion());
        assertEquals(ApiKey.FETCH.oldestVersion(), response.apiKeys().get(1).minVersion());
        assertEquals(
                ApiKey.FETCH.latestStableVersion(), response.apiKeys().get(1).maxVersion());
    }

    @Test
    void supportedFeaturesThatBeginAtZeroAreToldOnlyWhereThatCanBeRead() {
        assertTrue(versions(software("test", "1").build(), 3).supportedFeatures().stream()
                .allMatch(feature -> feature.minVersion() > 0));
        assertTrue(versions(software("test", "1").build(), 4).supportedFeatures().stream()
                .anyMatch(feature -> feature.minVersion() == 0));
    }

    @Test
    void kraftVersionIsAmongTheFinalizedFeaturesWhenItIsOn() {
        assertTrue(versions(software("test", "1").build(), 4).finalizedFeatures().stream()
                .noneMatch(feature -> feature.name().equals("kraft.version")));
        broker.home().kraftVersion((short) 1);
        assertEquals(
                List.of((short) 1),
                versions(software("test", "1").build(), 4).finalizedFeatures().stream()
                        .filter(feature -> feature.name().equals("kraft.version"))
                        .map(feature -> feature.maxVersionLevel())
                        .toList());
    }

    @Test
    void softwareThatDoesNotNameItselfProperlyIsRefused() {
        for (String bad : List.of("", "-a", "a-", "a b", "ä", "x".repeat(300)))
            assertEquals(
                    ErrorCode.INVALID_REQUEST.code(),
                    versions(software(bad, "1").build(), 3).errorCode(),
                    bad);
        assertEquals(
                ErrorCode.NONE.code(), versions(software("", "").build(), 2).errorCode());
    }

    @Test
    void aClientThatMeantAnotherClusterOrNodeIsSentToBeginAnew() {
        assertEquals(
                ErrorCode.REBOOTSTRAP_REQUIRED.code(),
                versions(software("t", "1").clusterId("another").build(), 5).errorCode());
        assertEquals(
                ErrorCode.REBOOTSTRAP_REQUIRED.code(),
                versions(software("t", "1").nodeId(9).build(), 5).errorCode());
        assertEquals(
                ErrorCode.NONE.code(),
                versions(software("t", "1").clusterId("cluster").nodeId(1).build(), 5)
                        .errorCode());
    }

    // DescribeTopicPartitions

    private final DescribeTopicPartitionsHandler describe = new DescribeTopicPartitionsHandler(broker.home(), 5);

    private DescribeTopicPartitionsResponse page(
            List<String> topics, DescribeTopicPartitionsRequest.@Nullable Cursor cursor, int limit) {
        RecordedExchange<DescribeTopicPartitionsResponse> exchange =
                new RecordedExchange<>(ApiKey.DESCRIBE_TOPIC_PARTITIONS, 0);
        describe.handle(
                DescribeTopicPartitionsRequest.builder()
                        .topics(topics.stream()
                                .map(name -> DescribeTopicPartitionsRequest.TopicRequest.builder()
                                        .name(name)
                                        .build())
                                .toList())
                        .cursor(cursor)
                        .responsePartitionLimit(limit)
                        .build(),
                exchange);
        return exchange.reply();
    }

    /** All partitions, page after page, as {@code topic-index}. */
    private List<String> allPages(List<String> topics, int limit) {
        List<String> seen = new ArrayList<>();
        DescribeTopicPartitionsRequest.Cursor cursor = null;
        for (int pages = 0; pages < 50; pages++) {
            DescribeTopicPartitionsResponse page = page(topics, cursor, limit);
            int onPage = 0;
            for (var topic : page.topics())
                for (var partition : topic.partitions()) {
                    seen.add(topic.name() + "-" + partition.partitionIndex());
                    onPage++;
                }
            assertTrue(onPage <= Math.min(limit, 5), "a page of " + onPage);
            var next = page.nextCursor();
            if (next == null) return seen;
            cursor = DescribeTopicPartitionsRequest.Cursor.builder()
                    .topicName(next.topicName())
                    .partitionIndex(next.partitionIndex())
                    .build();
        }
        throw new AssertionError("the pages do not end: " + seen);
    }

    @Test
    void pagesOfAnySizeTogetherNameEveryPartitionOnce() {
        broker.create("b", 3);
        broker.create("a", 4);
        broker.create("c", 1);
        List<String> all = List.of("a-0", "a-1", "a-2", "a-3", "b-0", "b-1", "b-2", "c-0");
        for (int limit : List.of(1, 2, 3, 4, 5, 2_000)) assertEquals(all, allPages(List.of(), limit), "limit " + limit);
        assertEquals(List.of("a-0", "a-1", "a-2", "a-3", "c-0"), allPages(List.of("c", "a", "c"), 2));
    }

    @Test
    void aTopicAskedForByNameThatIsNotThereIsAnErrorButNotWhereACursorPoints() {
        broker.create("b", 1);
        var page = page(List.of("a", "b", "c d"), null, 10);
        assertEquals(
                List.of(
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                        ErrorCode.NONE.code(),
                        ErrorCode.INVALID_TOPIC_EXCEPTION.code()),
                page.topics().stream().map(topic -> topic.errorCode()).toList());
        var gone = DescribeTopicPartitionsRequest.Cursor.builder()
                .topicName("a")
                .partitionIndex(3)
                .build();
        assertEquals(
                List.of("b"),
                page(List.of(), gone, 10).topics().stream()
                        .map(topic -> topic.name())
                        .toList());
        assertNull(page(List.of(), gone, 10).nextCursor());
    }

    // ListOffsets and DeleteRecords

    private ListOffsetsResponse.ListOffsetsPartitionResponse offset(
            String topic, int partition, long timestamp, int epoch) {
        RecordedExchange<ListOffsetsResponse> exchange = new RecordedExchange<>(ApiKey.LIST_OFFSETS, 10);
        broker.onHome(() -> new ListOffsetsHandler(broker.home(), broker.failures::add)
                .handle(
                        ListOffsetsRequest.builder()
                                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                                        .name(topic)
                                        .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                                .partitionIndex(partition)
                                                .timestamp(timestamp)
                                                .currentLeaderEpoch(epoch)
                                                .build()))
                                        .build()))
                                .build(),
                        exchange));
        return exchange.reply().topics().get(0).partitions().get(0);
    }

    private DeleteRecordsResponse.DeleteRecordsPartitionResult delete(String topic, int partition, long before) {
        RecordedExchange<DeleteRecordsResponse> exchange = new RecordedExchange<>(ApiKey.DELETE_RECORDS, 2);
        broker.onHome(() -> new DeleteRecordsHandler(broker.home(), broker.failures::add)
                .handle(
                        DeleteRecordsRequest.builder()
                                .topics(List.of(DeleteRecordsRequest.DeleteRecordsTopic.builder()
                                        .name(topic)
                                        .partitions(List.of(DeleteRecordsRequest.DeleteRecordsPartition.builder()
                                                .partitionIndex(partition)
                                                .offset(before)
                                                .build()))
                                        .build()))
                                .build(),
                        exchange));
        return exchange.reply().topics().get(0).partitions().get(0);
    }

    private void append(String topic, int partition, String... values) {
        broker.partition(topic, partition).append(Batches.of(values), AppendOrigin.CLIENT);
    }

    @Test
    void offsetsAreFoundByMomentAndByTheEndsOfTheLog() {
        broker.create("t", 1);
        append("t", 0, "a", "b");
        assertEquals(2, offset("t", 0, -1, -1).offset());
        assertEquals(0, offset("t", 0, -2, -1).offset());
        assertEquals(1_700_000_000_000L, offset("t", 0, -3, -1).timestamp());
        assertEquals(-1, offset("t", 0, -5, -1).offset());
        assertEquals(0, offset("t", 0, 1_600_000_000_000L, -1).offset());
        assertEquals(-1, offset("t", 0, 1_800_000_000_000L, -1).offset());
    }

    @Test
    void offsetsAreRefusedInTheClientsTerms() {
        broker.create("t", 1);
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                offset("u", 0, -1, -1).errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                offset("t", -1, -1, -1).errorCode());
        assertEquals(-1, offset("t", -1, -1, -1).partitionIndex());
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH.code(), offset("t", 0, -1, 3).errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_LEADER_EPOCH.code(), offset("t", 0, -1, 5).errorCode());
    }

    @Test
    void recordsAreDeletedUpToTheHighWatermarkAndNotBeyond() {
        broker.create("t", 1);
        append("t", 0, "a", "b", "c");
        assertEquals(2, delete("t", 0, 2).lowWatermark());
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE.code(), delete("t", 0, 4).errorCode());
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE.code(), delete("t", 0, -2).errorCode());
        assertEquals(2, delete("t", 0, 1).lowWatermark(), "what is gone stays gone");
        assertEquals(3, delete("t", 0, -1).lowWatermark());
        assertEquals(3, offset("t", 0, -2, -1).offset());
    }

    @Test
    void recordsOfCompactedAndInternalTopicsAreNotDeleted() {
        broker.create("t", 1, "cleanup.policy", "compact");
        broker.create("__consumer_offsets", 1);
        assertEquals(ErrorCode.POLICY_VIOLATION.code(), delete("t", 0, -1).errorCode());
        assertEquals(
                ErrorCode.INVALID_TOPIC_EXCEPTION.code(),
                delete("__consumer_offsets", 0, -1).errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(), delete("u", 0, -1).errorCode());
    }

    // OffsetCommit

    private OffsetCommitResponse commit(int version, OffsetCommitRequest.OffsetCommitRequestTopic... topics) {
        RecordedExchange<OffsetCommitResponse> exchange = new RecordedExchange<>(ApiKey.OFFSET_COMMIT, version);
        broker.onHome(() -> new OffsetCommitHandler(broker.home(), new GroupRoute(broker.home(), 1))
                .handle(
                        OffsetCommitRequest.builder()
                                .groupId("g")
                                .generationIdOrMemberEpoch(-1)
                                .topics(List.of(topics))
                                .build(),
                        exchange));
        broker.time.advance(100);
        return exchange.reply();
    }

    private static OffsetCommitRequest.OffsetCommitRequestTopic topic(String name, Uuid id, int... partitions) {
        return OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                .name(name)
                .topicId(id)
                .partitions(java.util.Arrays.stream(partitions)
                        .mapToObj(index -> OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                .partitionIndex(index)
                                .committedOffset(5)
                                .build())
                        .toList())
                .build();
    }

    @Test
    void whatExistsIsCommittedAndWhatDoesNotIsRefusedPartByPart() {
        broker.create("__consumer_offsets", 1);
        broker.create("t", 1);
        var response = commit(9, topic("t", Uuid.ZERO, 0, 7), topic("u", Uuid.ZERO, 0));
        List<String> results = new ArrayList<>();
        for (var topic : response.topics())
            for (var partition : topic.partitions())
                results.add(topic.name() + "-" + partition.partitionIndex() + " "
                        + ErrorCode.forCode(partition.errorCode()));
        results.sort(null);
        assertEquals(List.of("t-0 NONE", "t-7 UNKNOWN_TOPIC_OR_PARTITION", "u-0 UNKNOWN_TOPIC_OR_PARTITION"), results);
    }

    @Test
    void anUnknownIdIsRefusedAsSuchAndKnownOnesAreAnsweredById() {
        broker.create("__consumer_offsets", 1);
        broker.create("t", 1);
        var response = commit(10, topic("", TestBroker.idOf("t"), 0), topic("", new Uuid(9, 9), 0));
        assertEquals(TestBroker.idOf("t"), response.topics().get(0).topicId());
        assertEquals(
                ErrorCode.NONE.code(),
                response.topics().get(0).partitions().get(0).errorCode());
        assertEquals(new Uuid(9, 9), response.topics().get(1).topicId());
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_ID.code(),
                response.topics().get(1).partitions().get(0).errorCode());
    }

    @Test
    void aCommitOfNothingKnownIsAnsweredWithoutACoordinator() {
        var response = commit(9, topic("u", Uuid.ZERO, 0));
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                response.topics().get(0).partitions().get(0).errorCode());
    }

    @Test
    void withoutACoordinatorHereWhatIsKnownIsRefusedToo() {
        broker.create("t", 1);
        var response = commit(9, topic("t", Uuid.ZERO, 0));
        assertEquals(
                ErrorCode.NOT_COORDINATOR.code(),
                response.topics().get(0).partitions().get(0).errorCode());
        assertNotNull(response.topics().get(0).name());
    }

    // Names

    @Test
    void topicNamesAreLegalAsInKafka() {
        for (String good : List.of("a", "a.b_c-D9", "...", "x".repeat(249)))
            assertTrue(TopicCreation.isValidName(good), good);
        for (String bad : List.of("", ".", "..", "a b", "a/b", "ä", "x".repeat(250)))
            assertTrue(!TopicCreation.isValidName(bad), bad);
    }
}
