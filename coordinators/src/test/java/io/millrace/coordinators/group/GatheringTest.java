package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long the first generation stays open with {@code group.initial.rebalance.delay.ms=0}. */
class GatheringTest {
    private final GroupBench bench = new GroupBench(
            new GroupLimits(6_000, 1_800_000, 0, 1_000, 4_096, 604_800_000, 600_000, 300_000), ShardLimits.DEFAULT);

    @Test
    void aLoneMemberHasItsGenerationAfterTwentyMilliseconds() {
        var joining = bench.join(newId(), "range");
        bench.lane.advance(Gathering.ALONE_MS - 1);
        assertFalse(joining.isTold());
        bench.lane.advance(1);
        assertEquals(1, joining.response().generationId());
        assertEquals(1, joining.response().members().size());
    }

    @Test
    void membersThatStartTogetherAreInOneGeneration() {
        List<Told<JoinGroupResponse>> joining = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            joining.add(bench.join(newId(), "range"));
            bench.lane.advance(Gathering.ALONE_MS - 2);
        }
        bench.lane.advance(2 * Gathering.QUIET_MS);
        for (var one : joining) {
            assertTrue(one.isTold());
            assertEquals(1, one.response().generationId());
        }
        assertEquals(50, joining.getFirst().response().members().size());
    }

    @Test
    void whoWasGivenAMemberIdIsWaitedFor() {
        String first = newId();
        String second = newId();
        var joining = bench.join(first, "range");
        bench.lane.advance(Gathering.QUIET_MS);
        assertFalse(joining.isTold());
        var late = bench.join(second, "range");
        bench.lane.advance(2 * Gathering.QUIET_MS);
        assertEquals(1, joining.response().generationId());
        assertEquals(1, late.response().generationId());
    }

    @Test
    void whoNeverComesBackWithItsMemberIdHoldsTheOthersUpForASecondAtMost() {
        newId();
        var joining = bench.join(newId(), "range");
        bench.lane.advance(Gathering.MOST_MS - 1);
        assertFalse(joining.isTold());
        bench.lane.advance(1);
        assertEquals(1, joining.response().generationId());
    }

    @Test
    void newcomersProlongTheWaitToASecondAtMost() {
        var first = bench.join(newId(), "range");
        for (int ms = 0; ms < Gathering.MOST_MS; ms += 10) {
            assertFalse(first.isTold(), "after " + ms + " ms");
            bench.join(newId(), "range");
            bench.lane.advance(10);
        }
        assertTrue(first.isTold());
        assertEquals(ErrorCode.NONE.code(), first.response().errorCode());
    }

    private String newId() {
        return bench.join("", "range").response().memberId();
    }
}
