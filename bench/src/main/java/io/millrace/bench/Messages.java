package io.millrace.bench;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.protocol.messages.RequestHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Requests and answers of the sizes that clients usually send and get. */
final class Messages {
    private static final int PARTITIONS = 8;
    private static final int TOPICS = 10;
    private static final int RECORD_BYTES = 100;
    private static final int FETCH_BYTES = 1 << 20;
    private static final long TIMESTAMP_MS = 1_700_000_000_000L;
    private static final Uuid TOPIC_ID = new Uuid(1, 2);

    private Messages() {}

    /** A request with its length and its header, as it comes from a socket. */
    static ByteBuffer requestFrame(ApiKey api, short version, int correlationId) {
        ProtocolWriter out = new ProtocolWriter();
        out.writeInt32(0);
        new RequestHeader(api.code(), version, correlationId, "bench").write(out, api.requestHeaderVersion(version));
        request(api).write(out, version);
        out.setInt32(0, (int) out.sizeBytes() - Integer.BYTES);
        return out.finish().toBuffer();
    }

    private static Request request(ApiKey api) {
        return switch (api) {
            case PRODUCE -> produce();
            case FETCH -> fetch();
            case METADATA -> metadata();
            default -> throw new IllegalStateException("no request of " + api);
        };
    }

    /** The answer to the request of that API. */
    static Response answer(ApiKey api) {
        return switch (api) {
            case PRODUCE -> produced();
            case FETCH -> fetched();
            case METADATA -> described();
            default -> throw new IllegalStateException("no answer of " + api);
        };
    }

    private static ProduceRequest produce() {
        return ProduceRequest.builder()
                .acks((short) -1)
                .timeoutMs(30_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(TOPIC_ID)
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .records(new RecordsPayload.Buffer(RecordBatches.direct(1, RECORD_BYTES, TIMESTAMP_MS)))
                                .build()))
                        .build()))
                .build();
    }

    private static ProduceResponse produced() {
        return ProduceResponse.builder()
                .responses(List.of(ProduceResponse.TopicProduceResponse.builder()
                        .topicId(TOPIC_ID)
                        .partitionResponses(List.of(ProduceResponse.PartitionProduceResponse.builder()
                                .baseOffset(1_000_000)
                                .logStartOffset(0)
                                .build()))
                        .build()))
                .build();
    }

    private static FetchRequest fetch() {
        List<FetchRequest.FetchPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++)
            partitions.add(FetchRequest.FetchPartition.builder()
                    .partition(partition)
                    .fetchOffset(1_000_000L + partition)
                    .partitionMaxBytes(FETCH_BYTES)
                    .build());
        return FetchRequest.builder()
                .maxWaitMs(500)
                .minBytes(1)
                .maxBytes(FETCH_BYTES)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(TOPIC_ID)
                        .partitions(partitions)
                        .build()))
                .build();
    }

    private static FetchResponse fetched() {
        List<FetchResponse.PartitionData> partitions = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++)
            partitions.add(FetchResponse.PartitionData.builder()
                    .partitionIndex(partition)
                    .highWatermark(1_000_000L + partition)
                    .lastStableOffset(1_000_000L + partition)
                    .records(new RecordsPayload.Buffer(RecordBatches.direct(1, RECORD_BYTES, TIMESTAMP_MS)))
                    .build());
        return FetchResponse.builder()
                .sessionId(1)
                .responses(List.of(FetchResponse.FetchableTopicResponse.builder()
                        .topicId(TOPIC_ID)
                        .partitions(partitions)
                        .build()))
                .build();
    }

    private static MetadataRequest metadata() {
        List<MetadataRequest.MetadataRequestTopic> topics = new ArrayList<>();
        for (int topic = 0; topic < TOPICS; topic++)
            topics.add(MetadataRequest.MetadataRequestTopic.builder()
                    .name("topic-" + topic)
                    .build());
        return MetadataRequest.builder().topics(topics).build();
    }

    private static MetadataResponse described() {
        List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
        for (int topic = 0; topic < TOPICS; topic++) {
            List<MetadataResponse.MetadataResponsePartition> partitions = new ArrayList<>();
            for (int partition = 0; partition < PARTITIONS; partition++)
                partitions.add(MetadataResponse.MetadataResponsePartition.builder()
                        .partitionIndex(partition)
                        .leaderId(1)
                        .replicaNodes(List.of(1))
                        .isrNodes(List.of(1))
                        .build());
            topics.add(MetadataResponse.MetadataResponseTopic.builder()
                    .name("topic-" + topic)
                    .topicId(TOPIC_ID)
                    .partitions(partitions)
                    .build());
        }
        return MetadataResponse.builder()
                .brokers(List.of(MetadataResponse.MetadataResponseBroker.builder()
                        .nodeId(1)
                        .host("localhost")
                        .port(9092)
                        .build()))
                .clusterId("cluster")
                .controllerId(1)
                .topics(topics)
                .build();
    }
}
