package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.DeleteRecordsRequest;
import io.millrace.protocol.messages.DeleteRecordsResponse;
import io.millrace.protocol.messages.DeleteRecordsResponse.DeleteRecordsPartitionResult;
import io.millrace.protocol.messages.DeleteRecordsResponse.DeleteRecordsTopicResult;
import io.millrace.protocol.messages.DescribeProducersResponse;
import io.millrace.protocol.messages.MetadataResponse.MetadataResponsePartition;
import io.millrace.protocol.messages.MetadataResponse.MetadataResponseTopic;
import io.millrace.protocol.messages.OffsetForLeaderEpochRequest;
import io.millrace.protocol.messages.OffsetForLeaderEpochResponse;
import io.millrace.protocol.messages.WriteTxnMarkersRequest;
import io.millrace.protocol.messages.WriteTxnMarkersResponse;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is asked of partitions' leaders: records to delete, ends of epochs, producers. */
class PartitionLeadersTest {
    private static final TopicPartition FIRST = new TopicPartition("t", 0);
    private static final TopicPartition SECOND = new TopicPartition("t", 1);

    private static Admin admin(ScriptedNode node) {
        return Admin.of(List.of(node.address()), new AdminOptions("test", 20_000, 20_000));
    }

    private static Response led(ScriptedNode one, ScriptedNode other, int... leaders) {
        List<MetadataResponsePartition> partitions = new java.util.ArrayList<>();
        for (int leader : leaders)
            partitions.add(MetadataResponsePartition.builder()
                    .partitionIndex(partitions.size())
                    .leaderId(leader)
                    .build());
        return ScriptedNode.cluster(0, one, other)
                .topics(List.of(MetadataResponseTopic.builder()
                        .name("t")
                        .partitions(partitions)
                        .build()))
                .build();
    }

    private static Response deleted(DeleteRecordsRequest request, ErrorCode error) {
        return DeleteRecordsResponse.builder()
                .topics(request.topics().stream()
                        .map(topic -> new DeleteRecordsTopicResult(
                                topic.name(),
                                topic.partitions().stream()
                                        .map(it -> new DeleteRecordsPartitionResult(
                                                it.partitionIndex(), it.offset(), error.code()))
                                        .toList()))
                        .toList())
                .build();
    }

    @Test
    void whenLeadershipMovesTheNewLeaderIsAskedAndTheOthersAreNotAskedTwice() throws IOException {
        try (ScriptedNode old = new ScriptedNode();
                ScriptedNode fresh = new ScriptedNode()) {
            AtomicInteger leader = new AtomicInteger(0);
            old.answers(ApiKey.METADATA, request -> led(old, fresh, leader.get(), 1));
            old.answers(ApiKey.DELETE_RECORDS, request -> {
                leader.set(1);
                return deleted((DeleteRecordsRequest) request, ErrorCode.NOT_LEADER_OR_FOLLOWER);
            });
            fresh.answers(ApiKey.DELETE_RECORDS, request -> deleted((DeleteRecordsRequest) request, ErrorCode.NONE));
            try (Admin admin = admin(old)) {
                var outcomes = admin.offsets().deleteBefore(Map.of(FIRST, 5L, SECOND, 7L));
                assertEquals(Map.of(FIRST, new Answer.Granted<>(5L), SECOND, new Answer.Granted<>(7L)), outcomes);
            }
            assertEquals(1, old.received(ApiKey.DELETE_RECORDS).size());
            List<Integer> asked = fresh.received(ApiKey.DELETE_RECORDS).stream()
                    .map(it -> (DeleteRecordsRequest) it.request())
                    .map(it -> it.topics().getFirst().partitions().getFirst().partitionIndex())
                    .toList();
            assertEquals(List.of(1, 0), asked);
        }
    }

    @Test
    void anErrorOfOnePartitionIsItsOwnAndOneThatTheAnswerLeavesOutIsSaid() throws IOException {
        try (ScriptedNode node = new ScriptedNode()) {
            node.answers(ApiKey.METADATA, request -> led(node, node, 0, 0))
                    .answers(ApiKey.OFFSET_FOR_LEADER_EPOCH, request -> {
                        var asked = ((OffsetForLeaderEpochRequest) request)
                                .topics()
                                .getFirst()
                                .partitions();
                        assertEquals(3, asked.getFirst().leaderEpoch());
                        return OffsetForLeaderEpochResponse.builder()
                                .topics(List.of(new OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult(
                                        "t",
                                        List.of(new OffsetForLeaderEpochResponse.EpochEndOffset(
                                                ErrorCode.TOPIC_AUTHORIZATION_FAILED.code(), 1, -1, -1)))))
                                .build();
                    });
            try (Admin admin = admin(node)) {
                var outcomes = admin.offsets().endsOfEpochs(Map.of(FIRST, 3, SECOND, 4));
                assertEquals(TopicAdmin.unanswered(), outcomes.get(FIRST));
                assertEquals(Answer.refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED.code(), null), outcomes.get(SECOND));
            }
        }
    }

    @Test
    void aHangingTransactionIsSeenAndEndedWithAMarker() throws IOException {
        var state = new DescribeProducersResponse.ProducerState(77, 4, 9, 1_000, -1, 30);
        try (ScriptedNode node = new ScriptedNode()) {
            node.answers(ApiKey.METADATA, request -> led(node, node, 0))
                    .answers(
                            ApiKey.DESCRIBE_PRODUCERS,
                            request -> DescribeProducersResponse.builder()
                                    .topics(List.of(new DescribeProducersResponse.TopicResponse(
                                            "t",
                                            List.of(DescribeProducersResponse.PartitionResponse.builder()
                                                    .activeProducers(List.of(state))
                                                    .build()))))
                                    .build())
                    .answers(
                            ApiKey.WRITE_TXN_MARKERS,
                            request -> WriteTxnMarkersResponse.builder()
                                    .markers(List.of(new WriteTxnMarkersResponse.WritableTxnMarkerResult(
                                            77,
                                            List.of(new WriteTxnMarkersResponse.WritableTxnMarkerTopicResult(
                                                    "t",
                                                    List.of(
                                                            new WriteTxnMarkersResponse
                                                                    .WritableTxnMarkerPartitionResult(
                                                                    0, ErrorCode.NONE.code())))))))
                                    .build());
            try (Admin admin = admin(node)) {
                var described = admin.producers().describe(List.of(FIRST)).get(FIRST);
                var producer = new ActiveProducer(77, 4, 9, 1_000, -1, OptionalLong.of(30));
                assertEquals(new Answer.Granted<>(List.of(producer)), described);
                assertEquals(new Answer.Granted<>(77L), admin.producers().abort(FIRST, producer));
                assertInstanceOf(Answer.Refused.class, admin.producers().abort(new TopicPartition("t", 9), producer));
            }
            var marker = ((WriteTxnMarkersRequest)
                            node.received(ApiKey.WRITE_TXN_MARKERS).getFirst().request())
                    .markers()
                    .getFirst();
            assertEquals(77, marker.producerId());
            assertEquals(4, marker.producerEpoch());
            assertEquals(0, marker.coordinatorEpoch());
            assertTrue(!marker.transactionResult(), "it has to be an abort");
        }
    }
}
