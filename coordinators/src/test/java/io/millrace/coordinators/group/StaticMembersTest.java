package io.millrace.coordinators.group;

import static io.millrace.coordinators.group.GroupBench.assignment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Static membership (KIP-345, KIP-814): a stable group of a leader i-1 and a follower i-2. */
class StaticMembersTest {
    private final GroupBench bench = new GroupBench();
    private String leaderId = "";
    private String followerId = "";

    @BeforeEach
    void stable() {
        var leader = bench.joinStatic("", "i-1", "range");
        var follower = bench.joinStatic("", "i-2", "range");
        bench.lane.advance(6_000);
        leaderId = leader.response().memberId();
        followerId = follower.response().memberId();
        assertTrue(leaderId.startsWith("i-1-"), leaderId);
        bench.sync(followerId, "i-2", 1, Map.of());
        bench.sync(leaderId, "i-1", 1, Map.of(leaderId, "a", followerId, "b"));
    }

    @Test
    void aReturnedFollowerKeepsItsAssignmentWithoutARebalance() {
        var back = bench.joinStatic("", "i-2", "range").response();
        assertEquals(ErrorCode.NONE.code(), back.errorCode());
        assertNotEquals(followerId, back.memberId());
        assertEquals(1, back.generationId());
        assertEquals(leaderId, back.leader());
        assertFalse(back.skipAssignment());
        assertEquals("Stable", bench.state());
        assertEquals("b", assignment(bench.sync(back.memberId(), "i-2", 1, Map.of())));
    }

    /** KAFKA-8225: two processes with one instance id. */
    @Test
    void theFormerHolderIsFencedEverywhere() {
        bench.joinStatic("", "i-2", "range");
        short fenced = ErrorCode.FENCED_INSTANCE_ID.code();
        assertEquals(
                fenced, bench.heartbeatTold(followerId, "i-2", 1).response().errorCode());
        assertEquals(
                fenced, bench.sync(followerId, "i-2", 1, Map.of()).response().errorCode());
        assertEquals(
                fenced, bench.joinStatic(followerId, "i-2", "range").response().errorCode());
        assertEquals(
                fenced,
                bench.leave(GroupBench.identity(followerId, "i-2"))
                        .response()
                        .members()
                        .getFirst()
                        .errorCode());
        var commit = bench.commitRequest("t", 0, 5)
                .memberId(followerId)
                .groupInstanceId("i-2")
                .generationIdOrMemberEpoch(1)
                .build();
        assertEquals(ErrorCode.FENCED_INSTANCE_ID, GroupBench.error(bench.commit(9, commit)));
    }

    @Test
    void aReplacementSurvivesTheCoordinator() {
        String backId = bench.joinStatic("", "i-2", "range").response().memberId();
        bench.failOver();
        assertEquals("b", assignment(bench.sync(backId, "i-2", 1, Map.of())));
        assertEquals(
                ErrorCode.FENCED_INSTANCE_ID.code(),
                bench.heartbeatTold(followerId, "i-2", 1).response().errorCode());
    }

    @Test
    void aReplacementThatTheLogRefusesLeavesTheFormerHolder() {
        bench.log.refuse(ErrorCode.NOT_ENOUGH_REPLICAS);
        assertEquals(
                ErrorCode.COORDINATOR_NOT_AVAILABLE.code(),
                bench.joinStatic("", "i-2", "range").response().errorCode());
        bench.log.refuse(null);
        assertEquals(
                ErrorCode.NONE.code(),
                bench.heartbeatTold(followerId, "i-2", 1).response().errorCode());
    }

    @Test
    void aReturnedLeaderLeadsButSkipsTheAssignment() {
        var back = bench.joinStatic("", "i-1", "range").response();
        assertEquals(back.memberId(), back.leader());
        assertTrue(back.skipAssignment());
        assertEquals(2, back.members().size());
    }

    @Test
    void aReturnedLeaderBeforeVersion9IsNotToldThatItLeads() {
        var back = bench.join(8, GroupBench.joinRequest("", "i-1", "range")).response();
        assertEquals(leaderId, back.leader());
        assertNotEquals(leaderId, back.memberId());
        assertEquals(0, back.members().size());
        assertFalse(back.skipAssignment());
    }

    @Test
    void aReturnWithOtherProtocolsRebalances() {
        var third = bench.joinStatic("", "i-3", "range");
        bench.joinStatic(leaderId, "i-1", "range", "sticky");
        bench.joinStatic(followerId, "i-2", "range", "sticky");
        assertEquals(2, third.response().generationId());
        bench.sync(leaderId, "i-1", 2, Map.of());
        bench.sync(followerId, "i-2", 2, Map.of());
        bench.sync(third.response().memberId(), "i-3", 2, Map.of());
        assertEquals("Stable", bench.state());
        var back = bench.joinStatic("", "i-3", "sticky", "range");
        assertTrue(back.isTold(), "range still has most votes");
        bench.joinStatic("", "i-1", "sticky", "range");
        assertEquals("PreparingRebalance", bench.state());
    }

    @Test
    void aReturnDuringTheSyncPhaseRebalances() {
        bench.joinStatic(leaderId, "i-1", "range");
        bench.joinStatic(followerId, "i-2", "range");
        assertEquals("CompletingRebalance", bench.state());
        var waiting = bench.sync(followerId, "i-2", 2, Map.of());
        var back = bench.joinStatic("", "i-2", "range");
        assertEquals(ErrorCode.FENCED_INSTANCE_ID.code(), waiting.response().errorCode());
        assertFalse(back.isTold());
        bench.joinStatic(leaderId, "i-1", "range");
        assertEquals(3, back.response().generationId());
    }

    @Test
    void anAdministratorRemovesByInstanceId() {
        var left = bench.leave(GroupBench.identity("", "i-2"), GroupBench.identity("", "i-9"))
                .response();
        assertEquals(ErrorCode.NONE.code(), left.members().getFirst().errorCode());
        assertEquals(
                ErrorCode.UNKNOWN_MEMBER_ID.code(), left.members().getLast().errorCode());
        assertEquals("PreparingRebalance", bench.state());
    }

    @Test
    void anAbsentStaticMemberKeepsItsPlaceInTheNextGeneration() {
        var third = bench.joinStatic("", "i-3", "range");
        bench.joinStatic(leaderId, "i-1", "range");
        for (int i = 0; i < 12; i++) {
            bench.heartbeatTold(followerId, "i-2", 1);
            bench.lane.advance(5_000);
        }
        assertEquals(2, third.response().generationId());
        assertEquals(3, bench.describe(GroupBench.GROUP).members().size());
    }
}
