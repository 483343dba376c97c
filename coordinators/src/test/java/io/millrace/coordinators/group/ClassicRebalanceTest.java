package io.millrace.coordinators.group;

import static io.millrace.coordinators.group.GroupBench.assignment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.coordinators.shard.Moment;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How classic groups get their generations. */
class ClassicRebalanceTest {
    private final GroupBench bench = new GroupBench();

    @Test
    void aNewMemberIsGivenAnIdToComeBackWith() {
        var told = bench.join("", "range").response();
        assertEquals(ErrorCode.MEMBER_ID_REQUIRED.code(), told.errorCode());
        assertTrue(told.memberId().matches("client-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), told.memberId());
        assertEquals("Empty", bench.state());
    }

    @Test
    void aRefusedJoinNamesNoProtocolInTheWordsOfItsVersion() {
        for (int version = 0; version <= 9; version++) {
            String wanted = version < 7 ? "" : null;
            var stranger = bench.join(version, GroupBench.joinRequest("stranger", null, "range"))
                    .response();
            assertEquals(ErrorCode.UNKNOWN_MEMBER_ID.code(), stranger.errorCode());
            assertEquals(wanted, stranger.protocolName(), "by the group, version " + version);
            bench.shard.resign();
            var lost = bench.join(version, GroupBench.joinRequest("stranger", null, "range"))
                    .response();
            assertEquals(ErrorCode.NOT_COORDINATOR.code(), lost.errorCode());
            assertEquals(wanted, lost.protocolName(), "by the shard, version " + version);
            bench.failOver();
        }
    }

    /** A version 6 join that waits is sent away by a version 9 one: each is told in its own words. */
    @Test
    void aDisplacedJoinIsAnsweredInTheWordsOfItsOwnVersion() {
        var members = bench.stableGroup(2);
        var again = GroupBench.joinRequest(members.getFirst().memberId(), null, "range");
        var first = bench.join(6, again);
        assertFalse(first.isTold());
        var second = bench.join(9, again);
        assertEquals(ErrorCode.REBALANCE_IN_PROGRESS.code(), first.response().errorCode());
        assertEquals("", first.response().protocolName());
        assertFalse(second.isTold());
    }

    @Test
    void aGroupIsThereThoughItsFirstMemberWasRefusedForItsProtocols() {
        var none = GroupBench.joinRequest("", null);
        assertEquals(
                ErrorCode.UNKNOWN_MEMBER_ID.code(),
                bench.join("stranger").response().errorCode(),
                "who claims to be a member is asked who it is first");
        assertEquals(
                ErrorCode.GROUP_ID_NOT_FOUND.code(),
                bench.describe(GroupBench.GROUP).errorCode());
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code(),
                bench.join(9, none).response().errorCode());
        var untyped = GroupBench.joinRequest("", null, "range").toBuilder()
                .protocolType("")
                .build();
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code(),
                bench.join(9, untyped).response().errorCode());
        var group = bench.describe(GroupBench.GROUP);
        assertEquals(ErrorCode.NONE.code(), group.errorCode());
        assertEquals("Empty", group.groupState());
        assertEquals("", group.protocolType());
        bench.failOver();
        assertEquals("Empty", bench.state());
        assertEquals(1, bench.stableGroup(1).getFirst().generation(), "it is as good as new");
    }

    @Test
    void fromVersion5ASyncSaysItsProtocolBeforeAnythingElseCounts() {
        var member = bench.stableGroup(1).getFirst();
        var complete = SyncGroupRequest.builder()
                .groupId(GroupBench.GROUP)
                .memberId(member.memberId())
                .generationId(1)
                .protocolType("consumer")
                .protocolName("range")
                .build();
        assertEquals(ErrorCode.NONE, error(bench.sync(5, complete)));
        for (var incomplete : List.of(
                complete.toBuilder().protocolType(null).build(),
                complete.toBuilder().protocolName(null).build(),
                complete.toBuilder().protocolName(null).groupId("nobody").build(),
                complete.toBuilder().protocolName(null).groupId("").build())) {
            assertEquals(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, error(bench.sync(5, incomplete)));
        }
        var older = complete.toBuilder().protocolType(null).protocolName(null);
        assertEquals(ErrorCode.NONE, error(bench.sync(4, older.build())));
        assertEquals(
                ErrorCode.UNKNOWN_MEMBER_ID,
                error(bench.sync(4, older.groupId("nobody").build())));
        assertEquals(
                ErrorCode.INVALID_GROUP_ID,
                error(bench.sync(5, complete.toBuilder().groupId("").build())));
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
                error(bench.sync(5, complete.toBuilder().protocolName("sticky").build())));
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
                error(bench.sync(5, complete.toBuilder().protocolType("connect").build())));
    }

    private static ErrorCode error(Told<SyncGroupResponse> told) {
        return ErrorCode.forCode(told.response().errorCode());
    }

    @Test
    void anOldClientJoinsWithoutComingTwice() {
        var told = bench.join(3, GroupBench.joinRequest("", null, "range"));
        bench.lane.advance(3_000);
        assertEquals(ErrorCode.NONE.code(), told.response().errorCode());
        assertEquals(1, told.response().generationId());
    }

    @Test
    void theFirstGenerationWaitsLongerWhileMembersKeepComing() {
        var first = bench.newMember("range");
        bench.lane.advance(2_900);
        var second = bench.newMember("range");
        bench.lane.advance(2_900);
        var third = bench.newMember("range");
        bench.lane.advance(199);
        assertFalse(first.told().isTold());
        bench.lane.advance(3_001);
        assertEquals(3, first.told().response().members().size());
        assertEquals(0, second.told().response().members().size());
        assertEquals(first.memberId(), third.told().response().leader());
    }

    @Test
    void theFirstGenerationDoesNotWaitBeyondTheRebalanceTimeout() {
        var first = bench.newMember("range");
        for (int i = 0; i < 40 && !first.told().isTold(); i++) {
            bench.newMember("range");
            bench.lane.advance(2_000);
        }
        assertEquals(1, first.generation());
        assertEquals(31, first.told().response().members().size());
    }

    @Test
    void theLeadersAssignmentReachesEveryMember() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        var early = bench.sync(follower.memberId(), null, 1, Map.of());
        assertFalse(early.isTold());
        var own = bench.sync(leader.memberId(), null, 1, Map.of(leader.memberId(), "a", follower.memberId(), "b"));
        assertEquals("a", assignment(own));
        assertEquals("b", assignment(early));
        assertEquals("Stable", bench.state());
        assertEquals("b", assignment(bench.sync(follower.memberId(), null, 1, Map.of())));
    }

    @Test
    void theProtocolWithMostVotesAmongThoseAllCanIsTaken() {
        var one = bench.newMember("sticky", "range", "roundrobin");
        bench.newMember("roundrobin", "range");
        bench.newMember("range", "roundrobin");
        bench.lane.advance(6_000);
        assertEquals("range", one.told().response().protocolName());
    }

    @Test
    void aMemberThatSharesNoProtocolIsRefused() {
        bench.stableGroup(1);
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code(),
                bench.join("", "roundrobin").response().errorCode());
        JoinGroupRequest otherType = GroupBench.joinRequest("", null, "range").toBuilder()
                .protocolType("connect")
                .build();
        assertEquals(
                ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code(),
                bench.join(9, otherType).response().errorCode());
    }

    @Test
    void sessionTimeoutsOutOfBoundsAreRefused() {
        for (int timeoutMs : List.of(5_999, 1_800_001)) {
            JoinGroupRequest request = GroupBench.joinRequest("", null, "range").toBuilder()
                    .sessionTimeoutMs(timeoutMs)
                    .build();
            assertEquals(
                    ErrorCode.INVALID_SESSION_TIMEOUT.code(),
                    bench.join(9, request).response().errorCode());
        }
    }

    @Test
    void aJoiningMemberMakesTheOthersRejoin() {
        var old = bench.stableGroup(2);
        var third = bench.newMember("range");
        assertEquals("PreparingRebalance", bench.state());
        for (var member : old) assertEquals(ErrorCode.REBALANCE_IN_PROGRESS, bench.heartbeat(member.memberId(), 1));
        assertEquals(
                ErrorCode.REBALANCE_IN_PROGRESS.code(),
                bench.sync(old.getFirst().memberId(), null, 1, Map.of())
                        .response()
                        .errorCode());
        var again = bench.join(old.getFirst().memberId(), "range");
        assertFalse(again.isTold());
        bench.join(old.getLast().memberId(), "range");
        assertEquals(2, again.response().generationId());
        assertEquals(3, again.response().members().size());
        assertEquals(2, third.generation());
    }

    @Test
    void whoDoesNotRejoinInTimeIsOut() {
        var old = bench.stableGroup(2);
        var third = bench.newMember("range");
        bench.join(old.getFirst().memberId(), "range");
        for (int i = 0; i < 11; i++) {
            bench.lane.advance(5_000);
            assertEquals(
                    ErrorCode.REBALANCE_IN_PROGRESS,
                    bench.heartbeat(old.getLast().memberId(), 1));
        }
        assertFalse(third.told().isTold());
        bench.lane.advance(5_000);
        assertEquals(2, third.generation());
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat(old.getLast().memberId(), 1));
    }

    @Test
    void aSilentMemberIsTakenOut() {
        var members = bench.stableGroup(2);
        for (int i = 0; i < 2; i++) {
            bench.lane.advance(6_000);
            bench.heartbeat(members.getFirst().memberId(), 1);
        }
        assertEquals("PreparingRebalance", bench.state());
        var again = bench.join(members.getFirst().memberId(), "range");
        assertEquals(2, again.response().generationId());
        assertEquals(1, again.response().members().size());
    }

    @Test
    void theLastMemberToLeaveLeavesAnEmptyGroupInTheLog() {
        var member = bench.stableGroup(1).getFirst();
        var left = bench.leave(GroupBench.identity(member.memberId(), null)).response();
        assertEquals(ErrorCode.NONE.code(), left.members().getFirst().errorCode());
        assertEquals("Empty", bench.state());
        bench.failOver();
        assertEquals("Empty", bench.state());
        assertEquals("consumer", bench.describe(GroupBench.GROUP).protocolType());
        var next = bench.newMember("range");
        bench.lane.advance(3_000);
        assertEquals(3, next.generation());
    }

    @Test
    void aLeavingLeaderHandsOver() {
        var members = bench.stableGroup(2);
        bench.leave(GroupBench.identity(members.getFirst().memberId(), null));
        var again = bench.join(members.getLast().memberId(), "range");
        assertEquals(members.getLast().memberId(), again.response().leader());
    }

    @Test
    void generationsAreChecked() {
        var member = bench.stableGroup(1).getFirst();
        assertEquals(ErrorCode.ILLEGAL_GENERATION, bench.heartbeat(member.memberId(), 2));
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat("who", 1));
        assertEquals(
                ErrorCode.ILLEGAL_GENERATION.code(),
                bench.sync(member.memberId(), null, 0, Map.of()).response().errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_MEMBER_ID.code(),
                bench.sync("who", null, 1, Map.of()).response().errorCode());
    }

    @Test
    void aFollowerThatLostItsJoinAnswerGetsItAgain() {
        var members = bench.stableGroup(2);
        var again = bench.join(members.getLast().memberId(), "range").response();
        assertEquals(1, again.generationId());
        assertEquals(0, again.members().size());
        assertEquals("Stable", bench.state());
    }

    @Test
    void aLeaderThatJoinsAgainWantsARebalance() {
        var members = bench.stableGroup(2);
        bench.join(members.getFirst().memberId(), "range");
        assertEquals("PreparingRebalance", bench.state());
    }

    @Test
    void aRepeatedJoinAnswersTheFirstOneToo() {
        var members = bench.stableGroup(2);
        var lost = bench.join(members.getFirst().memberId(), "range");
        bench.join(members.getFirst().memberId(), "range");
        assertEquals(ErrorCode.REBALANCE_IN_PROGRESS.code(), lost.response().errorCode());
    }

    @Test
    void aFullGroupTakesNobody() {
        GroupLimits small = new GroupLimits(6_000, 1_800_000, 3_000, 2, 4_096, 604_800_000, 600_000, 300_000);
        GroupBench full = new GroupBench(small, ShardLimits.DEFAULT);
        full.stableGroup(2);
        String memberId = full.join("", "range").response().memberId();
        assertEquals("", memberId);
        var old = full.join(3, GroupBench.joinRequest("", null, "range")).response();
        assertEquals(ErrorCode.GROUP_MAX_SIZE_REACHED.code(), old.errorCode());
        assertEquals("Stable", full.state());
    }

    @Test
    void aGroupThatIsTooLargeNowShrinksAtItsNextRebalance() {
        var members = bench.stableGroup(3);
        bench.limits = new GroupLimits(6_000, 1_800_000, 3_000, 2, 4_096, 604_800_000, 600_000, 300_000);
        bench.failOver();
        var first = bench.join(members.get(0).memberId(), "range");
        bench.join(members.get(1).memberId(), "range");
        var third = bench.join(members.get(2).memberId(), "range");
        assertEquals(ErrorCode.GROUP_MAX_SIZE_REACHED.code(), third.response().errorCode());
        assertEquals(2, first.response().members().size());
        assertEquals(1, bench.shard.groupCount());
        assertEquals(0, bench.shard.offsetCount());
    }

    @Test
    void membersGoOnAfterTheCoordinatorHasMoved() {
        var members = bench.stableGroup(2);
        bench.failOver();
        for (var member : members) assertEquals(ErrorCode.NONE, bench.heartbeat(member.memberId(), 1));
        assertEquals(
                "for " + members.getLast().memberId(),
                assignment(bench.sync(members.getLast().memberId(), null, 1, Map.of())));
        bench.lane.advance(9_000);
        assertEquals(ErrorCode.NONE, bench.heartbeat(members.getFirst().memberId(), 1));
        bench.lane.advance(2_000);
        assertEquals("PreparingRebalance", bench.state());
    }

    @Test
    void whoWaitsWhenTheLeadershipGoesIsToldToLookElsewhere() {
        var members = bench.stableGroup(2);
        var joining = bench.join(members.getFirst().memberId(), "range");
        bench.shard.resign();
        assertEquals(ErrorCode.NOT_COORDINATOR.code(), joining.response().errorCode());
        assertEquals(
                ErrorCode.NOT_COORDINATOR, bench.heartbeat(members.getFirst().memberId(), 1));
    }

    @Test
    void anAssignmentThatTheLogRefusesStartsTheRebalanceAgain() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        var early = bench.sync(follower.memberId(), null, 1, Map.of());
        bench.log.refuse(ErrorCode.NOT_ENOUGH_REPLICAS);
        var own = bench.sync(leader.memberId(), null, 1, Map.of());
        assertEquals(ErrorCode.COORDINATOR_NOT_AVAILABLE.code(), own.response().errorCode());
        assertEquals(
                ErrorCode.COORDINATOR_NOT_AVAILABLE.code(), early.response().errorCode());
        assertEquals("PreparingRebalance", bench.state());
        bench.log.refuse(null);
        bench.join(leader.memberId(), "range");
        assertEquals(2, bench.join(follower.memberId(), "range").response().generationId());
    }

    @Test
    void aGroupThatTheLogRefusesIsNotThere() {
        bench.log.refuse(ErrorCode.NOT_ENOUGH_REPLICAS);
        assertEquals(
                ErrorCode.COORDINATOR_NOT_AVAILABLE.code(),
                bench.join("", "range").response().errorCode());
        assertEquals("Dead", bench.state());
        bench.log.refuse(null);
        assertEquals(1, bench.stableGroup(1).getFirst().generation());
    }

    @Test
    void namesThatClientsChoseCannotForgeLogLines() {
        Turn turn = new Turn(new Moment(0, 0));
        turn.note(new ClassicGroup("a\nb", due -> {}, due -> {}), "c\u001b");
        assertEquals(List.of("group a?b: c?"), turn.decision().notes());
    }

    @Test
    void assignmentsAreToldOnceTheyAreCommitted() {
        var leader = bench.newMember("range");
        bench.lane.advance(3_000);
        bench.log.holdCommits();
        var own = bench.sync(leader.memberId(), null, 1, Map.of(leader.memberId(), "a"));
        var seen = bench.heartbeatTold(leader.memberId(), null, 1);
        assertFalse(own.isTold());
        assertFalse(seen.isTold(), "it would tell of a generation that may be lost");
        bench.commit();
        assertEquals("a", assignment(own));
        assertTrue(seen.isTold());
    }
}
