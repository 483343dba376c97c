package io.millrace.server.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FetchSessionsTest {
    private static final int FULL = 0;
    private static final int SESSIONLESS = -1;

    private int nextRandom = 100;
    private FetchSessions sessions = new FetchSessions(3, () -> nextRandom++);

    private static FetchRequest.FetchPartition partition(int index, long offset) {
        return FetchRequest.FetchPartition.builder()
                .partition(index)
                .fetchOffset(offset)
                .partitionMaxBytes(1000)
                .build();
    }

    private static FetchRequest request(int sessionId, int epoch, List<Integer> wanted, List<Integer> forgotten) {
        return FetchRequest.builder()
                .sessionId(sessionId)
                .sessionEpoch(epoch)
                .topics(
                        wanted.isEmpty()
                                ? List.of()
                                : List.of(FetchRequest.FetchTopic.builder()
                                        .topic("t")
                                        .partitions(wanted.stream()
                                                .map(index -> partition(index, 10 + index))
                                                .toList())
                                        .build()))
                .forgottenTopicsData(
                        forgotten.isEmpty()
                                ? List.of()
                                : List.of(FetchRequest.ForgottenTopic.builder()
                                        .topic("t")
                                        .partitions(forgotten)
                                        .build()))
                .build();
    }

    private FetchSessions.Plan plan(int sessionId, int epoch, List<Integer> wanted, List<Integer> forgotten) {
        return sessions.plan(request(sessionId, epoch, wanted, forgotten), false, 0);
    }

    private int open(Integer... partitions) {
        return plan(0, FULL, List.of(partitions), List.of()).sessionId();
    }

    private static List<Integer> numbers(FetchSessions.Plan plan) {
        return plan.partitions().stream().map(p -> p.key().partition()).toList();
    }

    @Test
    void aFullFetchMakesASessionAndReadsWhatItNames() {
        FetchSessions.Plan plan = plan(0, FULL, List.of(2, 0, 1), List.of());
        assertEquals(ErrorCode.NONE, plan.error());
        assertTrue(plan.sessionId() > 0);
        assertFalse(plan.isIncremental());
        assertEquals(List.of(2, 0, 1), numbers(plan));
        assertEquals(1, sessions.size());
        assertEquals(3, sessions.followedCount());
    }

    @Test
    void anIncrementalFetchReadsEverythingFollowedWithWhatItChanged() {
        int id = open(0, 1, 2);
        FetchSessions.Plan plan = plan(id, 1, List.of(3), List.of(1));
        assertEquals(id, plan.sessionId());
        assertTrue(plan.isIncremental());
        assertEquals(List.of(0, 2, 3), numbers(plan));
        assertEquals(
                List.of(10L, 12L, 13L),
                plan.partitions().stream().map(p -> p.fetchOffset()).toList());
    }

    @Test
    void aPartitionNamedAgainTakesItsNewOffsetAndKeepsItsPlace() {
        int id = open(0, 1);
        FetchRequest moved = request(id, 1, List.of(), List.of()).toBuilder()
                .topics(List.of(FetchRequest.FetchTopic.builder()
                        .topic("t")
                        .partitions(List.of(partition(0, 99)))
                        .build()))
                .build();
        FetchSessions.Plan plan = sessions.plan(moved, false, 0);
        assertEquals(List.of(0, 1), numbers(plan));
        assertEquals(99, plan.partitions().get(0).fetchOffset());
    }

    @Test
    void eachIncrementalFetchHasToCarryTheNextEpoch() {
        int id = open(0);
        assertEquals(
                ErrorCode.INVALID_FETCH_SESSION_EPOCH,
                plan(id, 2, List.of(), List.of()).error());
        assertEquals(ErrorCode.NONE, plan(id, 1, List.of(), List.of()).error());
        assertEquals(
                ErrorCode.INVALID_FETCH_SESSION_EPOCH,
                plan(id, 1, List.of(), List.of()).error());
        assertEquals(ErrorCode.NONE, plan(id, 2, List.of(), List.of()).error());
    }

    @Test
    void aFollowersSessionTakesThePlaceOfAClientsAndNeverOfAnotherFollowers() {
        sessions = new FetchSessions(2, () -> nextRandom++);
        int client = plan(0, FULL, List.of(1), List.of()).sessionId();
        int first = planOfReplica(2).sessionId();
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                plan(planOfReplica(3).sessionId() == 0 ? 0 : client, 1, List.of(), List.of())
                        .error());
        assertEquals(0, planOfReplica(4).sessionId());
        assertEquals(0, plan(0, FULL, List.of(1), List.of()).sessionId());
        assertEquals(ErrorCode.NONE, plan(first, 1, List.of(), List.of()).error());
    }

    private FetchSessions.Plan planOfReplica(int brokerId) {
        FetchRequest request = request(0, FULL, List.of(1), List.of()).toBuilder()
                .replicaState(FetchRequest.ReplicaState.builder()
                        .replicaId(brokerId)
                        .replicaEpoch(9)
                        .build())
                .build();
        return sessions.plan(request, false, 0);
    }

    @Test
    void theEpochAfterTheLargestIsOne() {
        FetchSession session = new FetchSession(1, false, false, 0);
        assertEquals(1, session.nextEpoch());
        session.used(0);
        assertEquals(2, session.nextEpoch());
        assertEquals(1, FetchSession.after(Integer.MAX_VALUE));
        assertEquals(Integer.MAX_VALUE, FetchSession.after(Integer.MAX_VALUE - 1));
    }

    @Test
    void aSessionThatIsNotThereIsNotFound() {
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                plan(77, 1, List.of(0), List.of()).error());
    }

    @Test
    void aRefusedFetchNamesNoSessionAndReadsNothing() {
        int id = open(0);
        FetchSessions.Plan refused = plan(id, 9, List.of(1), List.of());
        assertEquals(0, refused.sessionId());
        assertEquals(List.of(), refused.partitions());
        assertEquals(List.of(0), numbers(plan(id, 1, List.of(), List.of())));
    }

    @Test
    void aSessionMadeByNameIsNotUsedByTopicId() {
        int id = open(0);
        assertEquals(
                ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
                sessions.plan(request(id, 1, List.of(), List.of()), true, 0).error());
    }

    @Test
    void theFinalEpochClosesASessionAndIsServedWithoutOne() {
        int id = open(0);
        FetchSessions.Plan plan = plan(id, SESSIONLESS, List.of(4), List.of());
        assertEquals(ErrorCode.NONE, plan.error());
        assertEquals(0, plan.sessionId());
        assertFalse(plan.isIncremental());
        assertEquals(List.of(4), numbers(plan));
        assertEquals(0, sessions.size());
        assertEquals(0, sessions.followedCount());
    }

    @Test
    void aFullFetchThatNamesASessionReplacesIt() {
        int first = open(0, 1);
        int second = plan(first, FULL, List.of(5), List.of()).sessionId();
        assertNotEquals(first, second);
        assertEquals(1, sessions.size());
        assertEquals(1, sessions.followedCount());
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                plan(first, 1, List.of(), List.of()).error());
    }

    @Test
    void aSessionWithNothingLeftToFollowIsClosedAndTheClientIsToldSo() {
        int id = open(0);
        FetchSessions.Plan plan = plan(id, 1, List.of(), List.of(0));
        assertEquals(ErrorCode.NONE, plan.error());
        assertEquals(0, plan.sessionId(), "an id of a session that is gone would cost the client an error");
        assertEquals(0, sessions.size());
        assertEquals(0, sessions.followedCount());
    }

    @Test
    void aFullHouseServesNewClientsWithoutASession() {
        for (int i = 0; i < 3; i++) open(i);
        FetchSessions.Plan plan = plan(0, FULL, List.of(9), List.of());
        assertNull(plan.session());
        assertEquals(0, plan.sessionId());
        assertEquals(List.of(9), numbers(plan));
        assertEquals(3, sessions.size());
    }

    @Test
    void theSessionUnusedForLongestMakesRoomOnceItIsOldEnough() {
        int first = open(0);
        int second = open(1);
        open(2);
        sessions.plan(request(first, 1, List.of(), List.of()), false, FetchSessions.EVICTABLE_AFTER_MS - 1);
        FetchSessions.Plan plan =
                sessions.plan(request(0, FULL, List.of(3), List.of()), false, FetchSessions.EVICTABLE_AFTER_MS);
        assertNotNull(plan.session());
        assertEquals(3, sessions.size());
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                plan(second, 1, List.of(), List.of()).error());
        assertEquals(ErrorCode.NONE, plan(first, 2, List.of(), List.of()).error());
    }

    @Test
    void withoutSlotsNobodyGetsASession() {
        sessions = new FetchSessions(0, () -> 1);
        assertEquals(0, open(0));
    }

    @Test
    void idsAreNeverZeroAndNeverTaken() {
        int[] draws = {Integer.MAX_VALUE, 0, 0, Integer.MIN_VALUE, -1, 12};
        int[] at = {0};
        sessions = new FetchSessions(3, () -> draws[at[0]++]);
        Set<Integer> ids = new LinkedHashSet<>(List.of(open(0), open(1), open(2)));
        assertEquals(3, ids.size());
        assertTrue(ids.stream().allMatch(id -> id > 0), ids::toString);
    }

    @Test
    void thoseThatWereSentRecordsComeLastNextTime() {
        int id = open(0, 1, 2);
        FetchSessions.Plan plan = plan(id, 1, List.of(), List.of());
        FetchSession session = plan.session();
        assertNotNull(session);
        session.served(List.of(plan.partitions().get(0)));
        assertEquals(List.of(1, 2, 0), numbers(plan(id, 2, List.of(), List.of())));
    }

    @Test
    void aPartitionForgottenWhileItWasReadDoesNotComeBackWithItsAnswer() {
        int id = open(0, 1);
        FetchSessions.Plan slow = plan(id, 1, List.of(), List.of());
        plan(id, 2, List.of(), List.of(0));
        FetchSession session = slow.session();
        assertNotNull(session);
        session.served(List.of(slow.partitions().get(0)));
        assertEquals(List.of(1), numbers(plan(id, 3, List.of(), List.of())));
    }

    @Test
    void newsIsRecordsOrAnErrorOrAMovedWatermark() {
        FollowedPartition partition =
                new FollowedPartition(new FollowedPartition.Key("t", Uuid.ZERO, 0), partition(0, 0));
        assertTrue(partition.isNews(false, false, 5, 0), "the first answer is news");
        assertFalse(partition.isNews(false, false, 5, 0));
        assertTrue(partition.isNews(true, false, 5, 0));
        assertTrue(partition.isNews(false, false, 6, 0));
        assertTrue(partition.isNews(false, false, 6, 2));
        assertFalse(partition.isNews(false, false, 6, 2));
        assertTrue(partition.isNews(false, true, -1, -1));
        assertTrue(partition.isNews(false, true, -1, -1), "an error is told each time");
        assertTrue(partition.isNews(false, false, 6, 2), "and its end too");
    }

    /** The obvious account of a session: a map, changed as the request says. */
    @Test
    void sessionsAgreeWithAMapPerClient() {
        Property.check(random -> {
            FetchSessions many = new FetchSessions(50, () -> random.nextInt(1 << 20));
            Map<Integer, Map<Integer, Long>> model = new LinkedHashMap<>();
            Map<Integer, Integer> epochs = new LinkedHashMap<>();
            for (int step = 0; step < 60; step++) {
                List<Integer> wanted = some(random);
                List<Integer> forgotten = some(random);
                if (model.isEmpty() || random.chance(0.2)) {
                    FetchSessions.Plan plan = many.plan(request(0, FULL, wanted, List.of()), false, step);
                    if (wanted.isEmpty()) continue;
                    Map<Integer, Long> follows = new LinkedHashMap<>();
                    for (int index : wanted) follows.put(index, 10L + index);
                    model.put(plan.sessionId(), follows);
                    epochs.put(plan.sessionId(), 1);
                    continue;
                }
                int id = List.copyOf(model.keySet()).get(random.nextInt(model.size()));
                Map<Integer, Long> follows = model.get(id);
                Integer epoch = epochs.get(id);
                assertNotNull(follows);
                assertNotNull(epoch);
                forgotten.forEach(follows::remove);
                for (int index : wanted) follows.put(index, 10L + index);
                FetchSessions.Plan plan = many.plan(request(id, epoch, wanted, forgotten), false, step);
                epochs.put(id, epoch + 1);
                assertEquals(ErrorCode.NONE, plan.error());
                assertEquals(List.copyOf(follows.keySet()), numbers(plan));
                if (follows.isEmpty()) model.remove(id);
                assertEquals(model.values().stream().mapToInt(Map::size).sum(), many.followedCount());
                assertEquals(model.size(), many.size());
            }
        });
    }

    @Test
    void aSessionThatIsTakenOverGoesOnWithItsEpochAndPartitions() {
        int id = open(1, 2);
        FetchSessions elsewhere = new FetchSessions(3, () -> 500);
        elsewhere.takeOver(sessions.giveAway(id).orElseThrow());
        assertEquals(0, sessions.size());
        assertEquals(0, sessions.followedCount());
        assertEquals(
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                plan(id, 1, List.of(), List.of()).error());
        assertEquals(1, elsewhere.size());
        assertEquals(2, elsewhere.followedCount());
        FetchSessions.Plan next = elsewhere.plan(request(id, 1, List.of(3), List.of(1)), false, 0);
        assertEquals(ErrorCode.NONE, next.error());
        assertEquals(List.of(2, 3), numbers(next));
        assertEquals(2, elsewhere.followedCount());
    }

    @Test
    void aSessionIsDroppedWhereThereIsNoRoomOrItsIdIsTaken() {
        int id = open(1);
        FetchSessions full = new FetchSessions(1, () -> 500);
        full.plan(request(0, FULL, List.of(7), List.of()), false, 0);
        full.takeOver(sessions.giveAway(id).orElseThrow());
        assertEquals(1, full.size());
        assertEquals(1, full.followedCount());

        int again = open(1, 2);
        FetchSessions sameId = new FetchSessions(9, () -> again - 1);
        assertEquals(
                again,
                sameId.plan(request(0, FULL, List.of(7), List.of()), false, 0).sessionId());
        sameId.takeOver(sessions.giveAway(again).orElseThrow());
        assertEquals(1, sameId.size());
        assertEquals(List.of(7), numbers(sameId.plan(request(again, 1, List.of(), List.of()), false, 0)));
    }

    @Test
    void aSessionThatIsNotThereIsNotGivenAway() {
        open(1);
        assertTrue(sessions.giveAway(0).isEmpty());
        assertTrue(sessions.giveAway(4711).isEmpty());
        assertEquals(1, sessions.size());
        assertEquals(1, sessions.followedCount());
    }

    private static List<Integer> some(SeededRandom random) {
        Set<Integer> some = new LinkedHashSet<>();
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) some.add(random.nextInt(6));
        return new ArrayList<>(some);
    }
}
