package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsResponse;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.SmallDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose log directory has little room: of a million bytes a hundred thousand are in reserve. */
class FullLogDirectoryTest {
    private static final long RESERVE_BYTES = 100_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final SmallDisk disk = new SmallDisk();

    private HostedNode start() throws Exception {
        return HostedNode.start(
                directory,
                2,
                disk::over,
                "millrace.log.dir.reserve.percent",
                "10",
                "offsets.topic.num.partitions",
                "1");
    }

    private static CreateTopicsResponse.CreatableTopicResult create(HostedNode node, String topic) throws Exception {
        return node.ask(
                        CreateTopicsRequest.builder()
                                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                                        .name(topic)
                                        .numPartitions(1)
                                        .replicationFactor((short) 1)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        CreateTopicsResponse.class)
                .topics()
                .get(0);
    }

    private static ErrorCode delete(HostedNode node, String topic) throws Exception {
        return ErrorCode.forCode(node.ask(
                        DeleteTopicsRequest.builder()
                                .topics(List.of(DeleteTopicsRequest.DeleteTopicState.builder()
                                        .name(topic)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        DeleteTopicsResponse.class)
                .responses()
                .get(0)
                .errorCode());
    }

    private static ProduceResponse.PartitionProduceResponse produce(HostedNode node, Uuid topicId) throws Exception {
        return node.ask(
                        ProduceRequest.builder()
                                .acks((short) -1)
                                .timeoutMs(5_000)
                                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                                        .topicId(topicId)
                                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                                .index(0)
                                                .records(new RecordsPayload.Buffer(Batches.of("a value")))
                                                .build()))
                                        .build()))
                                .build(),
                        ProduceResponse.class)
                .responses()
                .get(0)
                .partitionResponses()
                .get(0);
    }

    private static ErrorCode producing(HostedNode node, Uuid topicId) throws Exception {
        return ErrorCode.forCode(produce(node, topicId).errorCode());
    }

    private static long endOffset(HostedNode node, String topic) throws Exception {
        return node.ask(
                        ListOffsetsRequest.builder()
                                .replicaId(-1)
                                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                                        .name(topic)
                                        .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                                .partitionIndex(0)
                                                .timestamp(-1)
                                                .build()))
                                        .build()))
                                .build(),
                        ListOffsetsResponse.class)
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .offset();
    }

    private static ErrorCode commit(HostedNode node, Uuid topicId) throws Exception {
        return ErrorCode.forCode(node.ask(
                        OffsetCommitRequest.builder()
                                .groupId("g")
                                .generationIdOrMemberEpoch(-1)
                                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                                        .topicId(topicId)
                                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                                .partitionIndex(0)
                                                .committedOffset(1)
                                                .build()))
                                        .build()))
                                .build(),
                        OffsetCommitResponse.class)
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .errorCode());
    }

    private static ErrorCode findCoordinator(HostedNode node) throws Exception {
        return ErrorCode.forCode(node.ask(
                        FindCoordinatorRequest.builder()
                                .coordinatorKeys(List.of("g"))
                                .build(),
                        FindCoordinatorResponse.class)
                .coordinators()
                .get(0)
                .errorCode());
    }

    private static ErrorCode lowerRetention(HostedNode node, String topic) throws Exception {
        return ErrorCode.forCode(node.ask(
                        IncrementalAlterConfigsRequest.builder()
                                .resources(List.of(IncrementalAlterConfigsRequest.AlterConfigsResource.builder()
                                        .resourceType((byte) 2)
                                        .resourceName(topic)
                                        .configs(List.of(IncrementalAlterConfigsRequest.AlterableConfig.builder()
                                                .name("retention.ms")
                                                .value("1")
                                                .build()))
                                        .build()))
                                .build(),
                        IncrementalAlterConfigsResponse.class)
                .responses()
                .get(0)
                .errorCode());
    }

    private static ErrorCode addPartitions(HostedNode node, String topic) throws Exception {
        return ErrorCode.forCode(node.ask(
                        CreatePartitionsRequest.builder()
                                .topics(List.of(CreatePartitionsRequest.CreatePartitionsTopic.builder()
                                        .name(topic)
                                        .count(2)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        CreatePartitionsResponse.class)
                .results()
                .get(0)
                .errorCode());
    }

    private static ErrorCode offlineError(HostedNode node) throws Exception {
        return ErrorCode.forCode(
                node.ask(DescribeLogDirsRequest.builder().topics(null).build(), DescribeLogDirsResponse.class)
                        .results()
                        .get(0)
                        .errorCode());
    }

    private static Set<String> topics(HostedNode node) throws Exception {
        return node.ask(MetadataRequest.builder().topics(null).build(), MetadataResponse.class).topics().stream()
                .map(topic -> String.valueOf(topic.name()))
                .collect(java.util.stream.Collectors.toSet());
    }

    /** Asks until the answer is the wanted one. */
    private static void await(ErrorCode wanted, Callable<ErrorCode> question) throws Exception {
        long untilNanos = System.nanoTime() + PATIENCE.toNanos();
        ErrorCode last;
        do last = question.call();
        while (last != wanted && System.nanoTime() < untilNanos);
        assertEquals(wanted, last);
    }

    @Test
    void atItsReserveADirectoryIsReadOnlyAndComesBackByItself() throws Exception {
        disk.say(2 * RESERVE_BYTES);
        try (HostedNode node = start()) {
            Uuid topicId = create(node, "t").topicId();
            create(node, "other");
            assertEquals(ErrorCode.NONE, producing(node, topicId));
            await(ErrorCode.NONE, () -> findCoordinator(node));
            await(ErrorCode.NONE, () -> commit(node, topicId));

            disk.say(RESERVE_BYTES - 1);
            await(ErrorCode.KAFKA_STORAGE_ERROR, () -> producing(node, topicId));
            String message = String.valueOf(produce(node, topicId).errorMessage());
            assertTrue(message.contains("read-only") && message.contains("99999 bytes of 1000000 are free"), message);
            long end = endOffset(node, "t");
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, producing(node, topicId));
            assertEquals(end, endOffset(node, "t"), "nothing was appended");
            Node.Health health = node.told(node.node()::health);
            assertTrue(health.isServing() && health.text().contains("read-only"), health.text());
            assertEquals(ErrorCode.NONE, commit(node, topicId), "coordinators have half of the reserve");
            var refused = create(node, "new");
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.forCode(refused.errorCode()));
            assertTrue(String.valueOf(refused.errorMessage()).contains("topics can be deleted"), refused::toString);
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, addPartitions(node, "t"));
            assertEquals(ErrorCode.NONE, lowerRetention(node, "t"));
            assertEquals(ErrorCode.NONE, delete(node, "other"));
            assertEquals(ErrorCode.NONE, offlineError(node));

            disk.say(RESERVE_BYTES / 2 - 1);
            await(ErrorCode.COORDINATOR_NOT_AVAILABLE, () -> commit(node, topicId));
            String metrics = node.told(node.node()::scrapeMetrics);
            assertTrue(
                    metrics.contains("millrace_log_directory_read_only{directory=\"" + directory + "\"} 2"), metrics);

            disk.say(RESERVE_BYTES + RESERVE_BYTES / 8);
            await(ErrorCode.NONE, () -> commit(node, topicId));
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, producing(node, topicId), "not yet: it would go to and fro");
            disk.say(2 * RESERVE_BYTES);
            await(ErrorCode.NONE, () -> producing(node, topicId));
            assertEquals(ErrorCode.NONE, ErrorCode.forCode(create(node, "new").errorCode()));
            node.stop();
        }
    }

    @Test
    void aDiskThatRefusesBytesIsNotAFailedOne() throws Exception {
        try (HostedNode node = start()) {
            Uuid topicId = create(node, "t").topicId();
            assertEquals(ErrorCode.NONE, producing(node, topicId));
            disk.refuse(Long.MAX_VALUE);
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, producing(node, topicId));
            assertEquals(ErrorCode.NONE, offlineError(node));
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, delete(node, "t"), "not even that fits");
            assertEquals(1, endOffset(node, "t"));
            disk.refuse(0);
            await(ErrorCode.NONE, () -> producing(node, topicId));
            assertEquals(2, endOffset(node, "t"));
            await(ErrorCode.NONE, () -> delete(node, "t"));
            node.stop();
        }
    }

    @Test
    void aNodeStopsAndStartsOnADirectoryAtItsReserve() throws Exception {
        Uuid topicId;
        try (HostedNode node = start()) {
            topicId = create(node, "t").topicId();
            assertEquals(ErrorCode.NONE, producing(node, topicId));
            node.stop();
        }
        assertTrue(Files.exists(directory.resolve(".kafka_cleanshutdown")));
        disk.say(RESERVE_BYTES / 4);
        try (HostedNode node = start()) {
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, producing(node, topicId), "from the first request on");
            assertEquals(1, endOffset(node, "t"));
            node.stop();
        }
        assertTrue(Files.exists(directory.resolve(".kafka_cleanshutdown")));
    }

    @Test
    void aNodeStoppedWithoutAByteFreeIsWholeAtTheNextStart() throws Exception {
        Uuid topicId;
        try (HostedNode node = start()) {
            topicId = create(node, "t").topicId();
            assertEquals(ErrorCode.NONE, producing(node, topicId));
            disk.refuse(Long.MAX_VALUE);
            node.stop();
        }
        assertFalse(Files.exists(directory.resolve(".kafka_cleanshutdown")));
        disk.refuse(0);
        try (HostedNode node = start()) {
            assertEquals(1, endOffset(node, "t"));
            assertEquals(ErrorCode.NONE, producing(node, topicId));
        }
    }

    @Test
    void aNodeThatFindsNoByteFreeAtItsStartGoesOnWhenThereIsOne() throws Exception {
        Uuid topicId;
        try (HostedNode node = start()) {
            topicId = create(node, "t").topicId();
            assertEquals(ErrorCode.NONE, producing(node, topicId));
            node.stop();
        }
        disk.refuse(2);
        try (HostedNode node = start()) {
            assertEquals(0, disk.refusalsLeft());
            assertEquals(Set.of("t"), topics(node));
            assertEquals(1, endOffset(node, "t"));
            await(ErrorCode.NONE, () -> producing(node, topicId));
        }
    }
}
