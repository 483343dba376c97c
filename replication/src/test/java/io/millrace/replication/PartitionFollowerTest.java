package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.OffsetAndEpoch;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PartitionFollowerTest {
    private static final long BACKOFF_MS = 1000;

    private final ModelLog log = FollowedLog.of(3, 3, 5, 5, 5);

    private static PartitionFollower following(ModelLog log, long highWatermark, boolean asksEpochFirst) {
        return new PartitionFollower(7, log, highWatermark, asksEpochFirst, BACKOFF_MS);
    }

    private static List<FollowerAction> answer(PartitionFollower follower, FollowerAnswer answer) {
        FollowerRequest request = follower.next(0).orElseThrow();
        return follower.answered(request, answer, 0);
    }

    @Test
    void aFetchSaysTheEpochOfTheLastRecord() {
        assertEquals(
                Optional.of(new FollowerRequest.Fetch(7, 5, 5, 0)),
                following(log, 2, false).next(0));
    }

    @Test
    void thereIsOneRequestAtATime() {
        PartitionFollower follower = following(log, 2, false);
        assertTrue(follower.next(0).isPresent());
        assertEquals(Optional.empty(), follower.next(0));
    }

    @Test
    void anAnswerToAnEarlierRequestChangesNothing() {
        PartitionFollower follower = following(log, 2, false);
        FollowerRequest first = follower.next(0).orElseThrow();
        follower.answered(first, new FollowerAnswer.Unanswered(), 0);
        assertTrue(follower.next(BACKOFF_MS).isPresent());
        assertEquals(List.of(), follower.answered(first, new FollowerAnswer.Records(5, 9, 9, 0), BACKOFF_MS));
    }

    @Test
    void recordsAreAppendedAndCommittedAsFarAsTheyGo() {
        assertEquals(
                List.of(new FollowerAction.AppendRecords(), new FollowerAction.AdvanceHighWatermark(8)),
                answer(following(log, 2, false), new FollowerAnswer.Records(5, 8, 20, 0)));
    }

    @Test
    void unusableRecordsCommitNothing() {
        PartitionFollower follower = following(log, 2, false);
        answer(follower, new FollowerAnswer.Records(5, 8, 4, 0));
        follower.recordsUnusable(0);
        assertEquals(2, follower.highWatermark());
        assertEquals(
                List.of(new FollowerAction.AppendRecords(), new FollowerAction.AdvanceHighWatermark(4)),
                follower.answered(
                        follower.next(BACKOFF_MS).orElseThrow(), new FollowerAnswer.Records(5, 8, 4, 0), BACKOFF_MS));
    }

    @Test
    void theLogStartFollowsTheLeadersUpToTheHighWatermark() {
        assertEquals(
                List.of(new FollowerAction.AdvanceHighWatermark(4), new FollowerAction.AdvanceLogStart(4)),
                answer(following(log, 2, false), new FollowerAnswer.Records(5, 5, 4, 4)));
    }

    @Test
    void aLogThatEndsWhereTheLeadersStartsShowsNothingOfWhatItHas() {
        assertEquals(
                List.of(
                        new FollowerAction.StartAnewAt(5),
                        new FollowerAction.AppendRecords(),
                        new FollowerAction.AdvanceHighWatermark(8)),
                answer(following(log, 2, false), new FollowerAnswer.Records(5, 8, 20, 5)));
    }

    @Test
    void aLeaderWithAnEarlierEpochsEndHasTheLogCutThere() {
        PartitionFollower follower = following(log, 1, false);
        assertEquals(
                List.of(new FollowerAction.TruncateTo(2, false)),
                answer(follower, new FollowerAnswer.Diverges(new OffsetAndEpoch(4, 3))));
        log.truncateTo(2);
        assertEquals(Optional.of(new FollowerRequest.Fetch(7, 2, 3, 0)), follower.next(0));
    }

    @Test
    void divergenceRaisesNoHighWatermark() {
        PartitionFollower follower = following(log, 1, false);
        answer(follower, new FollowerAnswer.Diverges(new OffsetAndEpoch(4, 3)));
        assertEquals(1, follower.highWatermark());
    }

    @Test
    void aDivergenceThatIsNoneIsWaitedOut() {
        PartitionFollower follower = following(log, 1, false);
        assertEquals(List.of(), answer(follower, new FollowerAnswer.Diverges(new OffsetAndEpoch(9, 5))));
        assertEquals(Optional.empty(), follower.next(BACKOFF_MS - 1));
        assertTrue(follower.next(BACKOFF_MS).isPresent());
    }

    @Test
    void epochsAreAskedForUntilBothKnowOne() {
        PartitionFollower follower = following(log, 1, true);
        assertEquals(Optional.of(new FollowerRequest.EndOfEpoch(7, 5)), follower.next(0));
        follower = following(log, 1, true);
        assertEquals(
                List.of(new FollowerAction.TruncateTo(2, false)),
                answer(follower, new FollowerAnswer.EpochEnd(new OffsetAndEpoch(4, 4))),
                "the leader has an epoch 4, this log not: up to the end of 3");
        log.truncateTo(2);
        assertEquals(PartitionFollower.State.TRUNCATING, follower.state());
        assertEquals(
                List.of(new FollowerAction.TruncateTo(1, false)),
                answer(follower, new FollowerAnswer.EpochEnd(new OffsetAndEpoch(1, 3))));
        assertEquals(PartitionFollower.State.FETCHING, follower.state());
    }

    @Test
    void anEpochWithoutRecordsIsForgottenAlthoughNothingIsCut() {
        log.beginEpoch(6);
        assertEquals(
                List.of(new FollowerAction.TruncateTo(5, false)),
                answer(following(log, 1, false), new FollowerAnswer.Diverges(new OffsetAndEpoch(8, 5))));
    }

    @Test
    void aCutBelowTheHighWatermarkIsToldToPeople() {
        assertEquals(
                List.of(new FollowerAction.TruncateTo(2, true)),
                answer(following(log, 4, false), new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 3))));
    }

    @Test
    void aLogThatEndsBeforeTheLeadersStartsIsBegunAnew() {
        PartitionFollower follower = following(log, 4, false);
        answer(follower, new FollowerAnswer.Refused(ErrorCode.OFFSET_OUT_OF_RANGE));
        assertEquals(Optional.of(new FollowerRequest.LogRange(7)), follower.next(0));
        follower = following(log, 4, false);
        answer(follower, new FollowerAnswer.Refused(ErrorCode.OFFSET_OUT_OF_RANGE));
        assertEquals(List.of(new FollowerAction.StartAnewAt(50)), answer(follower, new FollowerAnswer.Range(50, 60)));
    }

    @Test
    void aFencedFollowerAsksNothingMore() {
        PartitionFollower follower = following(log, 4, false);
        answer(follower, new FollowerAnswer.Refused(ErrorCode.FENCED_LEADER_EPOCH));
        assertEquals(PartitionFollower.State.FENCED, follower.state());
        assertEquals(Optional.empty(), follower.next(1_000_000));
    }

    @Test
    void aLeaderThatDoesNotKnowOfItsLeadershipYetIsAskedAgain() {
        PartitionFollower follower = following(log, 4, false);
        answer(follower, new FollowerAnswer.Refused(ErrorCode.UNKNOWN_LEADER_EPOCH));
        assertTrue(follower.next(BACKOFF_MS).isPresent());
    }

    @Test
    void itIsAskedAgainSoonAndThenLessAndLessOften() {
        PartitionFollower follower = following(log, 4, false);
        long nowMs = 0;
        for (long waitMs : List.of(20L, 40L, 80L, 160L, 320L, 640L, 1_000L, 1_000L)) {
            FollowerRequest request = follower.next(nowMs).orElseThrow();
            follower.answered(request, new FollowerAnswer.Refused(ErrorCode.NOT_LEADER_OR_FOLLOWER), nowMs);
            assertEquals(Optional.empty(), follower.next(nowMs + waitMs - 1));
            nowMs += waitMs;
        }
        assertTrue(follower.next(nowMs).isPresent());
    }

    @Test
    void aBatchThatTheLogStartLiesWithinBeginsAnEmptyLog() {
        ModelLog empty = new ModelLog();
        empty.startAnewAt(10);
        assertEquals(
                List.of(
                        new FollowerAction.StartAnewAt(8),
                        new FollowerAction.AppendRecords(),
                        new FollowerAction.AdvanceHighWatermark(12),
                        new FollowerAction.AdvanceLogStart(10)),
                answer(following(empty, 10, false), new FollowerAnswer.Records(8, 12, 12, 10)));
    }

    @Test
    void recordsThatTheLogHasAreNotAppendedAgain() {
        assertEquals(List.of(), answer(following(log, 4, false), new FollowerAnswer.Records(3, 8, 8, 0)));
    }

    @Test
    void recordsFromBeforeEpochsWereKeptAreBelievedUpToTheHighWatermark() {
        ModelLog old = new ModelLog();
        old.startAnewAt(0);
        assertEquals(List.of(), following(old, 0, true).begin());
        assertEquals(
                List.of(new FollowerAction.TruncateTo(3, false)),
                following(withoutEpochs(), 3, true).begin());
    }

    private static ModelLog withoutEpochs() {
        ModelLog log = FollowedLog.of(0, 0, 0, 0, 0);
        log.forgetEpochs();
        return log;
    }

    @Test
    void anAnswerToSomethingElseIsOurMistake() {
        PartitionFollower follower = following(log, 4, false);
        assertThrows(IllegalArgumentException.class, () -> answer(follower, new FollowerAnswer.Range(0, 1)));
    }
}
