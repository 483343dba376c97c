package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.replication.FutureReplica.Standing;
import io.millrace.replication.FutureReplica.Step;
import org.junit.jupiter.api.Test;

class FutureReplicaTest {
    @Test
    void theFilesAreCopiedUntilLittleIsLeftOfThem() {
        assertEquals(Step.COPY, FutureReplica.next(new Standing(false, false, 10, 0, 5, false, 0, 0)));
        assertEquals(
                Step.COPY,
                FutureReplica.next(new Standing(true, false, FutureReplica.OPEN_LAG_BYTES + 1, 0, 5, false, 0, 0)));
        assertEquals(
                Step.OPEN,
                FutureReplica.next(new Standing(true, false, FutureReplica.OPEN_LAG_BYTES, 0, 5, false, 0, 0)));
    }

    @Test
    void theCopyIsForcedOnceItLacksLittleAndTakesThePlaceOnceNothingSafeIsMissing() {
        long little = FutureReplica.SWAP_LAG_BYTES;
        assertEquals(Step.CATCH_UP, FutureReplica.next(new Standing(true, true, little + 1, 0, 5, false, 0, 5)));
        assertEquals(Step.FORCE, FutureReplica.next(new Standing(true, true, little, 0, 5, false, 0, 5)));
        assertEquals(Step.FORCE, FutureReplica.next(new Standing(true, true, little, 0, 5, true, 4, 5)));
        assertEquals(Step.CATCH_UP, FutureReplica.next(new Standing(true, true, little + 1, 0, 5, true, 5, 5)));
        assertEquals(Step.SWAP, FutureReplica.next(new Standing(true, true, little, 0, 5, true, 5, 5)));
    }

    @Test
    void theCopyGetsWhatIsForcedInTheReplicaBeforeItIsForcedItself() {
        assertEquals(Step.CATCH_UP, FutureReplica.next(new Standing(true, true, 1, 0, 4, false, 0, 5)));
        assertEquals(Step.CATCH_UP, FutureReplica.next(new Standing(true, true, 1, 0, 4, true, 4, 5)));
        assertEquals(Step.FORCE, FutureReplica.next(new Standing(true, true, 1, 0, 5, true, 4, 5)));
        assertEquals(Step.SWAP, FutureReplica.next(new Standing(true, true, 1, 0, 5, true, 5, 5)));
    }

    @Test
    void aCopyThatLosesGroundIsOpenedEarlyAndInTheEndKeepsUpOnTheLane() {
        long much = 100 * FutureReplica.OPEN_LAG_BYTES;
        assertEquals(Step.COPY, FutureReplica.next(new Standing(false, false, much, 1, 5, false, 0, 0)));
        assertEquals(Step.OPEN, FutureReplica.next(new Standing(true, false, much, 1, 5, false, 0, 0)));
        assertEquals(
                Step.CATCH_UP,
                FutureReplica.next(new Standing(true, true, much, CopyRounds.MAX_LOST - 1, 5, false, 0, 0)));
        assertEquals(
                Step.KEEP_UP, FutureReplica.next(new Standing(true, true, much, CopyRounds.MAX_LOST, 5, false, 0, 0)));
        assertEquals(
                Step.SWAP,
                FutureReplica.next(
                        new Standing(true, true, FutureReplica.SWAP_LAG_BYTES, CopyRounds.MAX_LOST, 5, true, 5, 5)));
    }

    @Test
    void theRateIsKeptOverTime() {
        TransferBudget budget = new TransferBudget();
        assertEquals(0, budget.waitMs(1_000));
        budget.spent(500, 1_000, 1_000);
        assertEquals(500, budget.waitMs(1_000));
        assertEquals(200, budget.waitMs(1_300));
        budget.spent(100, 1_000, 1_300);
        assertEquals(300, budget.waitMs(1_300));
        assertEquals(0, budget.waitMs(9_000));
        budget.spent(1, Long.MAX_VALUE, 9_000);
        assertEquals(0, budget.waitMs(9_000));
        budget.spent(1, 0, 9_000);
        assertEquals(60_000, budget.waitMs(9_000));
    }
}
