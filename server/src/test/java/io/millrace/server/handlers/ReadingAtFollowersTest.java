package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MetadataRecord;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.PartitionRecord;
import io.millrace.records.BatchHeader;
import io.millrace.records.TopicPartition;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Broker 1 keeps a replica that broker 2 leads in epoch 4: three records, two of them known to be committed. */
class ReadingAtFollowersTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);
    private static final int V = 18;

    private final TestBroker broker = new TestBroker(1);
    private final FetchHandler fetch =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> 1), 1 << 20);

    ReadingAtFollowersTest() {
        broker.register(1, 10, "a");
        broker.register(2, 20, "b");
        List<MetadataRecord> records = new ArrayList<>(List.of(TestBroker.topicRecords("t", TestBroker.idOf("t"), 0)));
        records.add(partition(List.of(2, 1), 2, 4));
        broker.publish(records.toArray(MetadataRecord[]::new));
        leaderSends(0, "x", "y");
        leaderSends(2, "z");
    }

    private static PartitionRecord partition(List<Integer> replicas, int leader, int epoch) {
        return PartitionRecord.builder()
                .topicId(TestBroker.idOf("t"))
                .partitionId(0)
                .replicas(replicas)
                .isr(replicas)
                .leader(leader)
                .leaderEpoch(epoch)
                .partitionEpoch(epoch)
                .build();
    }

    private FollowerPartition follower() {
        FollowerPartition follower = broker.home().partitions().findFollowed(T0);
        if (follower == null) throw new AssertionError("t-0 is not followed");
        return follower;
    }

    /** A batch, or nothing, with how much is committed. */
    private void leaderSends(long highWatermark, String... values) {
        broker.onHome(() -> {
            var request = (FollowerRequest.Fetch) follower().next().orElseThrow();
            ByteBuffer batch = values.length == 0 ? ByteBuffer.allocate(0) : Batches.of(values);
            if (values.length > 0) {
                BatchHeader.setBaseOffset(batch, 0, request.fetchOffset());
                BatchHeader.setPartitionLeaderEpoch(batch, 0, 4);
            }
            follower().fetched(request, highWatermark, 0, batch);
        });
    }

    private RecordedExchange<FetchResponse> ask(long offset, int believedEpoch, int version, int maxWaitMs) {
        return ask(-1, offset, believedEpoch, version, maxWaitMs);
    }

    private RecordedExchange<FetchResponse> ask(
            int replicaId, long offset, int believedEpoch, int version, int maxWaitMs) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, version);
        var partition = FetchRequest.FetchPartition.builder()
                .partition(0)
                .currentLeaderEpoch(believedEpoch)
                .fetchOffset(offset)
                .partitionMaxBytes(1 << 20);
        var request = FetchRequest.builder()
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(replicaId)
                        .replicaEpoch(replicaId)
                        .build())
                .sessionEpoch(-1)
                .minBytes(1)
                .maxWaitMs(maxWaitMs)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topic("t")
                        .topicId(TestBroker.idOf("t"))
                        .partitions(List.of(partition.build()))
                        .build()));
        broker.onHome(() -> fetch.handle(request.build(), exchange));
        return exchange;
    }

    private static FetchResponse.PartitionData only(RecordedExchange<FetchResponse> exchange) {
        FetchResponse.PartitionData data =
                exchange.reply().responses().getFirst().partitions().getFirst();
        exchange.sent();
        return data;
    }

    private static ErrorCode error(RecordedExchange<FetchResponse> exchange) {
        return ErrorCode.forCode(only(exchange).errorCode());
    }

    private static int bytes(FetchResponse.PartitionData data) {
        RecordsPayload records = data.records();
        return records == null ? 0 : records.sizeBytes();
    }

    @Test
    void aConsumerReadsWhatTheFollowerKnowsToBeCommitted() {
        FetchResponse.PartitionData all = only(ask(0, 4, V, 0));
        assertEquals(ErrorCode.NONE.code(), all.errorCode());
        assertEquals(2, all.highWatermark());
        assertEquals(-1, all.preferredReadReplica());
        assertEquals(Batches.of("x", "y").remaining(), bytes(all));
        // Neither what is not committed as far as it knows, nor what it does not have: for that KIP-392 has a word, and
        // Kafka's says OFFSET_OUT_OF_RANGE.
        assertEquals(0, bytes(only(ask(2, 4, V, 0))));
        assertEquals(ErrorCode.NONE, error(ask(3, 4, V, 0)));
        assertEquals(ErrorCode.OFFSET_NOT_AVAILABLE, error(ask(4, 4, V, 0)));
    }

    @Test
    void aConsumerThatWaitsIsWokenWhenTheFollowerHearsOfMoreThatIsCommitted() {
        RecordedExchange<FetchResponse> waiting = ask(2, 4, V, 10_000);
        leaderSends(2, "later");
        assertFalse(waiting.isAnswered());
        leaderSends(3);
        FetchResponse.PartitionData data = only(waiting);
        assertEquals(3, data.highWatermark());
        assertTrue(bytes(data) > 0);
    }

    @Test
    void aConsumerThatBelievesInAnotherLeadershipIsToldSo() {
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH, error(ask(0, 3, V, 0)));
        assertEquals(ErrorCode.UNKNOWN_LEADER_EPOCH, error(ask(0, 5, V, 0)));
        assertEquals(ErrorCode.NONE, error(ask(0, -1, V, 0)));
    }

    @Test
    void oldConsumersAndOtherReplicasAreSentToTheLeader() {
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, error(ask(0, 4, 10, 0)));
        assertEquals(ErrorCode.NONE, error(ask(0, 4, 11, 0)));
        RecordedExchange<FetchResponse> replica = ask(3, 0, 4, V, 0);
        FetchResponse.PartitionData told = only(replica);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), told.errorCode());
        assertEquals(new FetchResponse.LeaderIdAndEpoch(2, 4), told.currentLeader());
    }

    @Test
    void whoWaitsAtAReplicaThatIsTakenAwayIsToldAtOnce() {
        RecordedExchange<FetchResponse> waiting = ask(2, 4, V, 10_000);
        broker.publish(partition(List.of(2), 2, 4));
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, error(waiting));
    }

    @Test
    void whoWaitsAtAFollowerThatComesToLeadIsToldOfTheLeadership() {
        RecordedExchange<FetchResponse> waiting = ask(2, 4, V, 10_000);
        broker.publish(partition(List.of(2, 1), 1, 5));
        FetchResponse.PartitionData told = only(waiting);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), told.errorCode());
        assertEquals(new FetchResponse.LeaderIdAndEpoch(1, 5), told.currentLeader());
    }

    @Test
    void whoReadsAtAFollowerLeavesNoFileOpen() {
        for (int i = 0; i < 3; i++) only(ask(0, 4, V, 0));
        RecordedExchange<FetchResponse> gone = ask(2, 4, V, 10_000);
        gone.abandon();
        leaderSends(3);
        assertFalse(gone.isAnswered());
        assertEquals(follower().log().openFileCount(), broker.disk.openFiles());
    }
}
