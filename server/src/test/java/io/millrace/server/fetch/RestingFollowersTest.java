package io.millrace.server.fetch;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.replication.IsrProposal;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.MemoryDisk;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.handlers.FetchHandler;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.FileRecords;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Broker 1 leads partition 0 of each topic, on two lanes. Its followers, brokers 2 and 3, are the test, by fetches in sessions. */
class RestingFollowersTest {
    private static final int LAG_MS = 10_000;
    private static final List<String> TOPICS = List.of("a", "b", "c", "d", "e");

    private final TestBroker broker =
            new TestBroker(2, new MemoryDisk(), Map.of("replica.lag.time.max.ms", String.valueOf(LAG_MS)));
    private int nextSession = 500;
    private FetchSessions sessions = new FetchSessions(10, () -> nextSession++);
    private FetchHandler handler = new FetchHandler(broker.home(), broker.view, sessions, 1 << 20);
    private final Map<String, int[]> epochs = new LinkedHashMap<>();

    RestingFollowersTest() {
        for (int id = 1; id <= 3; id++) broker.register(id, id * 10L, null);
    }

    private void create(String... topics) {
        for (String topic : topics) {
            broker.createReplicated(topic, List.of(1, 2, 3), List.of(1, 2, 3));
            epochs.put(topic, new int[] {4, 4});
        }
    }

    private LeaderPartition led(String topic) {
        return broker.partition(topic, 0);
    }

    private void append(String topic) {
        run(topic, () -> led(topic).append(Batches.of("x"), AppendOrigin.CLIENT));
    }

    private void deleteRecords(String topic) {
        run(topic, () -> led(topic).deleteRecordsBefore(led(topic).highWatermark()));
    }

    private void run(String topic, Runnable task) {
        broker.home().ownerOf(led(topic).name()).run(task);
        broker.time.run();
    }

    /** The controller has made something of a partition. */
    private void change(String topic, boolean isNewEpoch, List<Integer> isr) {
        int[] known = requireNonNull(epochs.get(topic));
        if (isNewEpoch) known[0]++;
        known[1] = Math.max(known[1], led(topic).partitionEpoch()) + 1;
        PartitionChangeRecord.Builder record = PartitionChangeRecord.builder()
                .topicId(TestBroker.idOf(topic))
                .partitionId(0)
                .isr(isr);
        broker.publish(isNewEpoch ? record.leader(1).build() : record.build());
    }

    private void commitProposals() {
        for (TestBroker.Proposed each : List.copyOf(broker.proposals)) {
            broker.proposals.remove(each);
            each.home().run(() -> {
                if (each.proposal().partitionEpoch() == each.partition().partitionEpoch()) each.commit();
            });
            broker.time.run();
        }
    }

    /** What a follower has of a partition, and has heard of its leader. */
    private static final class Replica {
        long offset;
        int lastEpoch = -1;
        int leaderEpoch = 4;
        long toldHighWatermark = -1;
        long toldLogStart = -1;
        ErrorCode error = ErrorCode.NONE;
    }

    private final class Follower {
        private final int id;
        private long life;
        private final Map<String, Replica> replicas = new LinkedHashMap<>();
        private final Set<String> changed = new LinkedHashSet<>();
        private final Set<String> forgotten = new LinkedHashSet<>();
        private int sessionId;
        private int sessionEpoch;
        private @Nullable RecordedExchange<FetchResponse> open;

        Follower(int id, String... topics) {
            this.id = id;
            this.life = id * 10L;
            for (String topic : topics) follow(topic);
        }

        Replica of(String topic) {
            return requireNonNull(replicas.get(topic));
        }

        void follow(String topic) {
            replicas.put(topic, new Replica());
            changed.add(topic);
        }

        void forget(String topic) {
            replicas.remove(topic);
            changed.remove(topic);
            forgotten.add(topic);
        }

        void ask(int maxWaitMs) {
            RecordedExchange<FetchResponse> exchange = new RecordedExchange<>(ApiKey.FETCH, 18);
            FetchRequest request = FetchRequest.builder()
                    .replicaState(FetchRequest.ReplicaState.builder()
                            .replicaId(id)
                            .replicaEpoch(life)
                            .build())
                    .sessionId(sessionId)
                    .sessionEpoch(sessionEpoch)
                    .minBytes(1)
                    .maxWaitMs(maxWaitMs)
                    .topics(changed.stream().map(this::wanted).toList())
                    .forgottenTopicsData(forgotten.stream()
                            .map(topic -> FetchRequest.ForgottenTopic.builder()
                                    .topicId(TestBroker.idOf(topic))
                                    .partitions(List.of(0))
                                    .build())
                            .toList())
                    .build();
            changed.clear();
            forgotten.clear();
            open = exchange;
            broker.onHome(() -> handler.handle(request, exchange));
        }

        private FetchRequest.FetchTopic wanted(String topic) {
            Replica replica = of(topic);
            return FetchRequest.FetchTopic.builder()
                    .topicId(TestBroker.idOf(topic))
                    .partitions(List.of(FetchRequest.FetchPartition.builder()
                            .partition(0)
                            .currentLeaderEpoch(replica.leaderEpoch)
                            .fetchOffset(replica.offset)
                            .lastFetchedEpoch(replica.lastEpoch)
                            .logStartOffset(0)
                            .partitionMaxBytes(1 << 20)
                            .build()))
                    .build();
        }

        boolean isAnswered() {
            return open != null && open.isAnswered();
        }

        /** Takes the answer; gives the topics it named. */
        Set<String> take() {
            RecordedExchange<FetchResponse> answered = requireNonNull(open);
            FetchResponse response = answered.reply();
            assertEquals(ErrorCode.NONE, ErrorCode.forCode(response.errorCode()));
            Set<String> named = new LinkedHashSet<>();
            for (var topic : response.responses())
                for (String name : replicas.keySet())
                    if (TestBroker.idOf(name).equals(topic.topicId())) {
                        named.add(name);
                        take(name, of(name), topic.partitions().get(0));
                    }
            answered.sent();
            broker.time.run();
            open = null;
            sessionEpoch = response.sessionId() == 0 ? 0 : sessionEpoch + 1;
            sessionId = response.sessionId();
            if (sessionId == 0) changed.addAll(replicas.keySet());
            return named;
        }

        private void take(String name, Replica replica, FetchResponse.PartitionData data) {
            replica.error = ErrorCode.forCode(data.errorCode());
            if (replica.error != ErrorCode.NONE) {
                int newest = requireNonNull(epochs.get(name))[0];
                if (replica.leaderEpoch != newest) changed.add(name);
                replica.leaderEpoch = newest;
                return;
            }
            replica.toldHighWatermark = data.highWatermark();
            replica.toldLogStart = data.logStartOffset();
            if (!(data.records() instanceof FileRecords records) || records.sizeBytes() == 0) return;
            ByteBuffer batches = records.toBuffer();
            for (int at = 0; at < batches.limit(); at += 12 + batches.getInt(at + 8)) {
                assertEquals(replica.offset, batches.getLong(at), "the next one is sent");
                replica.offset++;
                replica.lastEpoch = batches.getInt(at + 12);
            }
            changed.add(name);
        }

        /** Fetches without waiting. */
        Set<String> round() {
            ask(0);
            return take();
        }

        FetchSession session() {
            return requireNonNull(sessions.find(sessionId));
        }

        List<String> lookedAtNext() {
            List<String> found = new ArrayList<>();
            for (FollowedPartition partition : session().due())
                for (String topic : TOPICS)
                    if (TestBroker.idOf(topic).equals(partition.key().topicId())) found.add(topic);
            return found;
        }
    }

    private void settle(Follower... followers) {
        for (int i = 0; i < 6; i++) {
            for (Follower each : followers) {
                if (each.isAnswered()) each.take();
                if (each.open == null) each.round();
            }
            commitProposals();
        }
    }

    @Test
    void aFetchLooksAtNothingThatHasBeenToldAndHasNotChanged() {
        create("a", "b", "c");
        Follower two = new Follower(2, "a", "b", "c");
        Follower three = new Follower(3, "a", "b", "c");
        append("a");
        settle(two, three);
        assertEquals(List.of(), two.lookedAtNext());
        append("b");
        assertEquals(List.of("b"), two.lookedAtNext());
        assertEquals(Set.of("b"), two.round());
        settle(two, three);
        assertEquals(List.of(), two.lookedAtNext());
        assertEquals(1, two.of("b").toldHighWatermark);
    }

    @Test
    void aFetchForWhichEverythingRestsIsAnsweredWhenAPartitionOfEitherLaneGrows() {
        create("a", "b", "c", "d");
        Follower two = new Follower(2, "a", "b", "c", "d");
        Follower three = new Follower(3, "a", "b", "c", "d");
        Set<Integer> lanes = new LinkedHashSet<>();
        for (String grows : List.of("a", "b", "c", "d")) {
            settle(two, three);
            two.ask(500);
            assertFalse(two.isAnswered());
            append(grows);
            assertTrue(two.isAnswered());
            assertEquals(Set.of(grows), two.take());
            assertEquals(1, two.of(grows).offset);
            lanes.add(broker.home().ownerOf(led(grows).name()).index());
        }
        assertEquals(Set.of(0, 1), lanes);
        settle(two, three);
        two.ask(500);
        broker.time.advance(499);
        assertFalse(two.isAnswered());
        broker.time.advance(1);
        assertEquals(Set.of(), two.take());
    }

    @Test
    void aHighWatermarkThatMovesDoesNotEndTheWaitAndIsToldByTheNextFetch() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        append("a");
        two.round();
        two.round();
        two.ask(500);
        assertEquals(0, led("a").highWatermark());
        three.round();
        three.round();
        assertEquals(1, led("a").highWatermark());
        assertFalse(two.isAnswered());
        broker.time.advance(500);
        two.take();
        assertEquals(Set.of("a"), two.round());
        assertEquals(1, two.of("a").toldHighWatermark);
    }

    @Test
    void whatIsToBeToldByTheNextFetchStillEndsTheWaitWhenItGrows() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        append("a");
        two.round();
        two.round();
        two.ask(500);
        three.round();
        three.round();
        assertEquals(1, led("a").highWatermark());
        assertFalse(two.isAnswered());
        append("a");
        assertTrue(two.isAnswered());
        assertEquals(Set.of("a"), two.take());
        assertEquals(2, two.of("a").offset);
    }

    @Test
    void deletedRecordsAreToldByTheNextFetch() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        append("a");
        settle(two, three);
        deleteRecords("a");
        assertEquals(Set.of("a"), two.round());
        assertEquals(1, two.of("a").toldLogStart);
    }

    @Test
    void aTopicThatIsDeletedOrLedInAnotherEpochEndsTheWait() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        two.ask(500);
        change("a", true, List.of(1, 2, 3));
        assertTrue(two.isAnswered());
        assertEquals(Set.of("a"), two.take());
        assertEquals(ErrorCode.FENCED_LEADER_EPOCH, two.of("a").error);
        settle(two, three);
        two.ask(500);
        assertFalse(two.isAnswered());
        broker.delete("b");
        assertTrue(two.isAnswered());
        assertEquals(Set.of("b"), two.take());
        assertTrue(
                Set.of(ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.NOT_LEADER_OR_FOLLOWER)
                        .contains(two.of("b").error),
                () -> two.of("b").error.toString());
        two.round();
        assertEquals(ErrorCode.UNKNOWN_TOPIC_ID, two.of("b").error);
    }

    @Test
    void aFollowerThatRestedAndFetchedHasItsTimeToFollowWhenTheLogGrows() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        for (int i = 0; i < 10; i++) {
            broker.time.advance(LAG_MS / 2);
            two.round();
            three.round();
        }
        append("a");
        broker.time.advance(LAG_MS - 1);
        assertEquals(List.of(), broker.proposals);
        broker.time.advance(LAG_MS);
        assertEquals(1, broker.proposals.size());
        assertEquals(
                List.of(1),
                broker.proposals.get(0).proposal().isr().stream()
                        .map(IsrProposal.Member::brokerId)
                        .toList());
    }

    @Test
    void aFollowerThatRestedAndFetchesNoMoreWasLastCaughtUpAtItsLastFetch() {
        create("a");
        Follower two = new Follower(2, "a");
        Follower three = new Follower(3, "a");
        settle(two, three);
        broker.time.advance(2 * LAG_MS);
        three.round();
        append("a");
        broker.time.advance(LAG_MS / 2);
        assertEquals(
                List.of(1, 3),
                broker.proposals.get(0).proposal().isr().stream()
                        .map(IsrProposal.Member::brokerId)
                        .toList());
    }

    @Test
    void ofAnotherLifeOfTheBrokerEverythingIsLookedAt() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        broker.register(2, 21, null);
        two.life = 21;
        two.ask(500);
        // It is in sync in its earlier life only, for all the leader knows; what it says now counts.
        broker.time.advance(500);
        two.take();
        append("a");
        two.round();
        two.round();
        three.round();
        three.round();
        assertEquals(1, led("a").highWatermark());
        // The life before says nothing any more.
        two.life = 20;
        two.sessionId = 0;
        two.sessionEpoch = 0;
        two.changed.addAll(List.of("a", "b"));
        two.round();
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, two.of("a").error);
    }

    @Test
    void aSessionThatMovesToAnotherLaneGoesOnThere() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        FetchSessions elsewhere = new FetchSessions(10, () -> nextSession++);
        broker.onHome(() -> elsewhere.takeOver(sessions.giveAway(two.sessionId).orElseThrow()));
        sessions = elsewhere;
        handler = new FetchHandler(broker.home(), broker.view, elsewhere, 1 << 20);
        assertEquals(Set.of("a", "b"), Set.copyOf(two.lookedAtNext()));
        assertEquals(Set.of(), two.round());
        assertEquals(List.of(), two.lookedAtNext());
        two.ask(500);
        append("b");
        assertEquals(Set.of("b"), two.take());
    }

    @Test
    void aSessionWithAFetchUnderWayStaysWhereItIs() {
        create("a");
        Follower two = new Follower(2, "a");
        settle(two, new Follower(3, "a"));
        two.ask(500);
        broker.onHome(() -> assertTrue(sessions.giveAway(two.sessionId).isEmpty()));
        broker.time.advance(500);
        assertTrue(two.isAnswered());
    }

    @Test
    void whatGrowsAfterItsLookAndBeforeTheLastLookOfTheFetchDoesNotRest() {
        create("a", "c");
        Follower two = new Follower(2, "a", "c");
        Follower three = new Follower(3, "a", "c");
        settle(two, three);
        append("a");
        append("c");
        two.round();
        three.round();
        three.round();
        led("c").follow(c -> led("a").append(Batches.of("x"), AppendOrigin.CLIENT));
        two.ask(500);
        assertEquals(1, led("c").highWatermark(), "the second look moved it");
        assertEquals(2, led("a").log().logEndOffset(), "which made the first one's partition grow");
        broker.time.advance(500);
        two.take();
        two.round();
        assertEquals(2, two.of("a").offset);
    }

    @Test
    void aFollowerThatRestsAndFetchesIsNotSilent() {
        create("a");
        Follower two = new Follower(2, "a");
        Follower three = new Follower(3, "a");
        settle(two, three);
        for (int i = 0; i < 3; i++) {
            broker.time.advance(2_000);
            two.round();
            three.round();
            run("a", () -> led("a").controllerIsSilent(3_000));
            assertEquals(ErrorCode.NONE, led("a").appendForAll());
        }
        broker.time.advance(2_000);
        three.round();
        broker.time.advance(1_001);
        run("a", () -> led("a").controllerIsSilent(3_000));
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER, led("a").appendForAll());
    }

    @Test
    void anAnswerThatIsNeverSentSaysNothing() {
        create("a", "b");
        Follower two = new Follower(2, "a", "b");
        Follower three = new Follower(3, "a", "b");
        settle(two, three);
        append("a");
        two.round();
        two.ask(500);
        three.round();
        three.round();
        broker.onHome(requireNonNull(two.open)::abandon);
        assertTrue(two.lookedAtNext().contains("a"));
    }

    @Test
    void ofTwoFetchesOfOneSessionTheFirstIsAnswered() {
        create("a");
        Follower two = new Follower(2, "a");
        settle(two, new Follower(3, "a"));
        two.ask(500);
        RecordedExchange<FetchResponse> first = requireNonNull(two.open);
        two.sessionEpoch++;
        two.ask(500);
        assertTrue(first.isAnswered());
        assertFalse(two.isAnswered());
        append("a");
        assertEquals(Set.of("a"), two.take());
    }

    @Test
    void whateverHappensFollowersHaveHeardOfItInTheEnd() {
        Property.check(60, RestingFollowersTest::story);
    }

    private static void story(SeededRandom random) {
        new RestingFollowersTest().live(random);
    }

    private void live(SeededRandom random) {
        create(TOPICS.toArray(String[]::new));
        Follower two = new Follower(2, TOPICS.toArray(String[]::new));
        Follower three = new Follower(3, TOPICS.toArray(String[]::new));
        for (int i = 0; i < 120; i++) {
            String topic = random.pick(TOPICS);
            Follower who = random.pick(two, three);
            if (who.isAnswered()) who.take();
            switch (random.nextInt(12)) {
                case 0, 1 -> append(topic);
                case 2, 3, 4 -> {
                    if (who.open == null) who.ask(0);
                }
                case 5, 6 -> {
                    if (who.open == null) who.ask(500);
                }
                case 7 -> broker.time.advance(random.nextInt(3_000));
                case 8 -> commitProposals();
                case 9 -> deleteRecords(topic);
                case 10 -> change(topic, random.nextBoolean(), led(topic).isr());
                default -> {
                    if (who.open != null || !who.replicas.containsKey(topic)) continue;
                    Replica before = who.of(topic);
                    who.forget(topic);
                    if (who.sessionId != 0) who.round();
                    who.replicas.put(topic, before);
                    who.changed.add(topic);
                }
            }
        }
        broker.time.advance(500);
        settle(two, three);
        for (Follower each : List.of(two, three)) {
            each.replicas.forEach((topic, replica) -> {
                LeaderPartition leader = led(topic);
                String of = " of " + topic + " at " + each.id;
                assertEquals(leader.log().logEndOffset(), replica.offset, "end" + of);
                assertEquals(leader.log().logStartOffset(), replica.toldLogStart, "start" + of);
                assertEquals(leader.highWatermark(), replica.toldHighWatermark, "high watermark" + of);
                assertEquals(leader.log().logEndOffset(), leader.highWatermark(), "committed" + of);
                assertEquals(Set.of(1, 2, 3), Set.copyOf(leader.isr()), "in sync" + of);
            });
            assertEquals(List.of(), each.lookedAtNext());
        }
    }
}
