package io.millrace.client.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.CooperativeStickyAssignor;
import io.millrace.client.assignor.RangeAssignor;
import io.millrace.client.assignor.TopicLayouts;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GroupMembershipTest {
    private static final TopicPartition FIRST = new TopicPartition("a", 0);
    private static final TopicPartition SECOND = new TopicPartition("a", 1);
    private static final Assignor RANGE = new RangeAssignor();
    private static final Assignor COOPERATIVE = new CooperativeStickyAssignor();
    private static final int MAX_POLL_MS = 10_000;

    private long nowMs = 1_000;

    private static MembershipRules rules(@Nullable String instanceId) {
        return new MembershipRules("g", instanceId, null, 3_000, 1_000, MAX_POLL_MS, 3_000, new RetryBackoff(100, 100));
    }

    private static GroupMembership member(Assignor... assignors) {
        return new GroupMembership(rules(null), List.of(assignors));
    }

    private List<MembershipAction> on(GroupMembership member, MembershipEvent event) {
        return member.on(event, nowMs, 0);
    }

    private static <R extends Request> MembershipAction.Ask asks(List<MembershipAction> actions, Class<R> kind) {
        for (MembershipAction each : actions)
            if (each instanceof MembershipAction.Ask ask && kind.isInstance(ask.request())) return ask;
        throw new AssertionError("no " + kind.getSimpleName() + " in " + actions);
    }

    private static Handover tells(List<MembershipAction> actions) {
        for (MembershipAction each : actions)
            if (each instanceof MembershipAction.Tell(Handover handover)) return handover;
        throw new AssertionError("nothing for the application in " + actions);
    }

    private List<MembershipAction> begin(GroupMembership member) {
        on(member, new MembershipEvent.TopicsLearned(TopicLayouts.ofCounts(Map.of("a", 2)), Set.of("a")));
        return on(member, new MembershipEvent.Subscribed(new TreeSet<>(Set.of("a"))));
    }

    private static JoinGroupResponse follows(int generation) {
        return JoinGroupResponse.builder()
                .generationId(generation)
                .protocolName("range")
                .leader("other")
                .memberId("me")
                .build();
    }

    private static SyncGroupResponse given(TopicPartition... partitions) {
        return SyncGroupResponse.builder()
                .assignment(ConsumerProtocol.assignment(List.of(partitions)))
                .build();
    }

    private List<MembershipAction> answer(GroupMembership member, MembershipAction.Ask ask, Object response) {
        return on(member, new MembershipEvent.Answered(ask.call(), (io.millrace.protocol.Response) response));
    }

    /** Joins as a follower and is given these; the application has taken them on. */
    private void join(GroupMembership member, List<MembershipAction> joining, int generation, TopicPartition... its) {
        List<MembershipAction> syncing = answer(member, asks(joining, JoinGroupRequest.class), follows(generation));
        Handover handover = tells(answer(member, asks(syncing, SyncGroupRequest.class), given(its)));
        on(member, new MembershipEvent.HandedOver(handover.number()));
    }

    @Test
    void theFirstJoinIsRepeatedWithTheIdThatWasGiven() {
        GroupMembership member = member(RANGE);
        MembershipAction.Ask first = asks(begin(member), JoinGroupRequest.class);
        JoinGroupResponse required = JoinGroupResponse.builder()
                .errorCode(ErrorCode.MEMBER_ID_REQUIRED.code())
                .memberId("me")
                .build();
        MembershipAction.Ask second = asks(answer(member, first, required), JoinGroupRequest.class);
        assertEquals("me", ((JoinGroupRequest) second.request()).memberId());
        assertEquals("", ((JoinGroupRequest) first.request()).memberId());
    }

    @Test
    void anEagerMemberGivesUpEverythingBeforeItJoinsAgain() {
        GroupMembership member = member(RANGE);
        join(member, begin(member), 1, FIRST);
        Handover.Revoke revoke = assertInstanceOf(Handover.Revoke.class, tells(rebalance(member)));
        assertEquals(List.of(FIRST), revoke.partitions());
        MembershipAction.Ask ask =
                asks(on(member, new MembershipEvent.HandedOver(revoke.number())), JoinGroupRequest.class);
        assertEquals("me", ((JoinGroupRequest) ask.request()).memberId());
    }

    private List<MembershipAction> rebalance(GroupMembership member) {
        return beat(member, ErrorCode.REBALANCE_IN_PROGRESS);
    }

    private List<MembershipAction> beat(GroupMembership member, ErrorCode error) {
        nowMs = Math.max(nowMs, member.wakeAtMs());
        MembershipAction.Ask ask = asks(on(member, new MembershipEvent.Ticked(nowMs)), HeartbeatRequest.class);
        return answer(
                member, ask, HeartbeatResponse.builder().errorCode(error.code()).build());
    }

    @Test
    void aCooperativeMemberGivesUpOnlyWhatGoesAndJoinsAgainAfterThat() {
        GroupMembership member = member(COOPERATIVE);
        List<MembershipAction> joining = begin(member);
        MembershipAction.Ask sync = asks(
                answer(
                        member,
                        asks(joining, JoinGroupRequest.class),
                        follows(1).toBuilder()
                                .protocolName("cooperative-sticky")
                                .build()),
                SyncGroupRequest.class);
        Handover both = tells(answer(member, sync, given(FIRST, SECOND)));
        on(member, new MembershipEvent.HandedOver(both.number()));

        MembershipAction.Ask again = asks(rebalance(member), JoinGroupRequest.class);
        sync = asks(
                answer(
                        member,
                        again,
                        follows(2).toBuilder()
                                .protocolName("cooperative-sticky")
                                .build()),
                SyncGroupRequest.class);
        Handover.Revoke revoke = assertInstanceOf(Handover.Revoke.class, tells(answer(member, sync, given(FIRST))));
        assertEquals(List.of(SECOND), revoke.partitions());
        Handover.Assign assign = assertInstanceOf(
                Handover.Assign.class, tells(on(member, new MembershipEvent.HandedOver(revoke.number()))));
        assertEquals(List.of(), assign.partitions());
        asks(on(member, new MembershipEvent.HandedOver(assign.number())), JoinGroupRequest.class);
    }

    @Test
    void whatGoesAfterAGenerationWithoutThisMemberIsLost() {
        for (int generation : List.of(2, 3)) {
            GroupMembership member = new GroupMembership(rules("i"), List.of(COOPERATIVE));
            JoinGroupResponse first =
                    follows(1).toBuilder().protocolName("cooperative-sticky").build();
            MembershipAction.Ask sync =
                    asks(answer(member, asks(begin(member), JoinGroupRequest.class), first), SyncGroupRequest.class);
            Handover both = tells(answer(member, sync, given(FIRST, SECOND)));
            on(member, new MembershipEvent.HandedOver(both.number()));
            JoinGroupResponse next = first.toBuilder().generationId(generation).build();
            sync = asks(answer(member, asks(rebalance(member), JoinGroupRequest.class), next), SyncGroupRequest.class);
            Handover going = tells(answer(member, sync, given(FIRST)));
            assertEquals(List.of(SECOND), going.partitions());
            assertEquals(generation == 3, going instanceof Handover.Lose);
        }
    }

    @Test
    void oneThatDoesNotKnowTheGroupsProtocolLeavesUnderTheIdItWasGivenWithTheNews() {
        GroupMembership member = member(RANGE);
        JoinGroupResponse foreign =
                follows(1).toBuilder().protocolName("of another kind").build();
        List<MembershipAction> actions = answer(member, asks(begin(member), JoinGroupRequest.class), foreign);
        LeaveGroupRequest leave =
                (LeaveGroupRequest) asks(actions, LeaveGroupRequest.class).request();
        assertEquals("me", leave.members().getFirst().memberId());
        assertTrue(actions.stream()
                .anyMatch(each -> each instanceof MembershipAction.Fail fail
                        && fail.error() == ErrorCode.INCONSISTENT_GROUP_PROTOCOL));
    }

    @Test
    void oneThatWasPutOutHasLostItsPartitions() {
        for (ErrorCode error : List.of(ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION)) {
            GroupMembership member = member(RANGE);
            join(member, begin(member), 1, FIRST);
            Handover.Lose lose = assertInstanceOf(Handover.Lose.class, tells(beat(member, error)));
            assertEquals(List.of(FIRST), lose.partitions());
            on(member, new MembershipEvent.HandedOver(lose.number()));
            nowMs += 200;
            JoinGroupRequest again =
                    (JoinGroupRequest) asks(on(member, new MembershipEvent.Ticked(nowMs)), JoinGroupRequest.class)
                            .request();
            assertEquals(error == ErrorCode.UNKNOWN_MEMBER_ID ? "" : "me", again.memberId());
        }
    }

    @Test
    void oneThatIsNotPolledLeavesAndIsBackWithTheNextPoll() {
        GroupMembership member = member(RANGE);
        join(member, begin(member), 1, FIRST);
        long polledAtMs = nowMs;
        nowMs += MAX_POLL_MS - 1;
        List<MembershipAction> still = on(member, new MembershipEvent.Ticked(polledAtMs));
        assertTrue(still.stream().noneMatch(MembershipAction.TellTooSlow.class::isInstance));
        nowMs += 1;
        List<MembershipAction> late = on(member, new MembershipEvent.Ticked(polledAtMs));
        assertEquals(new MembershipAction.TellTooSlow(MAX_POLL_MS), late.getFirst());
        asks(late, LeaveGroupRequest.class);
        Handover.Lose lose = assertInstanceOf(Handover.Lose.class, tells(late));
        assertEquals(Long.MAX_VALUE, member.wakeAtMs());
        on(member, new MembershipEvent.Resumed());
        asks(on(member, new MembershipEvent.HandedOver(lose.number())), JoinGroupRequest.class);
    }

    private static LeaveGroupResponse left(ErrorCode error) {
        return LeaveGroupResponse.builder().errorCode(error.code()).build();
    }

    @Test
    void aLeaveIsRepeatedUntilACoordinatorHasTakenIt() {
        GroupMembership member = member(RANGE);
        join(member, begin(member), 1, FIRST);
        MembershipAction.Ask leave = asks(on(member, new MembershipEvent.Unsubscribed()), LeaveGroupRequest.class);
        assertTrue(member.isLeaving());
        List<MembershipAction> moved = answer(member, leave, left(ErrorCode.NOT_COORDINATOR));
        assertTrue(moved.contains(new MembershipAction.FindCoordinator()));
        leave = afterPause(member, leave);
        List<MembershipAction> loading = answer(member, leave, left(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
        assertTrue(!loading.contains(new MembershipAction.FindCoordinator()));
        leave = afterPause(member, leave);
        on(member, new MembershipEvent.Unanswered(leave.call(), "the connection broke", false));
        leave = afterPause(member, leave);
        answer(member, leave, left(ErrorCode.NONE));
        assertTrue(!member.isLeaving());
        assertEquals(Long.MAX_VALUE, member.wakeAtMs());
    }

    /** The repetition, which says the same. */
    private MembershipAction.Ask afterPause(GroupMembership member, MembershipAction.Ask before) {
        assertTrue(member.isLeaving());
        nowMs = member.wakeAtMs();
        MembershipAction.Ask again = asks(on(member, new MembershipEvent.Ticked(nowMs)), LeaveGroupRequest.class);
        assertEquals(before.request(), again.request());
        return again;
    }

    @Test
    void aLeaveThatNobodyTakesIsGivenUpInTheEnd() {
        GroupMembership member = member(RANGE);
        join(member, begin(member), 1, FIRST);
        MembershipAction.Ask leave = asks(on(member, new MembershipEvent.Unsubscribed()), LeaveGroupRequest.class);
        long untilMs = nowMs + leave.timeoutMs();
        answer(member, leave, left(ErrorCode.COORDINATOR_NOT_AVAILABLE));
        nowMs = untilMs;
        on(member, new MembershipEvent.Ticked(nowMs));
        assertTrue(!member.isLeaving());
    }

    @Test
    void aStaticMemberDoesNotLeaveAndIsFencedForGood() {
        GroupMembership member = new GroupMembership(rules("i"), List.of(RANGE));
        join(member, begin(member), 1, FIRST);
        List<MembershipAction> actions = beat(member, ErrorCode.FENCED_INSTANCE_ID);
        MembershipAction.Fail fail = actions.stream()
                .filter(MembershipAction.Fail.class::isInstance)
                .map(MembershipAction.Fail.class::cast)
                .findFirst()
                .orElseThrow();
        assertTrue(fail.isFinal());
        assertTrue(fail.sentence().contains("group.instance.id=i"), fail.sentence());
        on(member, new MembershipEvent.HandedOver(tells(actions).number()));
        assertEquals(List.of(), on(member, new MembershipEvent.Resumed()));

        GroupMembership other = new GroupMembership(rules("j"), List.of(RANGE));
        join(other, begin(other), 1, FIRST);
        assertEquals(List.of(), on(other, new MembershipEvent.Unsubscribed()));
    }

    private static JoinGroupResponse leads(byte[]... subscriptions) {
        List<JoinGroupResponse.JoinGroupResponseMember> members = new java.util.ArrayList<>();
        for (byte[] each : subscriptions)
            members.add(new JoinGroupResponse.JoinGroupResponseMember("m" + members.size(), null, each));
        return follows(1).toBuilder().leader("me").members(members).build();
    }

    @Test
    void theLeaderWaitsForTopicsOfOthersAndRebalancesWhenTheyGrow() {
        GroupMembership member = member(RANGE);
        byte[] others = ConsumerProtocol.subscription(new TreeSet<>(Set.of("b")), null, List.of(), -1, null);
        List<MembershipAction> leading = answer(member, asks(begin(member), JoinGroupRequest.class), leads(others));
        assertEquals(List.of(new MembershipAction.LearnTopics(new TreeSet<>(Set.of("b")))), leading);
        List<MembershipAction> syncing = on(
                member,
                new MembershipEvent.TopicsLearned(TopicLayouts.ofCounts(Map.of("a", 2, "b", 1)), Set.of("a", "b")));
        SyncGroupRequest sync =
                (SyncGroupRequest) asks(syncing, SyncGroupRequest.class).request();
        assertEquals(
                Set.of(new TopicPartition("b", 0)),
                ConsumerProtocol.assigned(sync.assignments().getFirst().assignment()));
        Handover nothing = tells(answer(member, asks(syncing, SyncGroupRequest.class), given()));
        on(member, new MembershipEvent.HandedOver(nothing.number()));
        asks(
                on(
                        member,
                        new MembershipEvent.TopicsLearned(
                                TopicLayouts.ofCounts(Map.of("a", 2, "b", 2)), Set.of("a", "b"))),
                JoinGroupRequest.class);
    }

    @Test
    void aLeaderJoinsAgainIfNobodyDoesToHaveGivenUpPartitionsGivenToOthers() {
        GroupMembership member = member(COOPERATIVE);
        byte[] has = ConsumerProtocol.subscription(new TreeSet<>(Set.of("a")), null, List.of(FIRST, SECOND), 0, null);
        byte[] comes = ConsumerProtocol.subscription(new TreeSet<>(Set.of("a")), null, List.of(), -1, null);
        JoinGroupResponse joined =
                leads(has, comes).toBuilder().protocolName("cooperative-sticky").build();
        MembershipAction.Ask sync =
                asks(answer(member, asks(begin(member), JoinGroupRequest.class), joined), SyncGroupRequest.class);
        Handover nothing = tells(answer(member, sync, given()));
        long syncedAtMs = nowMs;
        on(member, new MembershipEvent.HandedOver(nothing.number()));
        while (member.wakeAtMs() < syncedAtMs + MAX_POLL_MS) beat(member, ErrorCode.NONE);
        nowMs = syncedAtMs + MAX_POLL_MS;
        asks(on(member, new MembershipEvent.Ticked(nowMs)), JoinGroupRequest.class);
    }

    @Test
    void aLeaderIsAtRestWhenAllPartitionsAreGiven() {
        GroupMembership member = member(COOPERATIVE);
        byte[] comes = ConsumerProtocol.subscription(new TreeSet<>(Set.of("a")), null, List.of(), -1, null);
        JoinGroupResponse joined = leads(comes, comes).toBuilder()
                .protocolName("cooperative-sticky")
                .build();
        MembershipAction.Ask sync =
                asks(answer(member, asks(begin(member), JoinGroupRequest.class), joined), SyncGroupRequest.class);
        Handover nothing = tells(answer(member, sync, given()));
        on(member, new MembershipEvent.HandedOver(nothing.number()));
        for (int beats = 0; beats < 3 * MAX_POLL_MS / 1_000; beats++) beat(member, ErrorCode.NONE);
    }

    @Test
    void rubbishOfAnotherMemberOrTheLeaderFailsWithASentenceAndTheMemberLeaves() {
        GroupMembership leader = member(RANGE);
        List<MembershipAction> actions =
                answer(leader, asks(begin(leader), JoinGroupRequest.class), leads(new byte[] {0, 3, 127}));
        asks(actions, LeaveGroupRequest.class);
        assertTrue(actions.toString().contains("of member m0 of the group"), actions.toString());

        GroupMembership follower = member(RANGE);
        MembershipAction.Ask sync = asks(
                answer(follower, asks(begin(follower), JoinGroupRequest.class), follows(1)), SyncGroupRequest.class);
        actions = answer(follower, sync, SyncGroupResponse.builder().build());
        asks(actions, LeaveGroupRequest.class);
        assertTrue(actions.toString().contains("no assignment that can be read"), actions.toString());
    }

    @Test
    void aRefusedCommitHasTheCoordinatorAskedAtOnce() {
        GroupMembership member = member(RANGE);
        join(member, begin(member), 1, FIRST);
        asks(on(member, new MembershipEvent.CommitRefused()), HeartbeatRequest.class);
    }

    @Test
    void intervalsThatCannotWorkAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new MembershipRules("g", null, null, 3_000, 3_000, 1, 1, new RetryBackoff(1, 1)));
        assertThrows(IllegalArgumentException.class, () -> member(RANGE, RANGE));
    }
}
