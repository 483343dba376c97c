package io.millrace.client.fetching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionFetchTest {
    private static final PartitionLeader LEADER = new PartitionLeader(1, 4);
    private static final PartitionLeader NEXT_LEADER = new PartitionLeader(2, 5);
    private static final long WALL_MS = 1_000_000;

    private static PartitionFetch fetch(String reset) {
        return new PartitionFetch(
                "t-0",
                new FetchRules(
                        1,
                        500,
                        1000,
                        100,
                        1000,
                        false,
                        "",
                        OffsetReset.parse(reset),
                        300_000,
                        new RetryBackoff(100, 1_000)));
    }

    @Test
    void withoutAPositionTheRulesSayWhereToBegin() {
        PartitionFetch fetch = fetch("earliest");
        assertEquals(List.of(), fetch.reset(1, WALL_MS));
        assertEquals(new FetchStep.LookUp(1, 4, OffsetReset.EARLIEST), fetch.next(LEADER, 0));
        fetch.asked(4);
        assertEquals(new FetchStep.Rest(Long.MAX_VALUE), fetch.next(LEADER, 0));

        assertEquals(
                List.of(new FetchDeed.TellPosition(new FetchPosition(7, 3))),
                fetch.lookedUp(1, ErrorCode.NONE, 7, 3, 0, 0));
        assertEquals(new FetchStep.Fetch(1, 4, new FetchPosition(7, 3)), fetch.next(LEADER, 0));
    }

    @Test
    void aDurationThatAllRecordsAreOlderThanMeansTheEnd() {
        PartitionFetch fetch = fetch("by_duration:PT10S");
        fetch.reset(1, WALL_MS);
        assertEquals(new FetchStep.LookUp(1, 4, WALL_MS - 10_000), fetch.next(LEADER, 0));
        fetch.asked(4);
        fetch.lookedUp(1, ErrorCode.NONE, -1, -1, 0, 0);
        assertEquals(new FetchStep.LookUp(1, 4, OffsetReset.LATEST), fetch.next(LEADER, 0));
    }

    @Test
    void whatWasAskedBeforeASeekChangesNothing() {
        PartitionFetch fetch = fetch("earliest");
        fetch.reset(1, WALL_MS);
        fetch.asked(4);
        fetch.seek(FetchPosition.at(50), 2);
        assertEquals(List.of(), fetch.lookedUp(1, ErrorCode.NONE, 7, 3, 0, 0));
        assertEquals(new FetchStep.Fetch(1, 4, FetchPosition.at(50)), fetch.next(LEADER, 0));
    }

    @Test
    void aNewLeadersLogIsComparedBeforeItIsReadFrom() {
        PartitionFetch fetch = fetch("earliest");
        fetch.seek(new FetchPosition(50, 4), 1);
        assertEquals(new FetchStep.CheckEpoch(2, 5, 4), fetch.next(NEXT_LEADER, 0));
        fetch.asked(5);
        assertEquals(List.of(), fetch.epochChecked(1, ErrorCode.NONE, 4, 60, 0, WALL_MS, 0));
        assertInstanceOf(FetchStep.Fetch.class, fetch.next(NEXT_LEADER, 0));
    }

    /** As a broker that is cut off still tells; it would say that its log has nothing of that epoch, and reading would begin anew. */
    @Test
    void aLeaderOfBeforeThePositionIsNotAsked() {
        PartitionFetch fetch = fetch("earliest");
        fetch.seek(new FetchPosition(50, 5), 1);
        assertInstanceOf(FetchStep.FindLeader.class, fetch.next(LEADER, 0));
        assertEquals(new FetchStep.CheckEpoch(2, 5, 5), fetch.next(NEXT_LEADER, 0));
    }

    /** Its epochs begin at 0 again, so that a position of the first would be waited for, for ever. */
    @Test
    void theEpochOfAPositionIsNoneOfATopicThatWasMadeAgain() {
        PartitionFetch fetch = fetch("earliest");
        fetch.isOf(new Uuid(1, 1));
        fetch.seek(new FetchPosition(50, 5), 1);
        fetch.isOf(Uuid.ZERO);
        fetch.isOf(new Uuid(1, 1));
        assertInstanceOf(FetchStep.FindLeader.class, fetch.next(LEADER, 0));
        fetch.isOf(new Uuid(2, 2));
        assertEquals(new FetchStep.Fetch(1, 4, FetchPosition.at(50)), fetch.next(LEADER, 0));
    }

    /** The leader before may have answered a fetch while the next one is asked. */
    @Test
    void anAnswerAboutTheEpochOfAnEarlierPositionIsNotHeldAgainstTheNewOne() {
        PartitionFetch fetch = fetch("earliest");
        fetch.seek(new FetchPosition(50, 3), 1);
        assertEquals(new FetchStep.CheckEpoch(2, 5, 3), fetch.next(NEXT_LEADER, 0));
        fetch.asked(5);
        fetch.fetched(new FetchPosition(60, 4));
        assertEquals(List.of(), fetch.epochChecked(1, ErrorCode.NONE, 3, 50, 0, WALL_MS, 0));
        assertEquals(new FetchStep.CheckEpoch(2, 5, 4), fetch.next(NEXT_LEADER, 0));
    }

    @Test
    void aTruncatedLogIsReadFromWhereItParted() {
        PartitionFetch fetch = fetch("latest");
        fetch.seek(new FetchPosition(50, 4), 1);
        fetch.asked(5);
        assertEquals(
                List.of(new FetchDeed.TellPosition(new FetchPosition(42, 4))),
                fetch.epochChecked(1, ErrorCode.NONE, 4, 42, 0, WALL_MS, 0));
    }

    @Test
    void aTruncatedLogIsToldWhereNoneIsToBeMadeUp() {
        PartitionFetch fetch = fetch("none");
        fetch.seek(new FetchPosition(50, 4), 1);
        fetch.asked(5);
        var told = assertInstanceOf(
                FetchDeed.TellFailure.class,
                fetch.epochChecked(1, ErrorCode.NONE, 4, 42, 0, WALL_MS, 0).getFirst());
        assertEquals(
                "t-0: the log was truncated: it has epoch 4 only up to offset 42, and reading stood at offset 50 of epoch 4;"
                        + " auto.offset.reset=none",
                told.sentence());
        assertEquals(new FetchStep.Rest(Long.MAX_VALUE), fetch.next(NEXT_LEADER, 0));
    }

    @Test
    void aNearerReplicaThatDoesNotHaveTheOffsetIsLeftForTheLeader() {
        PartitionFetch fetch = fetch("none");
        fetch.seek(FetchPosition.at(50), 1);
        fetch.prefer(9, 0);
        assertEquals(new FetchStep.Fetch(9, 4, FetchPosition.at(50)), fetch.next(LEADER, 0));
        assertEquals(List.of(), fetch.fetchRefused(ErrorCode.OFFSET_OUT_OF_RANGE, 9, 0, WALL_MS, 0));
        assertEquals(new FetchStep.Fetch(1, 4, FetchPosition.at(50)), fetch.next(LEADER, 0));
    }

    @Test
    void anErrorThatPassesIsWaitedForAndOneThatDoesNotIsTold() {
        PartitionFetch fetch = fetch("earliest");
        fetch.seek(FetchPosition.at(50), 1);
        assertEquals(
                List.of(new FetchDeed.Refresh()),
                fetch.fetchRefused(ErrorCode.NOT_LEADER_OR_FOLLOWER, 1, 0, WALL_MS, 0));
        assertInstanceOf(FetchStep.Rest.class, fetch.next(LEADER, 0));
        assertInstanceOf(FetchStep.Fetch.class, fetch.next(LEADER, 10_000));
        assertInstanceOf(
                FetchDeed.TellFailure.class,
                fetch.fetchRefused(ErrorCode.TOPIC_AUTHORIZATION_FAILED, 1, 0, WALL_MS, 0)
                        .getFirst());
    }
}
