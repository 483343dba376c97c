package io.millrace.server.following;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.metadata.ConfigResource;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.ConfigRecord;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.records.TopicPartition;
import io.millrace.replication.PartitionId;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.TestBroker;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Broker 2 follows brokers 1 and 3, which the test plays, byte by byte. */
class FetchStreamsTest {
    private static final long BACKOFF_MS = 1_000;
    private static final FollowingSettings SETTINGS =
            new FollowingSettings(2, "PLAINTEXT", 500, 1, 1 << 16, 1 << 20, BACKOFF_MS, 30_000, 1 << 20);

    private final TestBroker broker = new TestBroker(1);
    private final ManualLane lane = broker.time.lane("following");
    private final PlayedLeader leader = new PlayedLeader();
    private final ModelLeaders model = new ModelLeaders();
    private final Map<PartitionId, FollowedReplica> replicas = new HashMap<>();
    private final Map<PartitionId, FollowerPartition> followers = new HashMap<>();
    private final FetchStreams streams = streams();

    private FetchStreams streams() {
        broker.register(1, 10, null);
        broker.register(2, 20, null);
        broker.register(3, 30, null);
        FetchStreams made = new FetchStreams(
                lane,
                broker.time,
                new SeededRandom(3),
                leader,
                SETTINGS,
                broker.home().followerThrottle(),
                BufferPool.poisoning(1 << 20, 4 << 20));
        lane.as(() -> made.brokersChanged(broker.image()));
        return made;
    }

    private static PartitionId id(int partition) {
        return new PartitionId(TestBroker.idOf("t"), partition);
    }

    private FollowedReplica make(int partition, int leaderBroker, String... values) {
        TopicPartition name = new TopicPartition("t", partition);
        FollowedReplica truth = new FollowedReplica(broker.disk, "truth", name, broker.time);
        for (String value : values) truth.append(4, Batches.of(value));
        model.partitions.put(id(partition), new ModelLeaders.Led(truth, leaderBroker, 4));
        FollowedReplica own = new FollowedReplica(broker.disk, "own", name, broker.time);
        replicas.put(id(partition), own);
        FollowerPartition follower = own.follow(4, BACKOFF_MS, lane);
        followers.put(id(partition), follower);
        lane.as(() -> streams.follow(TestBroker.idOf("t"), follower, leaderBroker));
        return own;
    }

    private FollowerPartition follower(int partition) {
        return Objects.requireNonNull(followers.get(id(partition)));
    }

    private ModelLeaders.Led led(int partition) {
        return Objects.requireNonNull(model.partitions.get(id(partition)));
    }

    private static int brokerAt(PlayedLeader.Asked asked) {
        return asked.host().charAt(asked.host().length() - 1) - '0';
    }

    /** What is asked now, after all that leads to it; versions are answered on the way. */
    private List<PlayedLeader.Asked> asked() {
        List<PlayedLeader.Asked> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            broker.time.run();
            lane.as(() -> all.addAll(leader.take()));
        }
        return all;
    }

    private FetchRequest onlyFetch(List<PlayedLeader.Asked> asked) {
        assertEquals(1, asked.size(), asked::toString);
        return (FetchRequest) asked.get(0).request();
    }

    private void answer(PlayedLeader.Asked asked, FetchResponse response) {
        lane.as(() -> leader.answer(asked, response));
        broker.time.run();
    }

    private int answerAll(int rounds) {
        int answered = 0;
        for (int i = 0; i < rounds; i++)
            for (PlayedLeader.Asked asked : asked()) {
                lane.as(() -> leader.answer(asked, model.answer(brokerAt(asked), asked.request())));
                answered++;
            }
        return answered;
    }

    private ByteBuffer all(FollowedReplica replica) {
        return replica.log.logEndOffset() == 0 ? ByteBuffer.allocate(0) : replica.read(0, 1 << 20);
    }

    @Test
    void theFirstFetchSaysWhoFollowsFromWhereAndInWhichLives() {
        make(0, 1);
        FetchRequest fetch = onlyFetch(asked());
        assertEquals(
                FetchRequest.ReplicaState.builder()
                        .replicaId(2)
                        .replicaEpoch(20)
                        .build(),
                fetch.replicaState());
        assertEquals(0, fetch.sessionEpoch());
        assertEquals(500, fetch.maxWaitMs());
        assertEquals(1, fetch.minBytes());
        assertEquals(1 << 20, fetch.maxBytes());
        assertEquals(
                List.of(FetchRequest.FetchTopic.builder()
                        .topicId(TestBroker.idOf("t"))
                        .partitions(List.of(FetchRequest.FetchPartition.builder()
                                .partition(0)
                                .currentLeaderEpoch(4)
                                .fetchOffset(0)
                                .lastFetchedEpoch(-1)
                                .logStartOffset(0)
                                .partitionMaxBytes(1 << 16)
                                .build()))
                        .build()),
                fetch.topics());
    }

    private void setRate(long bytesPerSecond) {
        broker.publish(ConfigRecord.builder()
                .resourceType(ConfigResource.Type.BROKER.code())
                .resourceName(String.valueOf(TestBroker.ID))
                .name("follower.replication.throttled.rate")
                .value(String.valueOf(bytesPerSecond))
                .build());
    }

    private static List<Integer> named(FetchRequest fetch) {
        return fetch.topics().stream()
                .flatMap(topic -> topic.partitions().stream().map(FetchRequest.FetchPartition::partition))
                .toList();
    }

    @Test
    void throttledFollowersAreNotAskedForWhileTheRateIsExceededAndOthersAre() {
        setRate(100);
        for (int i = 0; i < 2; i++) make(i, 1, "a" + "x".repeat(1_000), "b");
        led(0).highWatermark = 9;
        lane.as(() -> follower(0).throttle(true, 0));
        PlayedLeader.Asked first = asked().get(0);
        assertEquals(List.of(0, 1), named((FetchRequest) first.request()));
        lane.as(() -> leader.answer(first, model.answer(1, first.request())));
        // Some 1,070 bytes have come, which is enough for ten seconds.
        PlayedLeader.Asked second = asked().get(0);
        assertEquals(List.of(1), named((FetchRequest) second.request()));
        assertEquals(
                List.of(0),
                ((FetchRequest) second.request()).forgottenTopicsData().get(0).partitions());
        broker.time.advance(9_000);
        lane.as(() -> leader.answer(second, model.answer(1, second.request())));
        PlayedLeader.Asked third = asked().get(0);
        assertEquals(List.of(), named((FetchRequest) third.request()));
        broker.time.advance(3_000);
        lane.as(() -> leader.answer(third, model.answer(1, third.request())));
        assertEquals(List.of(0), named(onlyFetch(asked())));
    }

    @Test
    void aLeaderOfThrottledPartitionsAloneIsLeftInPeaceUntilTheyMayGoOn() {
        setRate(100);
        make(0, 1, "a" + "x".repeat(1_000), "b");
        led(0).highWatermark = 9;
        lane.as(() -> follower(0).throttle(true, 0));
        answerAll(1);
        assertEquals(List.of(), asked());
        int timers = lane.timerCount();
        broker.time.advance(5_000);
        assertEquals(List.of(), asked());
        assertEquals(timers, lane.timerCount());
        lane.as(() -> follower(0).throttle(false, 0));
        assertEquals(List.of(0), named(onlyFetch(asked())));
    }

    @Test
    void anotherRateCountsAtOnce() {
        setRate(100);
        make(0, 1, "a" + "x".repeat(1_000), "b");
        led(0).highWatermark = 9;
        lane.as(() -> follower(0).throttle(true, 0));
        answerAll(1);
        assertEquals(List.of(), asked());
        setRate(1 << 20);
        lane.as(() -> streams.throttleChanged());
        assertEquals(List.of(0), named(onlyFetch(asked())));
    }

    @Test
    void whoWasCaughtUpLatelyIsNotHeldBack() {
        setRate(100);
        make(0, 1, "a" + "x".repeat(1_000));
        led(0).highWatermark = 1;
        lane.as(() -> follower(0).throttle(true, 60_000));
        answerAll(1);
        assertEquals(List.of(0), named(onlyFetch(asked())));
    }

    @Test
    void followersOfManyPartitionsGetAllThereIsAndHowFarItIsCommitted() {
        for (int i = 0; i < 5; i++) make(i, i % 2 == 0 ? 1 : 3, "a" + i, "b" + i);
        answerAll(6);
        for (int i = 0; i < 5; i++) led(i).highWatermark = 2;
        answerAll(3);
        for (int i = 0; i < 5; i++) {
            assertEquals(all(led(i).truth), all(Objects.requireNonNull(replicas.get(id(i)))));
            assertEquals(2, follower(i).highWatermark());
        }
        assertEquals(2, leader.connectCount);
    }

    @Test
    void aFetchOfTwoThousandFollowedPartitionsNamesTheOneThatGotRecords() {
        for (int i = 0; i < 2_000; i++) make(i, 1);
        answerAll(6);
        int namedBefore = model.partitionsNamed;
        int bytesBefore = leader.receivedBytes;
        int fetchesBefore = model.fetchCount;
        for (int i = 0; i < 10; i++) {
            led(77).truth.append(4, Batches.of("x" + i));
            answerAll(1);
        }
        answerAll(1);
        assertEquals(10, Objects.requireNonNull(replicas.get(id(77))).log.logEndOffset());
        assertEquals(10, model.partitionsNamed - namedBefore);
        assertTrue(leader.receivedBytes - bytesBefore < (model.fetchCount - fetchesBefore) * 200);
    }

    @Test
    void whoeverIsToldThatItsOffsetIsOutOfRangeLooksWhereTheLogIs() {
        make(0, 1, "a", "b", "c");
        led(0).highWatermark = 3;
        led(0).truth.log.advanceHighWatermark(3);
        led(0).truth.log.advanceLogStartOffset(2);
        List<PlayedLeader.Asked> first = asked();
        answerAll(0);
        lane.as(() -> leader.answer(first.get(0), model.answer(1, first.get(0).request())));
        List<PlayedLeader.Asked> lookUps = asked();
        assertEquals(
                List.of(-2L, -1L),
                lookUps.stream()
                        .map(each -> ((ListOffsetsRequest) each.request())
                                .topics()
                                .get(0)
                                .partitions()
                                .get(0)
                                .timestamp())
                        .toList());
        for (PlayedLeader.Asked each : lookUps) lane.as(() -> leader.answer(each, model.answer(1, each.request())));
        answerAll(2);
        assertEquals(2, follower(0).log().logStartOffset());
        assertEquals(3, follower(0).log().logEndOffset());
    }

    @Test
    void aLeaderThatKnowsNoLivesOfBrokersIsNotFollowed() {
        leader.newestFetch = 14;
        make(0, 1, "a");
        for (int i = 0; i < 10; i++) {
            assertEquals(List.of(), asked());
            broker.time.advance(BACKOFF_MS / 2);
        }
        assertEquals(1, leader.connectCount);
        assertEquals(0, follower(0).log().logEndOffset());
    }

    @Test
    void aBrokerThatIsDownIsTriedLessAndLessOftenAndFollowedWhenItIsBack() {
        leader.refusesConnections = true;
        make(0, 1, "a");
        broker.time.advance(30_000);
        assertTrue(leader.connectCount > 20 && leader.connectCount < 60, () -> leader.connectCount + " attempts");
        leader.refusesConnections = false;
        broker.time.advance(1_300);
        answerAll(2);
        assertEquals(1, follower(0).log().logEndOffset());
    }

    @Test
    void oneRefusedPartitionDoesNotHoldUpTheOthersAndIsAskedForAgainLater() {
        make(0, 1, "a");
        make(1, 1, "b");
        led(0).leader = 3;
        answerAll(4);
        assertEquals(0, follower(0).log().logEndOffset());
        led(0).leader = 1;
        broker.time.advance(BACKOFF_MS);
        answerAll(3);
        assertEquals(1, follower(0).log().logEndOffset());
    }

    @Test
    void whoFollowsAnotherBrokerLeavesTheStreamAndItsConnectionIfItWasTheLast() {
        make(0, 1, "a");
        answerAll(2);
        led(0).leader = 3;
        led(0).epoch = 5;
        led(0).truth.append(5, Batches.of("b"));
        lane.as(() -> {
            follower(0).followIn(5);
            streams.follow(TestBroker.idOf("t"), follower(0), 3);
        });
        List<PlayedLeader.Asked> asked = asked();
        assertEquals(List.of(3), asked.stream().map(FetchStreamsTest::brokerAt).toList());
        for (PlayedLeader.Asked each : asked) lane.as(() -> leader.answer(each, model.answer(3, each.request())));
        answerAll(1);
        assertEquals(2, follower(0).log().logEndOffset());
        lane.as(streams::close);
        assertEquals(List.of(), asked());
        assertEquals(0, streams.size());
    }

    @Test
    void whoLeftAndComesBackInTheSameLeadershipIsServedAgain() {
        make(0, 1, "a");
        asked();
        lane.as(() -> {
            streams.leave(follower(0));
            streams.follow(TestBroker.idOf("t"), follower(0), 1);
        });
        broker.time.advance(BACKOFF_MS);
        answerAll(3);
        assertEquals(1, follower(0).log().logEndOffset());
    }

    @Test
    void anAnswerLongerThanAllThatWasAskedForAndABatchIsNotWaitedFor() {
        make(0, 1, "a");
        PlayedLeader.Asked asked = asked().get(0);
        ByteBuffer length = ByteBuffer.allocate(4).putInt(0, SETTINGS.longestAnswerBytes() + 1);
        lane.as(() -> leader.deliver(asked, length));
        assertTrue(asked.by().isClosed());
        broker.time.advance(100);
        answerAll(3);
        assertEquals(1, follower(0).log().logEndOffset());
    }

    @Test
    void aSessionThatIsLostIsBegunAnewAtOnce() {
        make(0, 1, "a");
        answerAll(2);
        List<PlayedLeader.Asked> waiting = asked();
        assertEquals(2, ((FetchRequest) waiting.get(0).request()).sessionEpoch());
        answer(
                waiting.get(0),
                FetchResponse.builder()
                        .errorCode(ErrorCode.INVALID_FETCH_SESSION_EPOCH.code())
                        .build());
        FetchRequest anew = onlyFetch(asked());
        assertEquals(0, anew.sessionEpoch());
        assertEquals(1, anew.topics().get(0).partitions().get(0).fetchOffset());
    }

    @Test
    void aDamagedAnswerIsAskedForAgainAfterAWhileAndMeanwhileNotAtAll() {
        make(0, 1, "a");
        make(1, 1);
        PlayedLeader.Asked asked = asked().get(0);
        FetchResponse response = (FetchResponse) model.answer(1, asked.request());
        ByteBuffer damaged = ((RecordsPayload.Buffer) Objects.requireNonNull(
                        response.responses().get(0).partitions().get(0).records()))
                .bytes();
        damaged.put(damaged.limit() - 1, (byte) 99);
        answer(asked, response);
        assertEquals(0, follower(0).log().logEndOffset());
        FetchRequest without = onlyFetch(asked());
        assertEquals(List.of(0), without.forgottenTopicsData().get(0).partitions());
        assertTrue(without.topics().isEmpty());
    }

    @Test
    void aLaneThatFollowsNobodyHasNoConnectionAndNoTimer() {
        make(0, 1, "a");
        answerAll(2);
        lane.as(() -> streams.leave(follower(0)));
        broker.time.run();
        assertEquals(List.of(), asked());
        assertFalse(lane.runTasks());
        assertEquals(0, lane.timerCount());
    }
}
