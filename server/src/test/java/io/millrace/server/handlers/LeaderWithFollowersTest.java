package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.replication.IsrProposal;
import io.millrace.replication.ProposalAnswer;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A leader whose followers are the test, by real requests. Broker 1 leads in leader epoch 4; brokers 2 and 3 are registered with epochs 20 and 30. */
class LeaderWithFollowersTest {
    private static final int V = 18;
    private static final long LAG_MS = 10_000;

    private TestBroker broker = newBroker(new io.millrace.server.fixture.MemoryDisk());
    private int nextId = 500;
    private FetchHandler fetch =
            new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> nextId++), 1 << 20);
    private ProduceHandler produce = new ProduceHandler(broker.home(), broker.view, broker.failures::add);

    private static TestBroker newBroker(io.millrace.server.fixture.MemoryDisk disk) {
        TestBroker made = new TestBroker(1, disk, Map.of("replica.lag.time.max.ms", String.valueOf(LAG_MS)));
        made.register(1, 10, "a");
        made.register(2, 20, "b");
        made.register(3, 30, "c");
        return made;
    }

    /** Where a follower is. */
    private record Follower(int id, long epoch, int leaderEpoch) {
        Follower inLife(long newEpoch) {
            return new Follower(id, newEpoch, leaderEpoch);
        }

        Follower inEpoch(int newLeaderEpoch) {
            return new Follower(id, epoch, newLeaderEpoch);
        }
    }

    private static final Follower TWO = new Follower(2, 20, 4);
    private static final Follower THREE = new Follower(3, 30, 4);

    private RecordedExchange<FetchResponse> ask(Follower who, long offset, int lastEpoch, int maxWaitMs) {
        RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, V);
        FetchRequest request = FetchRequest.builder()
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(who.id())
                        .replicaEpoch(who.epoch())
                        .build())
                .sessionEpoch(-1)
                .minBytes(1)
                .maxWaitMs(maxWaitMs)
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topicId(TestBroker.idOf("t"))
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(0)
                                .currentLeaderEpoch(who.leaderEpoch())
                                .fetchOffset(offset)
                                .lastFetchedEpoch(lastEpoch)
                                .logStartOffset(0)
                                .partitionMaxBytes(1 << 20)
                                .build()))
                        .build()))
                .build();
        broker.onHome(() -> fetch.handle(request, exchange));
        return exchange;
    }

    private static FetchResponse.PartitionData only(RecordedExchange<FetchResponse> exchange) {
        return exchange.reply().responses().get(0).partitions().get(0);
    }

    /** Fetches without waiting. */
    private FetchResponse.PartitionData fetch(Follower who, long offset, int lastEpoch) {
        RecordedExchange<FetchResponse> exchange = ask(who, offset, lastEpoch, 0);
        FetchResponse.PartitionData data = only(exchange);
        exchange.sent();
        return data;
    }

    private ErrorCode fetchError(Follower who, long offset, int lastEpoch) {
        return ErrorCode.forCode(fetch(who, offset, lastEpoch).errorCode());
    }

    private static int bytes(FetchResponse.PartitionData data) {
        RecordsPayload records = data.records();
        return records == null ? 0 : records.sizeBytes();
    }

    private RecordedExchange<ProduceResponse> produce(int acks, String value) {
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, 13);
        ProduceRequest request = ProduceRequest.builder()
                .acks((short) acks)
                .timeoutMs(1_000_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name("t")
                        .topicId(TestBroker.idOf("t"))
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(0)
                                .records(new RecordsPayload.Buffer(Batches.of(value)))
                                .build()))
                        .build()))
                .build();
        broker.onHome(() -> produce.handle(request, exchange));
        return exchange;
    }

    private static ErrorCode error(RecordedExchange<ProduceResponse> exchange) {
        return ErrorCode.forCode(
                exchange.reply().responses().get(0).partitionResponses().get(0).errorCode());
    }

    private LeaderPartition partition() {
        return broker.partition("t", 0);
    }

    private TestBroker.Proposed onlyProposal() {
        assertEquals(1, broker.proposals.size(), broker.proposals::toString);
        return broker.proposals.removeFirst();
    }

    private static List<Integer> named(TestBroker.Proposed proposed) {
        return proposed.proposal().isr().stream()
                .map(IsrProposal.Member::brokerId)
                .toList();
    }

    private void commit(TestBroker.Proposed proposed) {
        broker.onHome(proposed::commit);
    }

    @Test
    void anAcknowledgementOfAllWaitsUntilEverybodyInSyncHasFetchedPastTheRecord() {
        broker.createReplicated("t", List.of(1, 2, 3), List.of(1, 2, 3));
        var all = produce(-1, "a");
        assertEquals(ErrorCode.NONE, error(produce(1, "b")));
        assertFalse(all.isAnswered());
        assertTrue(bytes(fetch(TWO, 0, -1)) > 0);
        fetch(THREE, 0, -1);
        assertFalse(all.isAnswered());
        fetch(TWO, 2, 4);
        assertEquals(0, partition().highWatermark());
        assertEquals(1, fetch(THREE, 1, 4).highWatermark());
        assertEquals(ErrorCode.NONE, error(all));
        assertEquals(2, fetch(THREE, 2, 4).highWatermark());
    }

    @Test
    void aFollowerThatWaitsIsWokenByTheLogsEndAndAConsumerOnlyByTheHighWatermark() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        var follower = ask(TWO, 0, -1, 500);
        var consumer = ask(new Follower(-1, -1, 4), 0, -1, 500);
        assertFalse(follower.isAnswered());
        produce(1, "a");
        assertTrue(bytes(only(follower)) > 0);
        assertFalse(consumer.isAnswered());
        follower.sent();
        fetch(TWO, 1, 4);
        assertTrue(bytes(only(consumer)) > 0);
        consumer.sent();
        assertEquals(0, broker.disk.openFiles() - openByTheLog());
    }

    private int openByTheLog() {
        return partition().log().openFileCount();
    }

    @Test
    void aFetchThatHasWaitedCountsOnce() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        produce(1, "a");
        fetch(TWO, 0, -1);
        var waits = ask(TWO, 1, 4, 9_000);
        broker.time.advance(8_000);
        produce(1, "b");
        assertTrue(waits.isAnswered());
        waits.sent();
        // It was caught up when it asked, eight seconds ago, not when it was answered.
        broker.time.advance(LAG_MS - 8_000);
        assertTrue(broker.proposals.isEmpty());
        broker.time.advance(LAG_MS / 2 + 1_000);
        assertEquals(List.of(1), named(onlyProposal()));
    }

    @Test
    void whoFallsBehindIsProposedToLeaveAndHoldsTheHighWatermarkUntilThatIsCommitted() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        var all = produce(-1, "a");
        broker.time.advance(2 * LAG_MS);
        TestBroker.Proposed proposed = onlyProposal();
        assertEquals(List.of(new IsrProposal.Member(1, 10)), proposed.proposal().isr());
        assertEquals(4, proposed.proposal().leaderEpoch());
        assertEquals(4, proposed.proposal().partitionEpoch());
        assertFalse(all.isAnswered());
        commit(proposed);
        assertEquals(ErrorCode.NONE, error(all));
        assertEquals(5, partition().partitionEpoch());
        assertEquals(1, broker.home().applier().inSync().shrinkings());
    }

    @Test
    void whoHasCaughtUpIsProposedAndCountsFromThenOn() {
        broker.createReplicated("t", List.of(1, 2), List.of(1));
        produce(-1, "a");
        assertEquals(1, partition().highWatermark());
        fetch(TWO, 0, -1);
        assertTrue(broker.proposals.isEmpty());
        fetch(TWO, 1, 4);
        TestBroker.Proposed proposed = onlyProposal();
        assertEquals(
                List.of(new IsrProposal.Member(1, 10), new IsrProposal.Member(2, 20)),
                proposed.proposal().isr());
        var all = produce(-1, "b");
        assertFalse(all.isAnswered());
        commit(proposed);
        assertFalse(all.isAnswered());
        assertEquals(List.of(1, 2), partition().isr());
        fetch(TWO, 2, 4);
        assertEquals(ErrorCode.NONE, error(all));
        assertEquals(1, broker.home().applier().inSync().expansions());
    }

    @Test
    void aProposalThatIsRefusedForGoodFreesTheHighWatermark() {
        broker.createReplicated("t", List.of(1, 2), List.of(1));
        fetch(TWO, 0, -1);
        TestBroker.Proposed proposed = onlyProposal();
        var all = produce(-1, "a");
        assertFalse(all.isAnswered());
        broker.onHome(() -> assertEquals(
                ProposalAnswer.Consequence.GIVEN_UP,
                proposed.answer(new ProposalAnswer.Refused(ErrorCode.INELIGIBLE_REPLICA))));
        // It is still about to join by what the leader knows, until it has not fetched for too long.
        broker.time.advance(2 * LAG_MS);
        assertEquals(ErrorCode.NONE, error(all));
        assertEquals(1, broker.home().applier().inSync().refusals());
    }

    @Test
    void withTooFewInSyncAcknowledgementsOfAllAreRefusedBeforeAnythingIsAppended() {
        broker.createReplicated("t", List.of(1, 2, 3), List.of(1), "min.insync.replicas", "2");
        assertEquals(ErrorCode.NOT_ENOUGH_REPLICAS, error(produce(-1, "a")));
        assertEquals(0, partition().log().logEndOffset());
        assertEquals(ErrorCode.NONE, error(produce(1, "b")));
        assertEquals(0, partition().highWatermark());
    }

    @Test
    void whoseRecordIsCommittedWithTooFewInSyncIsTold() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2), "min.insync.replicas", "2");
        var all = produce(-1, "a");
        broker.time.advance(2 * LAG_MS);
        commit(onlyProposal());
        // As long as too few are in sync nothing is committed: who left has all that is.
        assertFalse(all.isAnswered());
        broker.publish(io.millrace.protocol.messages.ConfigRecord.builder()
                .resourceType((byte) 2)
                .resourceName("t")
                .name("min.insync.replicas")
                .value("1")
                .build());
        assertEquals(ErrorCode.NONE, error(all));
    }

    private void theControllerIsSilent(long sessionMs) {
        broker.onHome(() -> broker.home().applier().inSync().controllerIsSilent(sessionMs));
    }

    @Test
    void whereTheControllerAndAReplicaInSyncAreSilentProducersAreSentAwayAndWhoWaitsIsToldThatNothingIsCommitted() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        var all = produce(-1, "a");
        broker.time.advance(2_000);
        theControllerIsSilent(3_000);
        assertFalse(all.isAnswered(), "the replica has not been silent for as long");
        broker.time.advance(1_001);
        theControllerIsSilent(3_000);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, error(all));
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, error(produce(-1, "a")));
        assertEquals(1, partition().log().logEndOffset(), "sent again, it is not written again");
        assertEquals(0, partition().highWatermark());
        assertEquals(ErrorCode.NONE, error(produce(1, "b")), "whoever waits for no replica is served");

        broker.onHome(() -> broker.home().applier().inSync().controllerIsHeard());
        var later = produce(-1, "c");
        assertFalse(later.isAnswered());
        fetch(TWO, 3, 4);
        assertEquals(ErrorCode.NONE, error(later));
    }

    @Test
    void withoutAControllerAcknowledgementsGoOnAsLongAsAllInSyncFetch() {
        broker.createReplicated("t", List.of(1, 2, 3), List.of(1, 2));
        for (int record = 0; record < 3; record++) {
            var all = produce(-1, "a");
            broker.time.advance(2_000);
            theControllerIsSilent(3_000);
            assertFalse(all.isAnswered());
            fetch(TWO, record + 1, 4);
            assertEquals(ErrorCode.NONE, error(all), "replica 3 is not in sync, and nobody waits for it");
        }
    }

    @Test
    void aReplicaThatComesBackMakesThePartitionServeAgainWithoutAController() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        broker.time.advance(3_001);
        theControllerIsSilent(3_000);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, error(produce(-1, "a")));
        fetch(TWO, 0, -1);
        theControllerIsSilent(3_000);
        var all = produce(-1, "a");
        assertFalse(all.isAnswered());
        fetch(TWO, 1, 4);
        assertEquals(ErrorCode.NONE, error(all));
    }

    @Test
    void logsThatPartAreToldWhere() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        produce(1, "a");
        broker.publish(TestBroker.partition("t", List.of(1, 2), List.of(1, 2), 6, 6));
        produce(1, "b");
        var diverged = fetch(TWO.inEpoch(6), 3, 5);
        assertEquals(ErrorCode.NONE.code(), diverged.errorCode());
        assertEquals(0, bytes(diverged));
        assertEquals(4, diverged.divergingEpoch().epoch());
        assertEquals(1, diverged.divergingEpoch().endOffset());
        assertEquals(0, partition().highWatermark());
        assertTrue(bytes(fetch(TWO.inEpoch(6), 1, 4)) > 0);
    }

    @Test
    void onlyFetchesForThisLeadershipCount() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        produce(1, "a");
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH, fetchError(TWO.inEpoch(3), 1, 4));
        assertEquals(ErrorCode.UNKNOWN_LEADER_EPOCH, fetchError(TWO.inEpoch(5), 1, 4));
        assertEquals(ErrorCode.UNKNOWN_LEADER_EPOCH, fetchError(THREE, 1, 4));
        assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE, fetchError(TWO, 2, -1));
        assertEquals(0, partition().highWatermark());
        var waits = ask(TWO, 1, 4, 500);
        broker.publish(TestBroker.partition("t", List.of(1, 2), List.of(1, 2), 5, 5));
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH.code(), only(waits).errorCode());
        var lost = ask(TWO.inEpoch(5), 1, 4, 500);
        broker.publish(PartitionChangeRecord.builder()
                .topicId(TestBroker.idOf("t"))
                .partitionId(0)
                .leader(2)
                .build());
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), only(lost).errorCode());
    }

    @Test
    void anEarlierLifeOfAFollowerIsTurnedAwayAndALaterOneHasToCatchUpAnew() {
        broker.createReplicated("t", List.of(1, 2), List.of(1));
        produce(-1, "a");
        broker.register(2, 25, "b");
        fetch(TWO, 1, 4);
        // Its log was seen in a life that the metadata says is over.
        assertTrue(broker.proposals.isEmpty());
        fetch(TWO.inLife(25), 0, -1);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, fetchError(TWO, 1, 4));
        assertTrue(broker.proposals.isEmpty());
        fetch(TWO.inLife(25), 1, 4);
        assertEquals(
                List.of(new IsrProposal.Member(1, 10), new IsrProposal.Member(2, 25)),
                onlyProposal().proposal().isr());
    }

    @Test
    void aNewLeaderDoesNotSayWhereTheLogEndsBeforeItKnowsWhatIsCommitted() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        produce(1, "a");
        broker.publish(TestBroker.partition("t", List.of(1, 2), List.of(1, 2), 5, 5));
        assertEquals(ErrorCode.OFFSET_NOT_AVAILABLE.code(), latest(-1, 11).errorCode());
        assertEquals(ErrorCode.LEADER_NOT_AVAILABLE.code(), latest(-1, 4).errorCode());
        assertEquals(1, latest(2, 11).offset());
        fetch(TWO.inEpoch(5), 1, 4);
        assertEquals(1, latest(-1, 11).offset());
    }

    private ListOffsetsResponse.ListOffsetsPartitionResponse latest(int replicaId, int version) {
        RecordedExchange<ListOffsetsResponse> exchange = new RecordedExchange<>(ApiKey.LIST_OFFSETS, version);
        ListOffsetsRequest request = ListOffsetsRequest.builder()
                .replicaId(replicaId)
                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                        .name("t")
                        .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                .partitionIndex(0)
                                .currentLeaderEpoch(-1)
                                .timestamp(-1)
                                .build()))
                        .build()))
                .build();
        broker.onHome(() -> new ListOffsetsHandler(broker.home(), broker.failures::add).handle(request, exchange));
        return exchange.reply().topics().get(0).partitions().get(0);
    }

    @Test
    void aRestartedLeaderServesWhatWasKnownToBeCommittedAndNoMore() {
        broker.createReplicated("t", List.of(1, 2), List.of(1, 2));
        produce(1, "a");
        produce(1, "b");
        fetch(TWO, 1, 4);
        assertEquals(1, partition().highWatermark());
        broker.directories
                .inUse()
                .get(0)
                .directory()
                .highWatermarks()
                .write(Map.of(partition().name(), 1L));
        broker.close();
        TestBroker again = newBroker(broker.disk);
        again.createReplicated("t", List.of(1, 2), List.of(1, 2));
        assertEquals(2, again.partition("t", 0).log().logEndOffset());
        assertEquals(1, again.partition("t", 0).highWatermark());
    }

    @Test
    void aPartitionThatIsStillMarkedAsRecoveringIsToldToHaveRecovered() {
        List<io.millrace.protocol.MetadataRecord> records =
                new java.util.ArrayList<>(List.of(TestBroker.topicRecords("t", TestBroker.idOf("t"), 0)));
        records.add(TestBroker.partition("t", List.of(1), List.of(1), 4, 4).toBuilder()
                .leaderRecoveryState((byte) 1)
                .build());
        broker.publish(records.toArray(io.millrace.protocol.MetadataRecord[]::new));
        assertEquals(List.of(1), named(onlyProposal()));
    }
}
