package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.DescribeLogDirsRequest;
import io.millrace.protocol.messages.DescribeLogDirsResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.FailingDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogDirectoryFailureTest {
    private static final int PARTITIONS = 4;
    private static final int MOST_QUESTIONS = 100_000;

    @TempDir
    Path one;

    @TempDir
    Path two;

    private final FailingDisk disk = new FailingDisk();

    private HostedNode start() throws Exception {
        return HostedNode.start(one, 2, disk::over, "log.dirs", one + "," + two);
    }

    private static Uuid create(HostedNode node, String topic) throws Exception {
        var result = node.ask(
                        CreateTopicsRequest.builder()
                                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                                        .name(topic)
                                        .numPartitions(PARTITIONS)
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

    private static ErrorCode produce(HostedNode node, Uuid topicId, int partition) throws Exception {
        ProduceResponse response = node.ask(
                ProduceRequest.builder()
                        .acks((short) -1)
                        .timeoutMs(5_000)
                        .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                                .topicId(topicId)
                                .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                        .index(partition)
                                        .records(new RecordsPayload.Buffer(Batches.of("a value")))
                                        .build()))
                                .build()))
                        .build(),
                ProduceResponse.class);
        return ErrorCode.forCode(
                response.responses().get(0).partitionResponses().get(0).errorCode());
    }

    private static Map<Integer, Integer> leaders(HostedNode node, String topic) throws Exception {
        Map<Integer, Integer> leaders = new TreeMap<>();
        var answer = node.ask(
                        MetadataRequest.builder()
                                .topics(List.of(MetadataRequest.MetadataRequestTopic.builder()
                                        .name(topic)
                                        .build()))
                                .allowAutoTopicCreation(false)
                                .build(),
                        MetadataResponse.class)
                .topics()
                .get(0);
        for (var partition : answer.partitions()) leaders.put(partition.partitionIndex(), partition.leaderId());
        return leaders;
    }

    /** Asks until the partition has, or has not, a leader. */
    private static void awaitLeader(HostedNode node, int partition, boolean wanted) throws Exception {
        for (int i = 0; i < MOST_QUESTIONS; i++)
            if ((leaders(node, "t").getOrDefault(partition, -1) >= 0) == wanted) return;
        throw new AssertionError("partition " + partition + (wanted ? " has no leader" : " still has a leader"));
    }

    private static long endOffset(HostedNode node, int partition) throws Exception {
        var answer = node.ask(
                        ListOffsetsRequest.builder()
                                .replicaId(-1)
                                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                                        .name("t")
                                        .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                                .partitionIndex(partition)
                                                .timestamp(-1)
                                                .build()))
                                        .build()))
                                .build(),
                        ListOffsetsResponse.class)
                .topics()
                .get(0)
                .partitions()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(answer.errorCode()));
        return answer.offset();
    }

    private static Map<String, ErrorCode> directories(HostedNode node) throws Exception {
        Map<String, ErrorCode> errors = new TreeMap<>();
        for (var result : node.ask(DescribeLogDirsRequest.builder().topics(null).build(), DescribeLogDirsResponse.class)
                .results()) errors.put(result.logDir(), ErrorCode.forCode(result.errorCode()));
        return errors;
    }

    /** A topic's partitions are made by their lanes, which may come to it after the one that answered. */
    private void awaitPartitions(HostedNode node, Path directory, String topic, int count) throws Exception {
        for (int i = 0; i < MOST_QUESTIONS && partitionsIn(directory, topic).size() < count; i++) leaders(node, topic);
    }

    private List<Integer> partitionsIn(Path directory, String topic) {
        List<Integer> there = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) if (Files.isDirectory(directory.resolve(topic + "-" + i))) there.add(i);
        return there;
    }

    @Test
    void aDirectoryThatFailsIsFencedAloneAndComesBackWithTheNextStart() throws Exception {
        Uuid topic;
        List<Integer> lost;
        try (HostedNode node = start()) {
            topic = create(node, "t");
            awaitPartitions(node, one, "t", PARTITIONS / 2);
            awaitPartitions(node, two, "t", PARTITIONS / 2);
            lost = partitionsIn(two, "t");
            assertEquals(PARTITIONS / 2, lost.size(), "new partitions go where the fewest are");
            assertEquals(PARTITIONS / 2, partitionsIn(one, "t").size());
            for (int i = 0; i < PARTITIONS; i++) assertEquals(ErrorCode.NONE, produce(node, topic, i));

            disk.fail(two);
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, produce(node, topic, lost.get(0)));
            for (int partition : lost) awaitLeader(node, partition, false);
            for (int partition : lost) assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, produce(node, topic, partition));
            for (int partition : partitionsIn(one, "t")) assertEquals(ErrorCode.NONE, produce(node, topic, partition));
            assertEquals(
                    Map.of(one.toString(), ErrorCode.NONE, two.toString(), ErrorCode.KAFKA_STORAGE_ERROR),
                    directories(node));

            create(node, "later");
            awaitPartitions(node, one, "later", PARTITIONS);
            assertEquals(PARTITIONS, partitionsIn(one, "later").size(), "nothing new goes into the failed directory");
            node.stop();
        }
        assertTrue(Files.exists(one.resolve(".kafka_cleanshutdown")));
        assertFalse(Files.exists(two.resolve(".kafka_cleanshutdown")));

        try (HostedNode node = start()) {
            assertEquals(ErrorCode.KAFKA_STORAGE_ERROR, directories(node).get(two.toString()));
            for (int partition : lost) assertEquals(-1, leaders(node, "t").get(partition));
            assertEquals(PARTITIONS / 2, partitionsIn(one, "t").size(), "nothing begins anew elsewhere");
            for (int partition : partitionsIn(one, "t")) assertEquals(2, endOffset(node, partition));
            node.stop();
        }

        disk.mend(two);
        try (HostedNode node = start()) {
            for (int partition : lost) {
                assertEquals(1, endOffset(node, partition));
                assertEquals(ErrorCode.NONE, produce(node, topic, partition));
            }
            assertEquals(
                    List.of(ErrorCode.NONE, ErrorCode.NONE),
                    List.copyOf(directories(node).values()));
            node.stop();
        }
    }

    @Test
    void aForceThatFailsFencesTheDirectoryAndIsNeverAcknowledged() throws Exception {
        try (HostedNode node =
                HostedNode.start(one, 1, disk::over, "log.dirs", one + "," + two, "log.flush.interval.messages", "1")) {
            Uuid topic = create(node, "t");
            awaitPartitions(node, two, "t", PARTITIONS / 2);
            List<Integer> lost = partitionsIn(two, "t");
            disk.failForces(two);
            for (int partition : lost) assertEquals(false, produce(node, topic, partition) == ErrorCode.NONE);
            for (int partition : lost) awaitLeader(node, partition, false);
            for (int partition : partitionsIn(one, "t")) assertEquals(ErrorCode.NONE, produce(node, topic, partition));
        }
    }
}
