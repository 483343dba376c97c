package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.CreateTopicsResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.server.fixture.Batches;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a lane allocates for a request, on real sockets and files; the client is on another thread. Tests run with the
 * first compiler only, which allocates what the second often avoids, so the bounds hold for interpreted start-up too.
 */
class AllocationTest {
    private static final int WARM_UP_REQUESTS = 1_500;
    private static final int MEASURED_REQUESTS = 1_500;
    private static final int MANY_RECORDS = 1_000;

    /** Measured 2,384 for a produce and 3,896 for a fetch request. */
    private static final double MOST_BYTES_PER_REQUEST = 4_500;

    /** The smallest object has 16 bytes: below this there is none for a record, nor for every tenth one. */
    private static final double MOST_BYTES_PER_RECORD = 1;

    @TempDir
    Path directory;

    @Test
    void aProduceRequestAllocatesNothingPerRecordAndLittleByItself() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 1)) {
            Uuid topic = createTopic(node);
            double one = bytesPerRequest(node, produce(topic, 1), ProduceResponse.class);
            double many = bytesPerRequest(node, produce(topic, MANY_RECORDS), ProduceResponse.class);
            node.stop();
            assertBounds("produce", one, many);
        }
    }

    @Test
    void aFetchRequestAllocatesNothingPerRecordAndLittleByItself() throws Exception {
        try (HostedNode node = HostedNode.start(directory, 1)) {
            Uuid topic = createTopic(node);
            node.ask(produce(topic, 1), ProduceResponse.class);
            node.ask(produce(topic, MANY_RECORDS), ProduceResponse.class);
            node.ask(fetch(topic, 0), FetchResponse.class, response -> assertFetched(response, 1));
            node.ask(fetch(topic, 1), FetchResponse.class, response -> assertFetched(response, MANY_RECORDS));
            double one = bytesPerRequest(node, fetch(topic, 0), FetchResponse.class);
            double many = bytesPerRequest(node, fetch(topic, 1), FetchResponse.class);
            node.stop();
            assertBounds("fetch", one, many);
        }
    }

    private static void assertBounds(String request, double one, double many) {
        String measured = "a " + request + " request of one record allocates " + one + " bytes, one of " + MANY_RECORDS
                + " records " + many;
        assertTrue(one > 0 && one <= MOST_BYTES_PER_REQUEST, measured);
        assertTrue((many - one) / (MANY_RECORDS - 1) <= MOST_BYTES_PER_RECORD, measured);
    }

    private static boolean assertFetched(FetchResponse response, int recordCount) {
        var partition = response.responses().get(0).partitions().get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(partition.errorCode()));
        RecordsPayload.Buffer records = (RecordsPayload.Buffer) Objects.requireNonNull(partition.records());
        assertEquals(
                recordCount,
                io.millrace.records.BatchHeader.recordCount(
                        records.bytes(), records.bytes().position()));
        return true;
    }

    /** The answers are as wanted, and come one at a time. */
    private static <R extends Response> double bytesPerRequest(HostedNode node, Request request, Class<R> type)
            throws Exception {
        for (int i = 0; i < WARM_UP_REQUESTS; i++) node.ask(request, type, response -> true);
        long laneThread = laneThread();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(laneThread);
        for (int i = 0; i < MEASURED_REQUESTS; i++) node.ask(request, type, response -> true);
        return (threads.getThreadAllocatedBytes(laneThread) - before) / (double) MEASURED_REQUESTS;
    }

    private static long laneThread() {
        var threads = ManagementFactory.getThreadMXBean();
        long[] found = Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(Objects::nonNull)
                .filter(thread -> thread.getThreadName().equals("lane-0"))
                .flatMapToLong((ThreadInfo thread) -> LongStream.of(thread.getThreadId()))
                .toArray();
        assertEquals(1, found.length, "threads of lane 0");
        return found[0];
    }

    private static ProduceRequest produce(Uuid topic, int recordCount) {
        String[] values = new String[recordCount];
        Arrays.fill(values, "ten bytes.");
        return ProduceRequest.builder()
                .acks((short) -1)
                .timeoutMs(5_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(topic)
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .records(new RecordsPayload.Buffer(Batches.of(values)))
                                .build()))
                        .build()))
                .build();
    }

    /** A full fetch of the one batch at an offset: a limit of one byte lets no second one in. */
    private static FetchRequest fetch(Uuid topic, long offset) {
        return FetchRequest.builder()
                .maxWaitMs(5_000)
                .minBytes(1)
                .maxBytes(1)
                .sessionEpoch(-1)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(topic)
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .fetchOffset(offset)
                                .partitionMaxBytes(1)
                                .build()))
                        .build()))
                .build();
    }

    private static Uuid createTopic(HostedNode node) throws Exception {
        var created = node.ask(
                        CreateTopicsRequest.builder()
                                .topics(List.of(CreateTopicsRequest.CreatableTopic.builder()
                                        .name("t")
                                        .numPartitions(1)
                                        .replicationFactor((short) 1)
                                        .build()))
                                .timeoutMs(5_000)
                                .build(),
                        CreateTopicsResponse.class)
                .topics()
                .get(0);
        assertEquals(ErrorCode.NONE, ErrorCode.forCode(created.errorCode()), created::toString);
        return created.topicId();
    }
}
