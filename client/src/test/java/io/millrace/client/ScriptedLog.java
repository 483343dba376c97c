package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;

/** The one partition of a topic on a {@link ScriptedNode}, with batches that Kafka's own classes wrote. */
final class ScriptedLog {
    static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    static final Uuid ID = new Uuid(3, 4);
    /** Another topic, which has a partition and no log. */
    static final String AWAY = "quarantine";

    private static final Uuid AWAY_ID = new Uuid(5, 6);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    final List<ByteBuffer> batches = new ArrayList<>();
    long endOffset;
    List<FetchResponse.AbortedTransaction> aborted = List.of();
    /** The most bytes that a fetch was answered with. */
    int mostBytes;
    /** Each so-and-so-many-th fetch ends its connection. */
    int cutEvery = Integer.MAX_VALUE;

    /** Who a fetch is sent to instead; -1 for nobody. */
    volatile int nearerReplica = -1;
    /** The cluster, the leader first. */
    ScriptedNode[] nodes;

    /** Fetches at the end of the log wait until it is open; those outside of sessions do not. */
    volatile CountDownLatch end = new CountDownLatch(0);

    /** What fetches are answered with is found at once, and sent when it is open. */
    volatile CountDownLatch answers = new CountDownLatch(0);

    private final ScriptedNode node;
    private int fetches;

    ScriptedLog(ScriptedNode node) {
        this.node = node;
        this.nodes = new ScriptedNode[] {node};
        node.answers(ApiKey.METADATA, request -> metadata((MetadataRequest) request));
        node.answers(ApiKey.FETCH, request -> {
            waitAtTheEnd((FetchRequest) request);
            Response answer = fetch(request);
            await(answers);
            return answer;
        });
        node.answers(ApiKey.LIST_OFFSETS, request -> offsets((ListOffsetsRequest) request));
    }

    /** Options of a consumer of it, which waits for nothing long; {@code namesAndValues} in turn. */
    ConsumerOptions options(Object... namesAndValues) {
        ConsumerOptions options = ConsumerOptions.forServers(
                        node.address().host() + ":" + node.address().port())
                .with("auto.offset.reset", "earliest")
                .with("fetch.max.wait.ms", 1)
                .with("retry.backoff.ms", 1)
                .with("reconnect.backoff.ms", 1)
                .with("reconnect.backoff.max.ms", 2);
        for (int i = 0; i < namesAndValues.length; i += 2)
            options = options.with(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        return options;
    }

    /** Polls until the consumer stands there, and returns what came. */
    static List<String> readTo(Consumer<String, String> consumer, long end) {
        List<String> values = new ArrayList<>();
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (consumer.position(PARTITION) < end) {
            assertTrue(System.nanoTime() < deadlineNanos, () -> "only " + values + " came");
            for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) values.add(each.value());
        }
        return values;
    }

    /** The log's topic, and the one for what is put away if it is asked for. */
    private MetadataResponse metadata(MetadataRequest asked) {
        List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>(List.of(topic("orders", ID)));
        List<MetadataRequest.MetadataRequestTopic> names = asked.topics();
        if (names != null && names.stream().anyMatch(each -> AWAY.equals(each.name())))
            topics.add(topic(AWAY, AWAY_ID));
        return ScriptedNode.cluster(0, nodes).topics(topics).build();
    }

    private static MetadataResponse.MetadataResponseTopic topic(String name, Uuid id) {
        return MetadataResponse.MetadataResponseTopic.builder()
                .name(name)
                .topicId(id)
                .partitions(List.of(MetadataResponse.MetadataResponsePartition.builder()
                        .partitionIndex(0)
                        .leaderId(0)
                        .leaderEpoch(1)
                        .build()))
                .build();
    }

    private ListOffsetsResponse offsets(ListOffsetsRequest request) {
        long timestamp = request.topics().getFirst().partitions().getFirst().timestamp();
        return ListOffsetsResponse.builder()
                .topics(List.of(new ListOffsetsResponse.ListOffsetsTopicResponse(
                        "orders",
                        List.of(ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                                .partitionIndex(0)
                                .offset(timestamp == -2 ? 0 : endOffset)
                                .leaderEpoch(1)
                                .build()))))
                .build();
    }

    private void waitAtTheEnd(FetchRequest asked) {
        boolean isOfSession = asked.sessionEpoch() >= 0;
        boolean isAtEnd = asked.topics().stream()
                .allMatch(topic -> topic.partitions().stream().allMatch(each -> each.fetchOffset() >= endOffset));
        if (isOfSession && isAtEnd) await(end);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Batches from the offset asked for, as many as fit, at least one, and the beginning of the next one. */
    private synchronized @Nullable Response fetch(Request request) {
        FetchRequest asked = (FetchRequest) request;
        if (++fetches % cutEvery == 0) return null;
        if (asked.topics().isEmpty()) return FetchResponse.builder().build();
        FetchRequest.FetchPartition wanted =
                asked.topics().getFirst().partitions().getFirst();
        ErrorCode error = ErrorCode.NONE;
        if (wanted.fetchOffset() > endOffset) error = ErrorCode.OFFSET_OUT_OF_RANGE;
        int room = Math.min(wanted.partitionMaxBytes(), asked.maxBytes());
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        int nearer = nearerReplica;
        for (ByteBuffer batch : batches) {
            long lastOffset = batch.getLong(0) + batch.getInt(23);
            if (nearer >= 0 || error != ErrorCode.NONE || lastOffset < wanted.fetchOffset()) continue;
            boolean fits = bytes.position() == 0 || bytes.position() + batch.remaining() <= room;
            if (!fits) {
                bytes.put(batch.duplicate().limit(20));
                break;
            }
            bytes.put(batch.duplicate());
        }
        mostBytes = Math.max(mostBytes, bytes.position());
        return FetchResponse.builder()
                .responses(List.of(new FetchResponse.FetchableTopicResponse(
                        "orders",
                        ID,
                        List.of(FetchResponse.PartitionData.builder()
                                .partitionIndex(0)
                                .errorCode(error.code())
                                .highWatermark(endOffset)
                                .lastStableOffset(endOffset)
                                .preferredReadReplica(nearer)
                                .abortedTransactions(aborted)
                                .records(new RecordsPayload.Buffer(bytes.flip()))
                                .build()))))
                .build();
    }

    void append(MemoryRecords records, int count) {
        batches.add(records.buffer());
        endOffset += count;
    }

    void append(Compression compression, String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) records[i] = new SimpleRecord(1_000, null, bytes(values[i]));
        append(MemoryRecords.withRecords(endOffset, compression, 1, records), values.length);
    }

    void appendOf(long producerId, String value) {
        append(
                MemoryRecords.withTransactionalRecords(
                        endOffset,
                        Compression.NONE,
                        producerId,
                        (short) 0,
                        0,
                        1,
                        new SimpleRecord(1_000, null, bytes(value))),
                1);
    }

    void appendMarker(long producerId, ControlRecordType type) {
        append(
                MemoryRecords.withEndTransactionMarker(
                        endOffset, 1_000, 1, producerId, (short) 0, new EndTransactionMarker(type, 0)),
                1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
