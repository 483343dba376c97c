package io.millrace.client.membership.run;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.run.CoordinatorLine;
import io.millrace.client.membership.GroupMembership;
import io.millrace.client.membership.Handover;
import io.millrace.client.membership.MemberIdentity;
import io.millrace.client.membership.MembershipAction;
import io.millrace.client.membership.MembershipEvent;
import io.millrace.client.membership.MembershipRules;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.LeaveGroupRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's membership of a classic group. Its requests have a conversation with the coordinator to themselves: JoinGroup and
 * SyncGroup are answered when all members have said something, and commits and fetches would wait behind them. Everything
 * happens on one lane.
 */
public final class MemberLane implements ClusterEvents, CoordinatorLine.User {
    private final ClientLane lane;
    private final GroupMembership member;
    private final LongUnaryOperator polledAtMs;
    private final boolean withInternalTopics;
    private final MemberEvents events;
    private final CoordinatorLine coordinator;
    private final TopicWatch topics = new TopicWatch();
    private final Deque<MembershipAction.Ask> waiting = new ArrayDeque<>();
    private @Nullable ClusterLine cluster;
    private @Nullable Predicate<String> pattern;
    private SortedSet<String> subscribed = new TreeSet<>();
    private SortedSet<String> groupsTopics = new TreeSet<>();
    private MemberIdentity identity;
    private @Nullable MembershipEvent learned;
    private boolean isJoinAsked;
    private boolean isClosed;
    private @Nullable Runnable whenLeft;
    private final Alarm alarm;
    private final MemberCounters counters = new MemberCounters();

    /**
     * Nothing is asked yet; {@link #begin} gives it its lines to the brokers.
     *
     * @param coordinator its own: nobody else's requests are to wait behind a rebalance
     * @param polledAtMs given the time, tells when the application polled last, in monotonic milliseconds; any thread's
     * @param withInternalTopics whether patterns mean topics that brokers keep for themselves, too
     */
    public MemberLane(
            ClientLane lane,
            MembershipRules rules,
            List<Assignor> assignors,
            CoordinatorLine coordinator,
            LongUnaryOperator polledAtMs,
            boolean withInternalTopics,
            MemberEvents events) {
        this.lane = lane;
        this.alarm = new Alarm(lane, this::ring);
        this.member = new GroupMembership(rules, assignors);
        this.identity = member.identity();
        this.polledAtMs = polledAtMs;
        this.withInternalTopics = withInternalTopics;
        this.events = events;
        this.coordinator = coordinator;
        coordinator.tell(this);
    }

    /** Gives it its lines to the brokers, whose events it is to be told. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
        coordinator.begin(itsCluster);
    }

    private ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("a member is used before it has begun");
        return known;
    }

    /** Reads these topics from now on, as a member; joins if it is none. */
    public void subscribe(SortedSet<String> wanted) {
        pattern = null;
        cluster().wantAll(false);
        subscribed = new TreeSet<>(wanted);
        wantTopics();
        learn();
        on(new MembershipEvent.Subscribed(subscribed));
    }

    /** Reads the topics whose names fit, those that are made later too; joins if it is no member. */
    public void subscribe(Predicate<String> wanted) {
        pattern = wanted;
        cluster().wantAll(true);
        subscribed = TopicWatch.matching(cluster().view(), wanted, withInternalTopics);
        wantTopics();
        learn();
        on(new MembershipEvent.Subscribed(subscribed));
    }

    /** Leaves; the application has let go of all partitions. */
    public void unsubscribe() {
        pattern = null;
        cluster().wantAll(false);
        subscribed = new TreeSet<>();
        groupsTopics = new TreeSet<>();
        makeRoomToLeave();
        on(new MembershipEvent.Unsubscribed());
    }

    /** The application has done that. */
    public void handedOver(Handover handover) {
        on(new MembershipEvent.HandedOver(handover.number()));
    }

    /** The application knows that it failed or was too slow, and polls again. */
    public void resume() {
        on(new MembershipEvent.Resumed());
    }

    /** The coordinator refused a commit as if it were no member. */
    public void commitRefused() {
        on(new MembershipEvent.CommitRefused());
    }

    /**
     * Leaves, and asks nothing any more.
     *
     * @param then is told, on the lane, when the coordinator has been told so, or need not be
     */
    public void close(Runnable then) {
        if (isClosed) {
            then.run();
            return;
        }
        makeRoomToLeave();
        whenLeft = then;
        on(new MembershipEvent.Unsubscribed());
    }

    /** Behind a JoinGroup that waits for others, a LeaveGroup would wait as well. */
    private void makeRoomToLeave() {
        if (isJoinAsked) coordinator.hangUp();
        waiting.removeIf(each -> !(each.request() instanceof LeaveGroupRequest));
    }

    private void left() {
        isClosed = true;
        alarm.stop();
        waiting.clear();
        coordinator.close();
        Runnable then = whenLeft;
        whenLeft = null;
        if (then != null) then.run();
    }

    private void wantTopics() {
        for (String each : subscribed) cluster().want(each);
        for (String each : groupsTopics) cluster().want(each);
    }

    private void on(MembershipEvent event) {
        if (isClosed) return;
        long nowMs = lane.nowMs();
        for (MembershipAction action : member.on(event, nowMs, randomBits())) carryOut(action);
        if (!member.identity().equals(identity)) {
            identity = member.identity();
            events.isNow(identity);
        }
        if (whenLeft != null && !member.isLeaving()) left();
        else look();
    }

    private void carryOut(MembershipAction action) {
        switch (action) {
            case MembershipAction.Ask ask -> waiting.add(ask);
            case MembershipAction.FindCoordinator find -> coordinatorLost();
            case MembershipAction.Tell(Handover handover) -> events.handOver(handover);
            case MembershipAction.LearnTopics(SortedSet<String> ofGroup) -> {
                groupsTopics = new TreeSet<>(ofGroup);
                wantTopics();
                learnSoon();
            }
            case MembershipAction.TellTooSlow(long sinceMs) -> events.wasTooSlow(sinceMs);
            case MembershipAction.Fail(ErrorCode error, String sentence, boolean isFinal) ->
                events.failed(error, sentence, isFinal);
            case MembershipAction.Note(String sentence) -> events.onTrouble(sentence);
        }
    }

    private void coordinatorLost() {
        coordinator.lost(coordinator.nodeId());
    }

    /** An action is carried out: what is known is told once that is over. */
    private void learnSoon() {
        lane.lane().execute(() -> {
            learned = null;
            learn();
        });
    }

    private void learn() {
        if (isClosed) return;
        Set<String> wanted = new TreeSet<>(subscribed);
        wanted.addAll(groupsTopics);
        MembershipEvent fresh = topics.learn(cluster().view(), wanted, pattern != null);
        if (fresh.equals(learned)) return;
        learned = fresh;
        on(fresh);
    }

    /** Goes one step towards what waits to be asked. */
    private void look() {
        if (isClosed) return;
        long dueMs = member.wakeAtMs();
        ClientConversation conversation =
                waiting.isEmpty() ? null : coordinator.ready(); // Its news will come back to it.
        if (conversation != null) while (!waiting.isEmpty()) ask(conversation, waiting.remove());
        if (dueMs != Long.MAX_VALUE) alarm.setTo(dueMs);
    }

    private void ask(ClientConversation conversation, MembershipAction.Ask ask) {
        boolean isJoin = ask.request() instanceof JoinGroupRequest;
        isJoinAsked |= isJoin;
        long askedAtMs = lane.nowMs();
        counters.asked(ask.request(), askedAtMs);
        conversation.send(ask.request(), ask.request().apiKey().latestStableVersion(), ask.timeoutMs(), answer -> {
            if (isJoin) isJoinAsked = false;
            answered(ask, answer, askedAtMs);
        });
    }

    private void answered(MembershipAction.Ask ask, Answer answer, long askedAtMs) {
        switch (answer) {
            case Answer.Answered(Response response, short version) -> {
                counters.answered(response, lane.nowMs() - askedAtMs, lane.nowMs());
                on(new MembershipEvent.Answered(ask.call(), response));
            }
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                counters.unanswered(ask.request());
                on(new MembershipEvent.Unanswered(ask.call(), sentence, reason == Answer.Reason.UNSUPPORTED_VERSION));
            }
        }
    }

    /** What it has said so far, and what came of it. */
    public MemberCounters.Snapshot counts() {
        return counters.snapshot(lane.nowMs());
    }

    @Override
    public void onCoordinatorNews() {
        look();
    }

    @Override
    public void onCoordinatorRefused(ErrorCode error, String sentence) {
        waiting.clear();
        on(new MembershipEvent.CoordinatorRefused(error, sentence));
    }

    @Override
    public void onCoordinatorTrouble(String sentence) {
        events.onTrouble(sentence);
    }

    private long randomBits() {
        return lane.randomness().nextLong();
    }

    private void ring() {
        long nowMs = lane.nowMs();
        if (member.wakeAtMs() <= nowMs) on(new MembershipEvent.Ticked(polledAtMs.applyAsLong(nowMs)));
        else look();
    }

    @Override
    public void onView(ClusterView view) {
        if (isClosed) return;
        Predicate<String> wanted = pattern;
        if (wanted != null) {
            SortedSet<String> matching = TopicWatch.matching(view, wanted, withInternalTopics);
            if (!matching.equals(subscribed)) {
                subscribed = matching;
                on(new MembershipEvent.Subscribed(subscribed));
            }
        }
        wantTopics();
        learn();
        look();
    }

    @Override
    public void onReady(int nodeId) {
        coordinator.onReady(nodeId);
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        coordinator.onLost(nodeId, sentence);
    }
}
