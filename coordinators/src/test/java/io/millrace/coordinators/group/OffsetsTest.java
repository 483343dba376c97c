package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.millrace.protocol.CoordinatorRecordFrame;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitValue;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.records.BatchBuilder;
import io.millrace.records.ControlRecord;
import io.millrace.records.ControlRecords;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Committed offsets: who may commit, what is fetched, and when they go. */
class OffsetsTest {
    private static final long DAY_MS = 86_400_000L;

    private final GroupBench bench = new GroupBench();

    private OffsetCommitRequest byMember(String memberId, int generation) {
        return bench.commitRequest("t", 0, 7)
                .memberId(memberId)
                .generationIdOrMemberEpoch(generation)
                .build();
    }

    @Test
    void aCommitIsWhatIsFetchedAlsoAfterTheCoordinatorHasMoved() {
        assertEquals(ErrorCode.NONE, bench.commit("t", 0, 42));
        assertEquals(42, bench.fetch("t", 0));
        bench.failOver();
        assertEquals(42, bench.fetch("t", 0));
        assertEquals(-1, bench.fetch("t", 1));
        assertEquals(-1, bench.fetch("other", 0));
        assertEquals("Empty", bench.state());
        assertEquals("", bench.describe(GroupBench.GROUP).protocolType());
        assertEquals(1, bench.fetchAll(GroupBench.GROUP).response().topics().size());
        assertEquals(0, bench.fetchAll("nobody").response().topics().size());
    }

    @Test
    void membersCommitInTheirGenerationOnly() {
        var member = bench.stableGroup(1).getFirst();
        assertEquals(ErrorCode.NONE, GroupBench.error(bench.commit(9, byMember(member.memberId(), 1))));
        assertEquals(ErrorCode.ILLEGAL_GENERATION, GroupBench.error(bench.commit(9, byMember(member.memberId(), 0))));
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, GroupBench.error(bench.commit(9, byMember("who", 1))));
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.commit("t", 0, 9), "a consumer without group beside one");
        bench.newMember("range");
        assertEquals(
                ErrorCode.NONE,
                GroupBench.error(bench.commit(9, byMember(member.memberId(), 1))),
                "while others are waited for, what was consumed can be committed");
        bench.join(member.memberId(), "range");
        assertEquals("CompletingRebalance", bench.state());
        assertEquals(
                ErrorCode.REBALANCE_IN_PROGRESS, GroupBench.error(bench.commit(9, byMember(member.memberId(), 2))));
    }

    @Test
    void aGenerationOfNoGroupIsRefusedInTheWordsOfTheVersion() {
        assertEquals(ErrorCode.ILLEGAL_GENERATION, GroupBench.error(bench.commit(8, byMember("m", 3))));
        assertEquals(ErrorCode.GROUP_ID_NOT_FOUND, GroupBench.error(bench.commit(9, byMember("m", 3))));
    }

    @Test
    void aCommitKeepsASessionAlive() {
        var member = bench.stableGroup(1).getFirst();
        for (int i = 0; i < 5; i++) {
            bench.lane.advance(6_000);
            assertEquals(ErrorCode.NONE, GroupBench.error(bench.commit(9, byMember(member.memberId(), 1))));
        }
    }

    @Test
    void tooMuchMetadataIsRefusedForItsPartitionOnly() {
        var request = OffsetCommitRequest.builder()
                .groupId(GroupBench.GROUP)
                .topics(List.of(OffsetCommitRequest.OffsetCommitRequestTopic.builder()
                        .name("t")
                        .partitions(List.of(partition(0, "x".repeat(4_097)), partition(1, "x".repeat(4_096))))
                        .build()))
                .build();
        var partitions = bench.commit(9, request).response().topics().getFirst().partitions();
        assertEquals(
                ErrorCode.OFFSET_METADATA_TOO_LARGE.code(),
                partitions.getFirst().errorCode());
        assertEquals(ErrorCode.NONE.code(), partitions.getLast().errorCode());
        assertEquals(-1, bench.fetch("t", 0));
        assertEquals(5, bench.fetch("t", 1));
    }

    private static OffsetCommitRequest.OffsetCommitRequestPartition partition(int index, String metadata) {
        return OffsetCommitRequest.OffsetCommitRequestPartition.builder()
                .partitionIndex(index)
                .committedOffset(5)
                .committedMetadata(metadata)
                .build();
    }

    @Test
    void anOffsetOfAnEarlierTopicOfThatNameIsNotTold() {
        Uuid first = new Uuid(1, 1);
        Uuid second = new Uuid(2, 2);
        OffsetCommitRequest plain = bench.commitRequest("t", 0, 7).build();
        var topic = plain.topics().getFirst().toBuilder().topicId(first).build();
        bench.commit(10, plain.toBuilder().topics(List.of(topic)).build());
        assertEquals(7, offset(bench.fetch("t", first, false, 0)));
        assertEquals(7, offset(bench.fetch("t", Uuid.ZERO, false, 0)));
        assertEquals(-1, offset(bench.fetch("t", second, false, 0)));
        bench.shard.topicsDeleted(List.of(new DeletedTopic("t", second)));
        bench.lane.run();
        assertEquals(7, bench.fetch("t", 0), "another topic of that name was deleted");
        bench.shard.topicsDeleted(List.of(new DeletedTopic("t", first)));
        bench.lane.run();
        assertEquals(-1, bench.fetch("t", 0));
    }

    private static long offset(Told<OffsetFetchResponse.OffsetFetchResponseGroup> told) {
        return told.response().topics().getFirst().partitions().getFirst().committedOffset();
    }

    @Test
    void anUncommittedCommitIsNotFetched() {
        bench.commit("t", 0, 1);
        bench.log.holdCommits();
        Told<?> second = bench.commit(9, bench.commitRequest("t", 0, 2).build());
        var fetch = bench.fetch("t", Uuid.ZERO, false, 0);
        assertFalse(second.isTold());
        assertFalse(fetch.isTold());
        bench.failOver();
        assertEquals(ErrorCode.NOT_COORDINATOR.code(), fetch.response().errorCode());
        assertEquals(1, bench.fetch("t", 0));
    }

    @Test
    void refusedCommitsChangeNothing() {
        bench.commit("t", 0, 1);
        bench.log.refuse(ErrorCode.MESSAGE_TOO_LARGE);
        assertEquals(ErrorCode.INVALID_COMMIT_OFFSET_SIZE, bench.commit("t", 0, 2));
        bench.log.refuse(ErrorCode.NOT_LEADER_OR_FOLLOWER);
        assertEquals(ErrorCode.NOT_COORDINATOR, bench.commit("t", 0, 2));
        assertEquals(1, bench.fetch("t", 0));
    }

    @Test
    void offsetsOfConsumedTopicsAreNotDeleted() {
        var member = bench.stableGroup(1).getFirst();
        bench.commit(9, byMember(member.memberId(), 1));
        bench.commit(
                9,
                bench.commitRequest("gone", 0, 3)
                        .memberId(member.memberId())
                        .generationIdOrMemberEpoch(1)
                        .build());
        var refused =
                bench.deleteOffset("t", 0).topics().getFirst().partitions().getFirst();
        assertEquals(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC.code(), refused.errorCode());
        var deleted =
                bench.deleteOffset("gone", 0).topics().getFirst().partitions().getFirst();
        assertEquals(ErrorCode.NONE.code(), deleted.errorCode());
        assertEquals(-1, bench.fetch("gone", 0));
        assertEquals(7, bench.fetch("t", 0));
    }

    @Test
    void offsetsOfNoGroupCannotBeDeleted() {
        assertEquals(
                ErrorCode.GROUP_ID_NOT_FOUND.code(), bench.deleteOffset("t", 0).errorCode());
    }

    @Test
    void offsetsOfTheGroupWithoutNameCannotBeDeletedThoughItMayHaveSome() {
        var commit = bench.commitRequest("t", 0, 7).groupId("").build();
        assertEquals(ErrorCode.NONE, GroupBench.error(bench.commit(8, commit)));
        var refused =
                bench.deleteOffsets(OffsetDeleteRequest.builder().groupId("").build());
        assertEquals(ErrorCode.INVALID_GROUP_ID.code(), refused.errorCode());
        assertEquals(1, bench.fetchAll("").response().topics().size());
    }

    @Test
    void anOffsetThatWasNeverCommittedIsDeletedWithoutError() {
        bench.commit("t", 0, 7);
        var deleted =
                bench.deleteOffset("t", 1).topics().getFirst().partitions().getFirst();
        assertEquals(ErrorCode.NONE.code(), deleted.errorCode());
        assertEquals(7, bench.fetch("t", 0));
    }

    @Test
    void aGroupGoesWithAllItsOffsets() {
        var member = bench.stableGroup(1).getFirst();
        bench.commit(9, byMember(member.memberId(), 1));
        assertEquals(ErrorCode.NON_EMPTY_GROUP, bench.deleteGroup());
        bench.leave(GroupBench.identity(member.memberId(), null));
        assertEquals(ErrorCode.NONE, bench.deleteGroup());
        assertEquals(ErrorCode.GROUP_ID_NOT_FOUND, bench.deleteGroup());
        assertEquals(-1, bench.fetch("t", 0));
        bench.failOver();
        assertEquals("Dead", bench.state());
        assertEquals(-1, bench.fetch("t", 0));
    }

    @Test
    void anEmptyGroupsOffsetsLiveForTheRetentionFromWhenItBecameEmpty() {
        var member = bench.stableGroup(1).getFirst();
        bench.commit(9, byMember(member.memberId(), 1));
        for (int beats = 0; beats < 8 * 24 * 360 / 30; beats++) {
            bench.lane.jumpWallClock(300_000 - 9_000);
            bench.lane.advance(9_000);
            assertEquals(ErrorCode.NONE, bench.heartbeat(member.memberId(), 1));
        }
        assertEquals(7, bench.fetch("t", 0), "the group lives");
        bench.leave(GroupBench.identity(member.memberId(), null));
        bench.failOver();
        bench.lane.jumpWallClock(7 * DAY_MS - 700_000);
        bench.lane.advance(650_000);
        assertEquals(7, bench.fetch("t", 0), "KAFKA-8069: not early, though the coordinator has moved");
        bench.lane.advance(700_000);
        assertEquals(-1, bench.fetch("t", 0));
        assertEquals("Dead", bench.state());
    }

    /** KAFKA-13636. */
    @Test
    void nothingExpiresDuringARebalance() {
        var request = GroupBench.joinRequest("", null, "range").toBuilder()
                .rebalanceTimeoutMs(3_600_000)
                .sessionTimeoutMs(1_800_000)
                .build();
        var first = bench.join(3, request);
        bench.lane.advance(3_000);
        String memberId = first.response().memberId();
        bench.sync(memberId, null, 1, Map.of());
        bench.commit(9, byMember(memberId, 1));
        bench.commit(
                9,
                bench.commitRequest("unsubscribed", 0, 3)
                        .memberId(memberId)
                        .generationIdOrMemberEpoch(1)
                        .build());
        bench.join(3, request);
        assertEquals("PreparingRebalance", bench.state());
        bench.lane.jumpWallClock(8 * DAY_MS);
        bench.lane.advance(1_300_000);
        assertEquals("PreparingRebalance", bench.state());
        assertEquals(3, bench.fetch("unsubscribed", 0));
        assertEquals(7, bench.fetch("t", 0));
    }

    @Test
    void aStableGroupLosesWhatItDoesNotConsume() {
        var request = GroupBench.joinRequest("", null, "range").toBuilder()
                .sessionTimeoutMs(1_800_000)
                .build();
        var told = bench.join(3, request);
        bench.lane.advance(3_000);
        String memberId = told.response().memberId();
        bench.sync(memberId, null, 1, Map.of());
        bench.commit(9, byMember(memberId, 1));
        bench.commit(
                9,
                bench.commitRequest("unsubscribed", 0, 3)
                        .memberId(memberId)
                        .generationIdOrMemberEpoch(1)
                        .build());
        bench.lane.jumpWallClock(8 * DAY_MS);
        bench.lane.advance(700_000);
        assertEquals(-1, bench.fetch("unsubscribed", 0));
        assertEquals(7, bench.fetch("t", 0));
    }

    @Test
    void aRetentionThatTheClientChoseCounts() {
        bench.commit(
                4, bench.commitRequest("t", 0, 7).retentionTimeMs(1_000_000).build());
        bench.failOver();
        bench.lane.advance(650_000);
        assertEquals(7, bench.fetch("t", 0));
        bench.lane.advance(650_000);
        assertEquals(-1, bench.fetch("t", 0));
    }

    @Test
    void offsetsOfATransactionCountOnceItCommits() {
        bench.commit("t", 0, 1);
        append(inTransaction(77, 0, 10));
        append(inTransaction(77, 1, 11));
        append(inTransaction(78, 2, 12));
        bench.failOver();
        assertEquals(1, bench.fetch("t", 0));
        var unstable = bench.fetch("t", Uuid.ZERO, true, 0)
                .response()
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
        assertEquals(ErrorCode.UNSTABLE_OFFSET_COMMIT.code(), unstable.errorCode());
        append(end(77, true));
        append(end(78, false));
        bench.failOver();
        assertEquals(10, bench.fetch("t", 0));
        assertEquals(11, bench.fetch("t", 1));
        assertEquals(-1, bench.fetch("t", 2));
        assertEquals(10, offset(bench.fetch("t", Uuid.ZERO, true, 0)));
        assertNotEquals("Dead", bench.state());
    }

    private void append(ByteBuffer batch) {
        bench.log.append(batch);
    }

    private static ByteBuffer end(long producerId, boolean isCommit) {
        return ControlRecords.endTransactionBatch(
                0, 0, 0, producerId, (short) 0, new ControlRecord.EndTransaction(isCommit, 0));
    }

    private static ByteBuffer inTransaction(long producerId, int partition, long offset) {
        BatchBuilder batch = BatchBuilder.plain(0, 0).producer(producerId, (short) 0, 0, true);
        batch.append(
                0,
                CoordinatorRecordFrame.writeKey(OffsetCommitKey.builder()
                        .group(GroupBench.GROUP)
                        .topic("t")
                        .partition(partition)
                        .build()),
                CoordinatorRecordFrame.writeValue(
                        OffsetCommitValue.builder()
                                .offset(offset)
                                .metadata("")
                                .commitTimestamp(0)
                                .build(),
                        4),
                List.of());
        return batch.build();
    }
}
