package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SourceFetchesTest {
    private static final Uuid TOPIC = new Uuid(1, 2);
    private static final long BACKOFF_MS = 100;

    private final SourceFetches<FakeReplica> fetches = new SourceFetches<>();
    private final List<FakeReplica> replicas = new ArrayList<>();

    private static PartitionId id(int partition) {
        return new PartitionId(TOPIC, partition);
    }

    /** Asks for what comes after what it has. */
    private static final class FakeReplica implements SourceFetches.Replica {
        int epoch = 1;
        long end;
        long highWatermark;
        long waitUntilMs = Long.MIN_VALUE;
        long nowMs;
        boolean isLookingUp;
        int askedCount;
        boolean isThrottled;

        @Nullable
        FollowerRequest open;

        @Override
        public int leaderEpoch() {
            return epoch;
        }

        @Override
        public Optional<FollowerRequest> next() {
            askedCount++;
            if (open != null || nowMs < waitUntilMs) return Optional.empty();
            open = isLookingUp
                    ? new FollowerRequest.LogRange(epoch)
                    : new FollowerRequest.Fetch(epoch, end, end == 0 ? -1 : 0, 0);
            return Optional.of(open);
        }

        @Override
        public long waitUntilMs() {
            return waitUntilMs;
        }

        @Override
        public boolean isThrottled() {
            return isThrottled;
        }

        @SuppressWarnings("ReferenceEquality") // of two equal requests the second may be open
        void gets(FollowerRequest request, long records, long itsHighWatermark) {
            if (request != open) throw new AssertionError("an answer to " + request + " while " + open + " is open");
            open = null;
            isLookingUp = false;
            end += records;
            highWatermark = Math.max(highWatermark, Math.min(end, itsHighWatermark));
        }

        void waits() {
            open = null;
            waitUntilMs = nowMs + BACKOFF_MS;
        }

        void followIn(int newEpoch) {
            epoch = newEpoch;
            open = null;
            waitUntilMs = Long.MIN_VALUE;
        }
    }

    private void follow(int count) {
        for (int i = 0; i < count; i++) {
            FakeReplica replica = new FakeReplica();
            replicas.add(replica);
            fetches.follow(id(i), replica);
        }
    }

    private static List<Integer> named(SourceFetches.Round<FakeReplica> round) {
        return round.fetches().stream().map(ask -> ask.partition().partition()).toList();
    }

    private void answer(int partition, long records) {
        SourceFetches.Ask<FakeReplica> ask = fetches.asked(id(partition)).orElseThrow();
        ask.replica().gets(ask.request(), records, Long.MAX_VALUE);
        fetches.answered(ask);
    }

    @Test
    void oneBusyPartitionOfTwoThousandIsAllThatIsAskedAndSaid() {
        follow(2_000);
        for (int i = 0; i < 3; i++) {
            SourceFetches.Round<FakeReplica> adding = fetches.next(0);
            assertEquals(i < 2 ? 1_000 : 0, adding.fetches().size());
            assertEquals(i == 0, adding.hasMore());
            assertEquals(SourceFetches.Verdict.TAKEN, fetches.fetched(ErrorCode.NONE, 77));
            if (i > 0) continue;
            for (int named : named(adding)) answer(named, 0);
        }
        for (FakeReplica replica : replicas) replica.askedCount = 0;
        for (int i = 0; i < 10; i++) {
            answer(7, 3);
            SourceFetches.Round<FakeReplica> round = fetches.next(0);
            assertEquals(List.of(7), named(round));
            assertEquals(SourceFetches.Verdict.TAKEN, fetches.fetched(ErrorCode.NONE, 77));
        }
        assertEquals(
                10, replicas.stream().mapToInt(replica -> replica.askedCount).sum());
    }

    @Test
    void whoWaitsOutAnErrorIsForgottenBySourceUntilThen() {
        follow(2);
        fetches.next(0);
        fetches.fetched(ErrorCode.NONE, 5);
        SourceFetches.Ask<FakeReplica> ask = fetches.asked(id(1)).orElseThrow();
        ask.replica().waits();
        fetches.answered(ask);
        SourceFetches.Round<FakeReplica> without = fetches.next(0);
        assertEquals(List.of(id(1)), without.forgotten());
        assertTrue(without.isFetchDue());
        assertEquals(BACKOFF_MS, fetches.nextAtMs());
        fetches.fetched(ErrorCode.NONE, 5);
        replicas.get(1).nowMs = BACKOFF_MS;
        assertEquals(List.of(1), named(fetches.next(BACKOFF_MS)));
    }

    @Test
    void whoIsThrottledIsForgottenBySourceUntilTheThrottleOpensAndKeepsWhatItAsked() {
        follow(3);
        replicas.get(1).isThrottled = true;
        fetches.ready(id(1));
        assertEquals(List.of(0, 1, 2), named(fetches.next(0)));
        fetches.fetched(ErrorCode.NONE, 5);
        answer(0, 1);
        SourceFetches.Round<FakeReplica> without = fetches.next(10, 500);
        assertEquals(List.of(0), named(without));
        assertEquals(List.of(id(1)), without.forgotten());
        assertFalse(without.hasMore());
        assertEquals(500, fetches.nextAtMs());
        fetches.fetched(ErrorCode.NONE, 5);
        assertEquals(List.of(), named(fetches.next(499, 600)));
        assertEquals(600, fetches.nextAtMs());
        fetches.fetched(ErrorCode.NONE, 5);
        assertEquals(List.of(1), named(fetches.next(600, 0)));
        assertEquals(1, replicas.get(1).askedCount);
    }

    @Test
    void aSourceOfThrottledReplicasAloneIsAskedNothingUntilThen() {
        follow(2);
        for (FakeReplica replica : replicas) replica.isThrottled = true;
        for (int i = 0; i < 2; i++) fetches.ready(id(i));
        assertFalse(fetches.next(0, 500).isFetchDue());
        assertEquals(500, fetches.nextAtMs());
        fetches.throttleChanged();
        assertEquals(List.of(0, 1), named(fetches.next(1, 1)));
    }

    @Test
    void whoWantsToKnowWhereTheLogIsIsNotFetchedFor() {
        follow(1);
        replicas.get(0).isLookingUp = true;
        SourceFetches.Round<FakeReplica> round = fetches.next(0);
        assertFalse(round.isFetchDue());
        assertEquals(1, round.lookUps().size());
        SourceFetches.Ask<FakeReplica> ask = round.lookUps().get(0);
        assertTrue(fetches.isOpen(ask));
        ask.replica().gets(ask.request(), 10, 0);
        fetches.answered(ask);
        assertEquals(
                new FollowerRequest.Fetch(1, 10, 0, 0),
                fetches.next(0).fetches().get(0).request());
    }

    @Test
    void aSourceWithoutSessionsIsToldEverythingEachTime() {
        follow(3_000);
        assertEquals(1_000, fetches.next(0).fetches().size());
        fetches.fetched(ErrorCode.NONE, 0);
        for (int i = 0; i < 3; i++) {
            SourceFetches.Round<FakeReplica> round = fetches.next(0);
            assertEquals(3_000, round.fetches().size());
            assertEquals(0, round.sessionEpoch());
            assertFalse(round.hasMore());
            fetches.fetched(ErrorCode.NONE, 0);
            answer(i, 1);
        }
    }

    @Test
    void aFullAnswerThatLeavesSomebodyOutIsNoAnswerToThem() {
        follow(2);
        SourceFetches.Round<FakeReplica> round = fetches.next(0);
        fetches.fetched(ErrorCode.NONE, 5);
        answer(0, 0);
        assertEquals(
                List.of(1),
                fetches.unmentioned(round).stream()
                        .map(ask -> ask.partition().partition())
                        .toList());
    }

    @Test
    void aSessionThatTheSourceLostIsBegunAnewAtOnceAndOneItCannotBeginAfterAWhile() {
        follow(2);
        fetches.next(0);
        assertEquals(SourceFetches.Verdict.WAIT, fetches.fetched(ErrorCode.INVALID_FETCH_SESSION_EPOCH, 0));
        fetches.next(0);
        fetches.fetched(ErrorCode.NONE, 5);
        for (ErrorCode lost : List.of(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                ErrorCode.INVALID_FETCH_SESSION_EPOCH,
                ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)) {
            assertEquals(1, fetches.next(0).sessionEpoch());
            assertEquals(SourceFetches.Verdict.ASK_AGAIN, fetches.fetched(lost, 0));
            SourceFetches.Round<FakeReplica> anew = fetches.next(0);
            assertEquals(0, anew.sessionEpoch());
            assertEquals(lost == ErrorCode.FETCH_SESSION_ID_NOT_FOUND ? 0 : 5, anew.sessionId());
            assertEquals(2, anew.fetches().size());
            fetches.fetched(ErrorCode.NONE, 5);
        }
        fetches.next(0);
        assertEquals(SourceFetches.Verdict.ASK_AGAIN, fetches.fetched(ErrorCode.NONE, 6));
        fetches.next(0);
        assertEquals(SourceFetches.Verdict.WAIT, fetches.fetched(ErrorCode.UNKNOWN_SERVER_ERROR, 0));
    }

    @Test
    void whatTheReplicaDidNotHearIsSaidAgain() {
        follow(1);
        fetches.next(0);
        fetches.fetched(ErrorCode.NONE, 5);
        fetches.next(0);
        replicas.get(0).followIn(2);
        fetches.ready(id(0));
        fetches.fetched(ErrorCode.NONE, 5);
        assertEquals(Optional.empty(), fetches.asked(id(0)));
        SourceFetches.Round<FakeReplica> anew = fetches.next(0);
        assertEquals(0, anew.sessionEpoch());
        assertEquals(2, ((FollowerRequest.Fetch) anew.fetches().get(0).request()).leaderEpoch());
    }

    /** A leader with logs that only grow, which remembers for a session as Kafka's do: additions first, then what is forgotten. */
    private static final class ModelSource {
        private record Told(long highWatermark) {}

        final Map<PartitionId, Long> ends = new HashMap<>();
        final Map<PartitionId, Long> highWatermarks = new HashMap<>();
        final Map<PartitionId, FollowerRequest.Fetch> session = new LinkedHashMap<>();
        final Map<PartitionId, Told> told = new HashMap<>();
        int id;
        int epoch;
        int nextId = 1;

        /** What it answers about partitions: null for an error of the whole. */
        @Nullable
        List<PartitionId> take(SourceFetches.Round<FakeReplica> round, boolean givesSession) {
            boolean isFull = round.sessionEpoch() == 0;
            if (!isFull && (round.sessionId() != id || id == 0)) return null;
            if (!isFull && round.sessionEpoch() != epoch) return null;
            if (isFull) {
                session.clear();
                told.clear();
                id = givesSession ? nextId++ : 0;
                epoch = 0;
            }
            for (var ask : round.fetches()) session.put(ask.partition(), (FollowerRequest.Fetch) ask.request());
            for (PartitionId gone : round.forgotten()) {
                session.remove(gone);
                told.remove(gone);
            }
            epoch++;
            List<PartitionId> mentioned = new ArrayList<>();
            session.forEach((partition, fetch) -> {
                Told now = new Told(highWatermarks.getOrDefault(partition, 0L));
                boolean hasRecords = fetch.fetchOffset() < ends.getOrDefault(partition, 0L);
                boolean isNews = hasRecords || !now.equals(told.put(partition, now));
                if (isFull || isNews) mentioned.add(partition);
            });
            if (!givesSession) id = 0;
            return mentioned;
        }
    }

    @Test
    void whateverIsLostEverybodyComesToKnowAllOfIt() {
        Property.check(400, random -> new Story(random).run());
    }

    private static final class Story {
        private final SeededRandom random;
        private final SourceFetches<FakeReplica> fetches = new SourceFetches<>();
        private final Map<PartitionId, FakeReplica> replicas = new HashMap<>();
        private final ModelSource source = new ModelSource();
        private long nowMs;
        private long throttledUntilMs;

        Story(SeededRandom random) {
            this.random = random;
        }

        void run() {
            for (int step = 0; step < 60; step++) {
                disturb();
                round(true);
            }
            throttledUntilMs = nowMs;
            fetches.throttleChanged();
            nowMs += BACKOFF_MS;
            for (int step = 0; step < 12; step++) {
                nowMs += BACKOFF_MS;
                round(false);
            }
            replicas.forEach((partition, replica) -> {
                assertEquals(source.ends.getOrDefault(partition, 0L), replica.end, () -> partition + " is behind");
                assertEquals(
                        source.highWatermarks.getOrDefault(partition, 0L),
                        replica.highWatermark,
                        () -> partition + " has an old high watermark");
            });
            assertTrue(
                    Set.copyOf(source.session.keySet()).equals(replicas.keySet()) || replicas.isEmpty(),
                    () -> source.session.keySet() + " are believed wanted, " + replicas.keySet() + " are");
        }

        private void disturb() {
            nowMs += random.nextInt(60);
            PartitionId partition = id(random.nextInt(6));
            FakeReplica replica = replicas.get(partition);
            switch (random.nextInt(9)) {
                case 0 -> {
                    if (replica != null) {
                        fetches.leave(partition);
                        replicas.remove(partition);
                    }
                }
                case 1 -> {
                    if (replica != null) {
                        replica.followIn(replica.epoch + 1);
                        fetches.ready(partition);
                    }
                }
                case 2 -> source.highWatermarks.put(partition, source.ends.getOrDefault(partition, 0L));
                case 4 -> {
                    if (replica == null) return;
                    replica.isThrottled = !replica.isThrottled;
                    fetches.ready(partition);
                }
                case 5 -> {
                    throttledUntilMs = nowMs + random.nextInt(200);
                    if (random.nextBoolean()) fetches.throttleChanged();
                }
                case 3 -> source.ends.merge(partition, 1L + random.nextInt(3), Long::sum);
                default -> {
                    if (replica == null) {
                        FakeReplica fresh = new FakeReplica();
                        replicas.put(partition, fresh);
                        fetches.follow(partition, fresh);
                    }
                }
            }
        }

        private void round(boolean hasFaults) {
            for (FakeReplica replica : replicas.values()) replica.nowMs = nowMs;
            SourceFetches.Round<FakeReplica> round = fetches.next(nowMs, throttledUntilMs);
            Set<PartitionId> both = new LinkedHashSet<>(round.forgotten());
            for (var ask : round.fetches()) assertFalse(both.contains(ask.partition()), "said and forgotten at once");
            boolean isClosed = throttledUntilMs > nowMs;
            for (var ask : round.fetches())
                assertFalse(isClosed && ask.replica().isThrottled, "asked for while the throttle is used up");
            if (!round.isFetchDue()) return;
            int fault = hasFaults ? random.nextInt(12) : 11;
            if (fault == 0) {
                fetches.lost();
                return;
            }
            if (fault == 1) source.id = 0;
            if (fault == 2 && round.sessionEpoch() != 0) source.epoch += 5;
            List<PartitionId> mentioned = source.take(round, fault != 3);
            if (mentioned != null && isClosed)
                for (PartitionId wanted : source.session.keySet()) {
                    FakeReplica replica = replicas.get(wanted);
                    assertFalse(
                            replica != null && replica.isThrottled, "still asked for while the throttle is used up");
                }
            if (fault == 4) {
                fetches.lost();
                return;
            }
            // What happens while the answer is under way.
            if (hasFaults && random.nextBoolean()) disturb();
            if (mentioned == null) {
                fetches.fetched(ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 0);
                return;
            }
            assertEquals(SourceFetches.Verdict.TAKEN, fetches.fetched(ErrorCode.NONE, source.id));
            for (PartitionId partition : mentioned) answer(partition, fault == 5);
            for (var ask : fetches.unmentioned(round)) {
                ask.replica().waits();
                fetches.answered(ask);
            }
        }

        private void answer(PartitionId partition, boolean isUnusable) {
            SourceFetches.Ask<FakeReplica> ask = fetches.asked(partition).orElse(null);
            if (ask == null) return;
            FakeReplica replica = ask.replica();
            if (isUnusable) replica.waits();
            else
                replica.gets(
                        ask.request(),
                        source.ends.getOrDefault(partition, 0L) - replica.end,
                        source.highWatermarks.getOrDefault(partition, 0L));
            fetches.answered(ask);
        }
    }
}
