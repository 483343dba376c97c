package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchBuilder;
import io.millrace.records.Compression;
import io.millrace.server.storage.LogState;
import java.io.File;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cleaner in a whole node: that it runs there at all, and what it does. */
class CleanerOnHostTest {
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final String[] OFTEN = {
        "log.cleaner.backoff.ms",
        "20",
        "offsets.topic.segment.bytes",
        "1048576",
        "offsets.topic.num.partitions",
        "1",
        "log.cleaner.dedupe.buffer.size",
        "4194304"
    };

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    private static Uuid create(HostedNode node, String topic, int partitions, String... properties) throws Exception {
        List<CreateTopicsRequest.CreatableTopicConfig> configs = new ArrayList<>();
        for (int i = 0; i < properties.length; i += 2)
            configs.add(CreateTopicsRequest.CreatableTopicConfig.builder()
                    .name(properties[i])
                    .value(properties[i + 1])
                    .build());
        var result = node.ask(
                        CreateTopicsRequest.builder()
                                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                                        .name(topic)
                                        .numPartitions(partitions)
                                        .replicationFactor((short) 1)
                                        .configs(configs)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        CreateTopicsResponse.class)
                .topics()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(result.errorCode()), result::toString);
        return result.topicId();
    }

    /** A batch of 100 records with 10 keys, about 100 KB. */
    private static void produce(HostedNode node, Uuid topicId, int round) throws Exception {
        BatchBuilder batch = BatchBuilder.forProducer(Compression.NONE, Compression.NONE.defaultLevel());
        for (int i = 0; i < 100; i++)
            batch.append(
                    System.currentTimeMillis(),
                    ByteBuffer.wrap(new byte[] {(byte) (i % 10)}),
                    ByteBuffer.wrap(new byte[1_000]).putInt(0, round),
                    List.of());
        ProduceResponse response = node.ask(
                ProduceRequest.builder()
                        .acks((short) -1)
                        .timeoutMs(5_000)
                        .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                                .topicId(topicId)
                                .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                        .index(0)
                                        .records(new RecordsPayload.Buffer(batch.build()))
                                        .build()))
                                .build()))
                        .build(),
                ProduceResponse.class);
        var answer = response.responses().get(0).partitionResponses().get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(answer.errorCode()), answer::toString);
    }

    /** Offsets of 100 partitions with 1,000 bytes of metadata each. */
    private static ErrorCode commit(HostedNode node, Uuid topicId, long offset) throws Exception {
        List<OffsetCommitRequest.OffsetCommitRequestPartition> partitions = new ArrayList<>();
        for (int i = 0; i < 100; i++)
            partitions.add(OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                    .partitionIndex(i)
                    .committedOffset(offset)
                    .committedMetadata("m".repeat(1_000))
                    .build());
        return ErrorCode.forCode(node.ask(
                        OffsetCommitRequest.builder()
                                .groupId("g")
                                .generationIdOrMemberEpoch(-1)
                                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                                        .topicId(topicId)
                                        .partitions(partitions)
                                        .build()))
                                .build(),
                        OffsetCommitResponse.class)
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .errorCode());
    }

    private static Optional<LogState> stateOf(HostedNode node, String topic) throws Exception {
        List<LogState> states = node.told(node.node()::describeLogs);
        return states.stream()
                .filter(state -> state.name().topic().equals(topic))
                .findFirst();
    }

    /** Sizes of the segments; one that is given another name meanwhile counts nothing. */
    private long bytesOf(String topic) {
        long bytes = 0;
        File[] files = directory.resolve(topic + "-0").toFile().listFiles((in, name) -> name.endsWith(".log"));
        for (File file : files == null ? new File[0] : files) bytes += file.length();
        return bytes;
    }

    /** Asks again and again; the machine may be slow, so there is time. */
    private static void await(String what, Callable<Boolean> holds) throws Exception {
        for (long begin = System.nanoTime(); !holds.call(); )
            assertTrue(System.nanoTime() - begin < MOST_NANOS, () -> "still not " + what);
    }

    private boolean isSmall(HostedNode node, String topic, long mostBytes) throws Exception {
        return stateOf(node, topic).map(LogState::firstDirtyOffset).orElse(0L) > 0 && bytesOf(topic) <= mostBytes;
    }

    @Test
    void aCompactedTopicStaysSmallAndTheCheckpointSaysHowFar() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 2, OFTEN)) {
            Uuid id = create(node, "t", 1, "cleanup.policy", "compact", "segment.bytes", "1048576");
            for (int round = 0; round < 60; round++) produce(node, id, round);
            await("compacted", () -> isSmall(node, "t", 3_500_000));
            Path checkpoint = directory.resolve("cleaner-offset-checkpoint");
            await(
                    "noted",
                    () -> Files.exists(checkpoint)
                            && Files.readString(checkpoint).contains("t 0 "));
            node.stop();
        }
    }

    @Test
    void consumerOffsetsStaySmallUnderManyCommits() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 2, OFTEN)) {
            Uuid id = create(node, "t", 100);
            node.ask(
                    FindCoordinatorRequest.builder()
                            .keyType((byte) 0)
                            .coordinatorKeys(List.of("g"))
                            .build(),
                    FindCoordinatorResponse.class);
            await("taken by a coordinator", () -> commit(node, id, 0) == ErrorCode.NONE);
            for (int offset = 1; offset < 100; offset++) assertEquals(ErrorCode.NONE, commit(node, id, offset));
            await("compacted", () -> isSmall(node, "__consumer_offsets", 3_500_000));
            node.stop();
        }
    }

    @Test
    void aLogThatCannotBeCompactedIsNamedInItsStateAndCountedInMetrics() throws Exception {
        Uuid bad;
        try (HostedNode node = HostedNode.start(directory, 1, "log.cleaner.enable", "false")) {
            bad = create(node, "bad", 1, "cleanup.policy", "compact", "segment.bytes", "1048576");
            for (int round = 0; round < 30; round++) produce(node, bad, round);
            node.stop();
        }
        try (RandomAccessFile segment = new RandomAccessFile(
                directory.resolve("bad-0/00000000000000000000.log").toFile(), "rw")) {
            segment.seek(300_000);
            segment.writeLong(0x0102030405060708L);
        }
        try (HostedNode node = HostedNode.start(directory, 2, OFTEN)) {
            Uuid good = create(node, "good", 1, "cleanup.policy", "compact", "segment.bytes", "1048576");
            for (int round = 0; round < 30; round++) produce(node, good, round);
            await("set aside and gone on from", () -> isSetAside(node) && cleanedTo(node) > 0);
            LogState state = stateOf(node, "bad").orElseThrow();
            assertEquals("uncleanable", state.word());
            assertTrue(state.setAside().orElseThrow().contains("bad-0"), state::toString);
            String metrics = node.told(node.node()::scrapeMetrics);
            assertTrue(metrics.contains("millrace_compaction_uncleanable_partitions 1"), metrics);
            produce(node, bad, 7);
            node.stop();
        }
    }

    private static boolean isSetAside(HostedNode node) throws Exception {
        return stateOf(node, "bad")
                .filter(state -> state.setAside().isPresent())
                .isPresent();
    }

    private static long cleanedTo(HostedNode node) throws Exception {
        return stateOf(node, "good").map(LogState::firstDirtyOffset).orElse(0L);
    }
}
