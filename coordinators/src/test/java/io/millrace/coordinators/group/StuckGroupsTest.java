package io.millrace.coordinators.group;

import static io.millrace.coordinators.group.GroupBench.assignment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ways in which groups have hung or lost something, elsewhere and earlier. */
class StuckGroupsTest {
    private final GroupBench bench = new GroupBench();

    /** KAFKA-9752: an old client died while it waited for its first generation. */
    @Test
    void aNewMemberThatVanishedDoesNotHoldTheRebalance() {
        var members = bench.stableGroup(1);
        var vanished = bench.join(3, GroupBench.joinRequest("", null, "range"));
        var again = bench.join(members.getFirst().memberId(), "range");
        assertEquals(2, again.response().generationId());
        String memberId = vanished.response().memberId();
        bench.sync(members.getFirst().memberId(), null, 2, Map.of());
        for (int i = 0; i < 2; i++) {
            bench.lane.advance(6_000);
            bench.heartbeat(members.getFirst().memberId(), 2);
        }
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat(memberId, 2));
    }

    /** KAFKA-9752 again: it is out after five minutes even if the join phase goes on for longer. */
    @Test
    void aFirstJoinEndsAfterFiveMinutes() {
        var old = GroupBench.joinRequest("", null, "range").toBuilder()
                .rebalanceTimeoutMs(3_600_000)
                .sessionTimeoutMs(1_800_000)
                .build();
        var first = bench.join(3, old);
        bench.lane.advance(3_000);
        bench.sync(first.response().memberId(), null, 1, Map.of());
        var second = bench.join(3, old);
        bench.lane.advance(299_999);
        assertFalse(second.isTold());
        bench.lane.advance(1);
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID.code(), second.response().errorCode());
        assertEquals("PreparingRebalance", bench.state());
        assertEquals(
                2, bench.join(9, rejoin(first.response().memberId())).response().generationId());
    }

    private static JoinGroupRequest rejoin(String memberId) {
        return GroupBench.joinRequest(memberId, null, "range");
    }

    /** KAFKA-12890: the leader joined, and never sent an assignment though it is alive. */
    @Test
    void aLeaderThatNeverSyncsIsOutAfterTheRebalanceTimeout() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        var waiting = bench.sync(follower.memberId(), null, 1, Map.of());
        for (int i = 0; i < 12; i++) {
            assertEquals(ErrorCode.NONE, bench.heartbeat(leader.memberId(), 1));
            bench.lane.advance(5_000);
        }
        assertEquals(ErrorCode.REBALANCE_IN_PROGRESS.code(), waiting.response().errorCode());
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat(leader.memberId(), 1));
        assertEquals(2, bench.join(follower.memberId(), "range").response().generationId());
    }

    /** KAFKA-12890: so is a follower that never asks for its assignment. */
    @Test
    void aFollowerThatNeverSyncsIsOutAfterTheRebalanceTimeout() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        bench.sync(leader.memberId(), null, 1, Map.of());
        for (int i = 0; i < 12; i++) {
            bench.heartbeat(leader.memberId(), 1);
            bench.heartbeat(follower.memberId(), 1);
            bench.lane.advance(5_000);
        }
        assertEquals("PreparingRebalance", bench.state());
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID, bench.heartbeat(follower.memberId(), 1));
    }

    /** A member that waits for others' syncs sends no heartbeats. */
    @Test
    void whoWaitsForItsAssignmentDoesNotExpire() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        var waiting = bench.sync(follower.memberId(), null, 1, Map.of());
        for (int i = 0; i < 8; i++) {
            bench.lane.advance(5_000);
            bench.heartbeat(leader.memberId(), 1);
        }
        bench.sync(leader.memberId(), null, 1, Map.of(follower.memberId(), "b"));
        assertEquals("b", assignment(waiting));
    }

    @Test
    void anIdThatNobodyCameBackWithDoesNotHoldTheRebalance() {
        var members = bench.stableGroup(2);
        bench.join("", "range");
        bench.join(members.getFirst().memberId(), "range");
        var last = bench.join(members.getLast().memberId(), "range");
        assertFalse(last.isTold(), "someone has announced himself");
        bench.lane.advance(10_000);
        assertEquals(2, last.response().generationId());
    }

    /** KAFKA-14422: a static member came to a group of members that know nothing of such. */
    @Test
    void aStaticMemberJoinsOldOnes() {
        var old = bench.join(3, GroupBench.joinRequest("", null, "range"));
        bench.lane.advance(3_000);
        String oldId = old.response().memberId();
        bench.sync(oldId, null, 1, Map.of());
        var fixed = bench.joinStatic("", "i-1", "range");
        var again = bench.join(3, GroupBench.joinRequest(oldId, null, "range"));
        assertEquals(2, again.response().members().size());
        assertEquals(2, fixed.response().generationId());
    }

    @Test
    void everyoneGoneMeansEmpty() {
        bench.stableGroup(3);
        bench.lane.advance(80_000);
        assertEquals("Empty", bench.state());
        bench.failOver();
        assertEquals("Empty", bench.state());
    }

    @Test
    void aLeavingMemberThatWaitedIsAnswered() {
        var leader = bench.newMember("range");
        var follower = bench.newMember("range");
        bench.lane.advance(6_000);
        var waiting = bench.sync(follower.memberId(), null, 1, Map.of());
        bench.leave(GroupBench.identity(follower.memberId(), null));
        assertEquals(ErrorCode.UNKNOWN_MEMBER_ID.code(), waiting.response().errorCode());
        assertEquals(2, bench.join(leader.memberId(), "range").response().generationId());
        assertEquals(List.of(), bench.describe("nobody").members());
    }
}
