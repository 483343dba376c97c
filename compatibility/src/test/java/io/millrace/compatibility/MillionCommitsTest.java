package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a long life of commits leaves in {@code __consumer_offsets}: a group commits one offset per request, on one connection with
 * many requests in flight, then everything is at rest, and the broker is started anew.
 *
 * <p>{@code -Dmillrace.commits=1000000} says how many; skipped without.
 */
@Tag("long")
final class MillionCommitsTest {
    private static final int COMMITS = Integer.getInteger("millrace.commits", 0);
    private static final int PARTITIONS = 10;
    private static final int IN_FLIGHT = 500;
    private static final int LOOK_EVERY = 10_000;
    private static final short COMMIT_VERSION = 9;
    private static final String GROUP = "committers";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What may be left beside the active segment: one that is not dirty enough yet, what is kept, and indexes. */
    private static final long LEFT_BYTES = 3 << 20;

    private static long sizeBytes(Path logs) throws IOException {
        long bytes = 0;
        try (Stream<Path> folders = Files.list(logs)) {
            for (Path folder : folders.toList()) {
                if (!String.valueOf(folder.getFileName()).startsWith("__consumer_offsets-")) continue;
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        try {
                            bytes += Files.size(file);
                        } catch (NoSuchFileException compactedMeanwhile) {
                            bytes += 0;
                        }
                    }
                }
            }
        }
        return bytes;
    }

    private static OffsetCommitRequestData commit(int number) {
        return new OffsetCommitRequestData()
                .setGroupId(GROUP)
                .setTopics(List.of(new OffsetCommitRequestData.OffsetCommitRequestTopic()
                        .setName("t")
                        .setPartitions(List.of(new OffsetCommitRequestData.OffsetCommitRequestPartition()
                                .setPartitionIndex(number % PARTITIONS)
                                .setCommittedOffset(number)))));
    }

    private static Map<Integer, Long> committed(RawConnection connection) throws IOException {
        var answer = (OffsetFetchResponseData) connection.ask(
                new OffsetFetchRequestData()
                        .setGroups(List.of(new OffsetFetchRequestData.OffsetFetchRequestGroup()
                                .setGroupId(GROUP)
                                .setTopics(null))),
                8);
        Map<Integer, Long> offsets = new HashMap<>();
        for (var topic : answer.groups().getFirst().topics())
            for (var partition : topic.partitions())
                offsets.put(partition.partitionIndex(), partition.committedOffset());
        return offsets;
    }

    private static short errorOf(OffsetCommitResponseData answer) {
        return answer.topics().getFirst().partitions().getFirst().errorCode();
    }

    private static void prepare(RawConnection connection) throws IOException {
        connection.ask(
                new CreateTopicsRequestData()
                        .setTopics(new CreateTopicsRequestData.CreatableTopicCollection(
                                List.of(new CreateTopicsRequestData.CreatableTopic()
                                                .setName("t")
                                                .setNumPartitions(PARTITIONS)
                                                .setReplicationFactor((short) 1))
                                        .iterator())),
                7);
        Await.until("there is a coordinator", PATIENCE, () -> {
            var found = (FindCoordinatorResponseData)
                    connection.ask(new FindCoordinatorRequestData().setCoordinatorKeys(List.of(GROUP)), 4);
            return found.coordinators().getFirst().errorCode() == 0;
        });
        Await.until(
                "the coordinator takes commits",
                PATIENCE,
                () -> errorOf((OffsetCommitResponseData) connection.ask(commit(0), COMMIT_VERSION)) == 0);
    }

    private static OffsetCommitResponseData answer(RawConnection connection) throws IOException {
        var body = new ByteBufferAccessor(connection.receive());
        new ResponseHeaderData(body, (short) 1);
        var answer = new OffsetCommitResponseData();
        answer.read(body, COMMIT_VERSION);
        return answer;
    }

    /** Commits, and returns the most that lay on the disk meanwhile. */
    private static long commitAll(RawConnection connection, Path logs) throws IOException {
        long peakBytes = 0;
        int sent = 0;
        for (int answered = 0; answered < COMMITS; answered++) {
            for (; sent < COMMITS && sent - answered < IN_FLIGHT; sent++)
                connection.send(RawConnection.frame(commit(sent), COMMIT_VERSION, sent));
            assertEquals(0, errorOf(answer(connection)));
            if (answered % LOOK_EVERY == 0) peakBytes = Math.max(peakBytes, sizeBytes(logs));
        }
        return Math.max(peakBytes, sizeBytes(logs));
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 100 << 20})
    void theOffsetsTopicStaysSmall(int segmentBytes) throws Exception {
        assumeTrue(COMMITS >= LOOK_EVERY, "-Dmillrace.commits=1000000 asks for it");
        try (BrokerUnderTest broker = BrokerUnderTest.with("offsets.topic.segment.bytes=" + segmentBytes)) {
            broker.start();
            Map<Integer, Long> expected = new HashMap<>();
            for (int i = COMMITS - PARTITIONS; i < COMMITS; i++) expected.put(i % PARTITIONS, (long) i);
            long peakBytes;
            long beganNanos = System.nanoTime();
            double seconds;
            try (RawConnection connection = new RawConnection(broker.port())) {
                prepare(connection);
                peakBytes = commitAll(connection, broker.logs());
                seconds = (System.nanoTime() - beganNanos) / 1e9;
                assertEquals(expected, committed(connection));
            }
            long atOnceBytes = sizeBytes(broker.logs());
            long mostBytes = segmentBytes + LEFT_BYTES;
            Await.until("the cleaner has come by", PATIENCE, () -> sizeBytes(broker.logs()) <= mostBytes);
            long endBytes = sizeBytes(broker.logs());
            System.out.printf(
                    "%s: %d commits in %.1f s, segments of %d bytes: at most %d bytes on disk, %d at once after, %d when cleaned%n",
                    BrokerKind.underTest().getClass().getSimpleName(),
                    COMMITS,
                    seconds,
                    segmentBytes,
                    peakBytes,
                    atOnceBytes,
                    endBytes);
            broker.stop();
            broker.start();
            try (RawConnection connection = new RawConnection(broker.port())) {
                Await.until(
                        "the offsets are loaded",
                        PATIENCE,
                        () -> committed(connection).equals(expected));
            }
            assertTrue(sizeBytes(broker.logs()) <= mostBytes);
        }
    }
}
