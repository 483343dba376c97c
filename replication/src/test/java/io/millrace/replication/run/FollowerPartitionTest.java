package io.millrace.replication.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchBuilder;
import io.millrace.records.BatchHeader;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.FollowerRequest;
import io.millrace.replication.PartitionFollower;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FollowerPartitionTest {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final StoryBroker broker = new StoryBroker(new SeededRandom(3), Map.of("flush.messages", "2"));

    @BeforeEach
    void follow() {
        broker.follow(3);
    }

    private static ByteBuffer batch(long baseOffset, int leaderEpoch, int records) {
        BatchBuilder builder = BatchBuilder.plain(baseOffset, leaderEpoch);
        for (int i = 0; i < records; i++) builder.append(7, null, new byte[] {1, 2}, List.of());
        return builder.build();
    }

    private static ByteBuffer together(ByteBuffer... batches) {
        int sizeBytes = 0;
        for (ByteBuffer one : batches) sizeBytes += one.remaining();
        ByteBuffer all = ByteBuffer.allocate(sizeBytes);
        for (ByteBuffer one : batches) all.put(one.duplicate());
        return all.flip();
    }

    private FollowerRequest.Fetch fetch() {
        return (FollowerRequest.Fetch) broker.follower().next().orElseThrow();
    }

    private void sends(long highWatermark, ByteBuffer batches) {
        broker.follower().fetched(fetch(), highWatermark, 0, batches);
    }

    @Test
    void whatTheLeaderSentIsAppendedAndItsHighWatermarkBelieved() {
        sends(3, together(batch(0, 2, 2), batch(2, 3, 3)));
        assertEquals(5, broker.log().logEndOffset());
        assertEquals(3, broker.follower().highWatermark());
        assertEquals(new FollowerRequest.Fetch(3, 5, 3, 0), fetch());
    }

    @Test
    void aCutBatchAtTheEndIsFetchedAgain() {
        ByteBuffer all = together(batch(0, 2, 2), batch(2, 3, 3));
        sends(5, all.limit(all.limit() - 1));
        assertEquals(2, broker.log().logEndOffset());
        assertEquals(2, broker.follower().highWatermark());
    }

    @Test
    void batchesOfALaterEpochThanTheOneFollowedAreLeftOut() {
        sends(9, together(batch(0, 3, 2), batch(2, 4, 3)));
        assertEquals(2, broker.log().logEndOffset());
    }

    @Test
    void aDamagedBatchIsNotAppendedAndTheFollowerWaitsAWhile() {
        ByteBuffer all = together(batch(0, 3, 2), batch(2, 3, 3));
        all.put(all.limit() - 1, (byte) 99);
        sends(5, all);
        assertEquals(0, broker.log().logEndOffset());
        assertEquals(0, broker.follower().highWatermark());
        assertTrue(broker.follower().next().isEmpty());
        broker.lane.pass(1_000);
        assertEquals(0, fetch().fetchOffset());
    }

    @Test
    void whateverALeaderSendsNothingIsLostThatWasThere() {
        sends(2, batch(0, 3, 2));
        ByteBuffer before = broker.read(0, 1_000);
        Property.check(200, random -> {
            ByteBuffer junk = ByteBuffer.wrap(random.bytes(random.nextInt(200)));
            if (random.nextBoolean() && junk.limit() > 17) junk.put(16, (byte) random.nextInt(4));
            if (random.nextBoolean() && junk.limit() > 12) junk.putInt(8, random.nextInt(-1, junk.limit()));
            broker.lane.pass(1_001);
            broker.follower().fetched(fetch(), random.anyLong(), 0, junk);
            assertEquals(2, broker.log().logEndOffset());
            assertEquals(2, broker.follower().highWatermark());
        });
        assertEquals(before, broker.read(0, 1_000));
    }

    @Test
    void offsetsThatRunOverAreRefused() {
        ByteBuffer last = batch(0, 3, 2);
        BatchHeader.setBaseOffset(last, 0, Long.MAX_VALUE - 1);
        sends(1, last);
        assertEquals(0, broker.log().logEndOffset());
    }

    @Test
    void batchesFurtherApartThanASegmentCanCountAreAppendedOneByOne() {
        long far = 3L << 31;
        sends(0, together(batch(0, 3, 1), batch(far, 3, 1)));
        assertEquals(1, broker.log().logEndOffset());
        sends(0, batch(far, 3, 1));
        assertEquals(far + 1, broker.log().logEndOffset());
        assertEquals(far, BatchHeader.baseOffset(broker.read(1, 1_000), 0));
    }

    @Test
    void anEpochWithoutRecordsIsForgottenIfTheLeaderDoesNotKnowIt() {
        sends(2, batch(0, 2, 2));
        broker.lead(4);
        broker.follow(5);
        FollowerRequest.Fetch first = fetch();
        assertEquals(4, first.lastFetchedEpoch());
        broker.follower().answered(first, new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 2)));
        assertEquals(2, fetch().lastFetchedEpoch());
        assertEquals(2, broker.log().logEndOffset());
    }

    @Test
    void nothingIsFetchedBehindACutUntilTheRecoveryPointIsWritten() {
        sends(2, together(batch(0, 2, 2), batch(2, 3, 6)));
        broker.force();
        assertEquals(8, broker.log().recoveryPoint());
        broker.writeCheckpoints();
        broker.follower().answered(fetch(), new FollowerAnswer.Diverges(new OffsetAndEpoch(2, 2)));
        assertEquals(2, broker.log().logEndOffset());
        List<String> told = new ArrayList<>();
        broker.follower().whenReady(() -> told.add("ready"));
        assertTrue(broker.follower().next().isEmpty());
        broker.writeCheckpoints();
        assertEquals(List.of("ready"), told);
        assertEquals(2, fetch().fetchOffset());
    }

    @Test
    void aFollowerWithoutSpaceTriesAgainUntilThereIsSome() {
        broker.refuseAppends(true);
        sends(2, batch(0, 3, 2));
        assertEquals(0, broker.log().logEndOffset());
        assertTrue(broker.follower().next().isEmpty());
        broker.lane.pass(1_000);
        broker.refuseAppends(false);
        sends(2, batch(0, 3, 2));
        assertEquals(2, broker.log().logEndOffset());
        assertEquals(PartitionFollower.State.FETCHING, broker.follower().state());
    }

    @Test
    void anAnswerOfAnEarlierLeadershipChangesNothing() {
        FollowerRequest.Fetch early = fetch();
        broker.follow(4);
        FollowerRequest.Fetch late = fetch();
        broker.follower().fetched(early, 2, 0, batch(0, 3, 2));
        assertEquals(0, broker.log().logEndOffset());
        broker.follower().fetched(late, 2, 0, batch(0, 4, 2));
        assertEquals(2, broker.log().logEndOffset());
    }

    @Test
    void whoWatchesIsWokenByTheHighWatermarkAndByTheEnd() {
        List<String> woken = new ArrayList<>();
        broker.follower().watch(() -> woken.add("woken"));
        sends(0, batch(0, 3, 2));
        assertEquals(List.of(), woken);
        sends(2, NOTHING);
        assertEquals(List.of("woken"), woken);
        broker.lead(4);
        assertEquals(List.of("woken", "woken"), woken);
    }

    @Test
    void recordsAreForcedAsTheTopicAsks() {
        sends(0, batch(0, 3, 1));
        broker.lane.run();
        assertEquals(0, broker.log().recoveryPoint());
        sends(0, batch(1, 3, 2));
        broker.lane.run();
        assertEquals(3, broker.log().recoveryPoint());
    }

    @Test
    void aLeaderWhoseLogStartsBehindTheOwnEndIsFollowedFromThere() {
        broker.follower().answered(fetch(), new FollowerAnswer.Refused(ErrorCode.OFFSET_OUT_OF_RANGE));
        FollowerRequest range = broker.follower().next().orElseThrow();
        broker.follower().answered(range, new FollowerAnswer.Range(100, 200));
        assertEquals(new FollowerRequest.Fetch(3, 100, -1, 100), fetch());
    }
}
