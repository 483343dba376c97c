package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchHeader;
import io.millrace.server.config.BadConfig;
import io.millrace.server.fixture.Batches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeOnHostTest {
    @TempDir
    Path directory;

    @TempDir
    Path asKilled;

    private void copyTo(Path target) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                Path copy = target.resolve(directory.relativize(file));
                if (Files.isDirectory(file)) Files.createDirectories(copy);
                else Files.copy(file, copy);
            }
        }
    }

    private static Uuid create(HostedNode node, String topic, int partitions) throws Exception {
        var result = node.ask(
                        CreateTopicsRequest.builder()
                                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                                        .name(topic)
                                        .numPartitions(partitions)
                                        .replicationFactor((short) 1)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        CreateTopicsResponse.class)
                .topics()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(result.errorCode()), result::toString);
        return result.topicId();
    }

    private static void delete(HostedNode node, String topic) throws Exception {
        var result = node.ask(
                        DeleteTopicsRequest.builder()
                                .topics(List.of(DeleteTopicsRequest.DeleteTopicState.builder()
                                        .name(topic)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        DeleteTopicsResponse.class)
                .responses()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(result.errorCode()));
    }

    private static long produce(HostedNode node, Uuid topicId, int partition, String... values) throws Exception {
        ProduceResponse response = node.ask(
                ProduceRequest.builder()
                        .acks((short) -1)
                        .timeoutMs(5_000)
                        .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                                .topicId(topicId)
                                .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                        .index(partition)
                                        .records(new RecordsPayload.Buffer(Batches.of(values)))
                                        .build()))
                                .build()))
                        .build(),
                ProduceResponse.class);
        var answer = response.responses().get(0).partitionResponses().get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(answer.errorCode()), answer::toString);
        return answer.baseOffset();
    }

    /** The records that a fetch from the beginning finds. */
    private static int recordCount(HostedNode node, Uuid topicId, int partition) throws Exception {
        FetchRequest request = FetchRequest.builder()
                .maxWaitMs(100)
                .minBytes(1)
                .sessionEpoch(-1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(topicId)
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(partition)
                                .partitionMaxBytes(1 << 20)
                                .build()))
                        .build()))
                .build();
        return node.ask(request, FetchResponse.class, response -> {
            assertEquals(ErrorCode.NONE, ErrorCode.forCode(response.errorCode()));
            var data = response.responses().get(0).partitions().get(0);
            assertEquals(ErrorCode.NONE, ErrorCode.forCode(data.errorCode()));
            if (!(data.records() instanceof RecordsPayload.Buffer(ByteBuffer bytes))) return 0;
            int count = 0;
            for (int at = bytes.position(); at < bytes.limit(); at += BatchHeader.sizeBytes(bytes, at))
                count += BatchHeader.recordCount(bytes, at);
            return count;
        });
    }

    private static Uuid idOf(HostedNode node, String topic) throws Exception {
        return node.ask(
                        MetadataRequest.builder()
                                .topics(List.of(MetadataRequest.MetadataRequestTopic.builder()
                                        .name(topic)
                                        .build()))
                                .allowAutoTopicCreation(false)
                                .build(),
                        MetadataResponse.class)
                .topics()
                .get(0)
                .topicId();
    }

    @Test
    void whatIsProducedIsFetchedOnPartitionsOfAllLanes() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 2)) {
            Uuid id = create(node, "t", 4);
            for (int partition = 0; partition < 4; partition++) {
                assertEquals(0, produce(node, id, partition, "a", "b"));
                assertEquals(2, produce(node, id, partition, "c"));
                assertEquals(3, recordCount(node, id, partition));
            }
            node.stop();
        }
    }

    @Test
    void recordsAndOffsetsAreThereAfterAnOrderlyStopAndAfterAKill() throws Exception {
        Uuid id;
        try (HostedNode node = HostedNode.start(directory, 1)) {
            id = create(node, "t", 1);
            produce(node, id, 0, "a", "b");
            commit(node, id, 1);
            node.stop();
        }
        try (HostedNode node = HostedNode.start(directory, 1)) {
            assertEquals(id, idOf(node, "t"));
            assertEquals(2, recordCount(node, id, 0));
            assertEquals(1, committed(node, id));
            assertEquals(2, produce(node, id, 0, "c"));
            commit(node, id, 3);
            // What a killed process leaves: the files as they are, without an end.
            copyTo(asKilled);
        }
        try (HostedNode node = HostedNode.start(asKilled, 2)) {
            assertEquals(3, recordCount(node, id, 0));
            assertEquals(3, committed(node, id));
            node.stop();
        }
    }

    private static void commit(HostedNode node, Uuid topicId, long offset) throws Exception {
        var found = node.ask(
                        FindCoordinatorRequest.builder()
                                .coordinatorKeys(List.of("g"))
                                .build(),
                        FindCoordinatorResponse.class)
                .coordinators()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(found.errorCode()), found::toString);
        assertEquals(node.ready.listeners().get(0).port(), found.port());
        var topic = loaded(() -> node.ask(
                        OffsetCommitRequest.builder()
                                .groupId("g")
                                .generationIdOrMemberEpoch(-1)
                                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                                        .topicId(topicId)
                                        .partitions(List.of(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                                                .partitionIndex(0)
                                                .committedOffset(offset)
                                                .build()))
                                        .build()))
                                .build(),
                        OffsetCommitResponse.class)
                .topics()
                .get(0));
        assertEquals(topicId, topic.topicId());
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(topic.partitions().get(0).errorCode()));
    }

    private static long committed(HostedNode node, Uuid topicId) throws Exception {
        var group = loaded(() -> node.ask(
                        OffsetFetchRequest.builder()
                                .groups(List.of(OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                                        .groupId("g")
                                        .topics(List.of(OffsetFetchRequest.OffsetFetchRequestTopics.builder()
                                                .topicId(topicId)
                                                .partitionIndexes(List.of(0))
                                                .build()))
                                        .build()))
                                .build(),
                        OffsetFetchResponse.class)
                .groups()
                .get(0));
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(group.errorCode()));
        return group.topics().get(0).partitions().get(0).committedOffset();
    }

    private interface Asking<T> {
        T ask() throws Exception;
    }

    /** Asks again while the coordinator is loading, as every client does. */
    private static <T> T loaded(Asking<T> asking) throws Exception {
        T answer = asking.ask();
        for (int i = 0; i < 200 && answer.toString().contains("errorCode=14"); i++) answer = asking.ask();
        return answer;
    }

    @Test
    void aTopicMadeAgainUnderItsNameKeepsItsRecordsOverARestart() throws Exception {
        Uuid second;
        try (HostedNode node = HostedNode.start(directory, 2)) {
            Uuid first = create(node, "t", 2);
            produce(node, first, 0, "of the first");
            delete(node, "t");
            second = create(node, "t", 2);
            produce(node, second, 0, "a", "b");
            node.stop();
        }
        try (HostedNode node = HostedNode.start(directory, 2)) {
            assertEquals(second, idOf(node, "t"));
            assertEquals(2, recordCount(node, second, 0));
            node.stop();
        }
        try (var names = Files.list(directory)) {
            assertTrue(
                    names.noneMatch(path -> path.toString().endsWith("-stray")),
                    "a directory in use was taken for a stray");
        }
    }

    @Test
    void offsetsAreListed() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 1)) {
            Uuid id = create(node, "t", 1);
            produce(node, id, 0, "a", "b");
            for (long[] asked : new long[][] {{-1, 2}, {-2, 0}, {-3, 0}, {0, 0}, {-5, -1}}) {
                var answer = node.ask(
                                ListOffsetsRequest.builder()
                                        .replicaId(-1)
                                        .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                                                .name("t")
                                                .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                                        .partitionIndex(0)
                                                        .timestamp(asked[0])
                                                        .build()))
                                                .build()))
                                        .build(),
                                ListOffsetsResponse.class)
                        .topics()
                        .get(0)
                        .partitions()
                        .get(0);
                assertEquals(ErrorCode.NONE, ErrorCode.forCode(answer.errorCode()));
                assertEquals(asked[1], answer.offset(), "for " + asked[0]);
            }
            node.stop();
        }
    }

    @Test
    void metricsAndHealthSpeakOfWhatHappened() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 2)) {
            Uuid id = create(node, "t", 3);
            produce(node, id, 0, "a", "b");
            String text = node.told(node.node()::scrapeMetrics);
            for (String line : List.of(
                    "millrace_request_duration_seconds_count{api=\"Produce\"} 1",
                    "millrace_produced_batches_total 1",
                    "millrace_topic_log_end_offset_sum{topic=\"t\"} 2",
                    "millrace_topic_partitions_led{topic=\"t\"} 3",
                    "millrace_connections_open 1",
                    "millrace_fetch_sessions 0",
                    "millrace_quorum_leader_id 1",
                    "millrace_serving 1",
                    "millrace_metadata_brokers{state=\"unfenced\"} 1"))
                assertTrue(text.contains("\n" + line + "\n"), () -> line + " is not in\n" + text);
            Node.Health health = node.told(node.node()::health);
            assertEquals(new Node.Health(true, "serving"), health);
            node.stop();
        }
    }

    @Test
    void aDirectoryInUseOrOfAnotherNodeIsRefusedAndLeftAlone() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 1)) {
            BadConfig refused = assertThrows(BadConfig.class, () -> HostedNode.start(directory, 1));
            assertTrue(String.valueOf(refused.getMessage()).contains("in use"), refused::toString);
            node.stop();
        }
        BadConfig refused = assertThrows(BadConfig.class, () -> HostedNode.start(directory, 1, "node.id", "2"));
        assertTrue(String.valueOf(refused.getMessage()).contains("node 1"), refused::toString);
        try (HostedNode node = HostedNode.start(directory, 1)) {
            node.stop();
        }
    }
}
