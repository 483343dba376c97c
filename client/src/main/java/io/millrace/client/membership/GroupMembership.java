package io.millrace.client.membership;

import io.millrace.client.assignor.Assignor;
import io.millrace.client.assignor.TopicLayouts;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One member of a classic group, from its first JoinGroup until it leaves.
 *
 * <p>A rebalance goes: the application gives up what it must (everything, or with cooperative assignors only what it does not
 * subscribe to any more, KIP-429) → JoinGroup → the leader shares out → SyncGroup → the application gives up what another one
 * gets, and takes on what is new. Only then does a cooperative member join again, so that the other one can be given it. A
 * member that was put out has lost its partitions; it cannot give them up in good order.
 *
 * <p>One thing at a time is asked of the application, which does it when it polls; meanwhile heartbeats go on. It is put out by
 * itself if it does not poll for {@link MembershipRules#maxPollMs}.
 *
 * <p>Here is what follows from what. How it gets into a generation is in {@link JoinConversation}, what the application has in
 * {@link HeldPartitions}, what the leader of a generation has to know in {@link Leadership}, the times of heartbeats in
 * {@link Heartbeats}, and the farewell in {@link Leaving}.
 */
public final class GroupMembership {
    /** Where a member stands. */
    private enum Phase {
        /** Nothing is wanted of the group, or nothing can be had until {@link MembershipEvent.Resumed}. */
        AWAY,
        /** It is to join as soon as the application has given up what it must, and a pause is over. */
        PREPARING,
        /** It is getting into a generation: see {@link JoinConversation}. */
        JOINING,
        STABLE
    }

    private final MembershipRules rules;
    private final Map<String, Assignor> assignors;
    private final boolean isCooperative;
    private final MembershipRequests requests;

    private List<MembershipAction> actions = new ArrayList<>();
    private Phase phase = Phase.AWAY;
    private MemberIdentity identity;
    private boolean isSubscribed;
    private boolean isFinished;
    /** Whether the coordinator may have it in a newer generation than it knows of. */
    private boolean hasAskedToJoin;

    private SortedSet<String> subscribed = new TreeSet<>();
    private SortedSet<String> joinedFor = new TreeSet<>();
    private String rejoinReason = "";

    private final HeldPartitions held = new HeldPartitions();
    private long calls;
    private int failures;
    private long joinFromMs = Long.MIN_VALUE;
    private long polledAtMs;
    private final Leadership leadership;
    private final JoinConversation joining;
    private final Heartbeats heartbeats;
    private final Leaving leaving;

    /**
     * A member that is in no group yet.
     *
     * @param assignors those the group may agree on, the preferred one first, each name once, at least one. It is cooperative if
     *     all of them are: the group may be just being moved to them
     */
    public GroupMembership(MembershipRules rules, List<Assignor> assignors) {
        if (assignors.isEmpty()) throw new IllegalArgumentException("no assignor");
        this.rules = rules;
        this.leadership = new Leadership(rules);
        this.heartbeats = new Heartbeats(rules);
        this.leaving = new Leaving(rules);
        Map<String, Assignor> byName = new TreeMap<>();
        for (Assignor each : assignors) {
            if (byName.put(each.name(), each) != null)
                throw new IllegalArgumentException("assignor " + each.name() + " is named twice");
        }
        this.assignors = byName;
        this.isCooperative = assignors.stream().allMatch(Assignor::isCooperative);
        this.identity = MemberIdentity.stranger(rules.instanceId());
        this.requests = new MembershipRequests(
                rules, assignors.stream().map(Assignor::name).toList());
        this.joining = new JoinConversation(rules, requests, leadership);
    }

    /** Who it is to the coordinator now. */
    public MemberIdentity identity() {
        return identity;
    }

    /** Whether the coordinator is still to be told that a member leaves. */
    public boolean isLeaving() {
        return leaving.isUnderWay();
    }

    /**
     * When it is to be told the time at the latest.
     *
     * @return a moment, which may be past; {@link Long#MAX_VALUE} if nothing is due by time
     */
    public long wakeAtMs() {
        long leaveMs = leaving.wakeAtMs();
        if (phase == Phase.AWAY) return leaveMs;
        long dueMs = Math.min(leaveMs, polledAtMs + rules.maxPollMs());
        if (mayBeat()) dueMs = Math.min(dueMs, heartbeats.dueMs());
        if (phase == Phase.PREPARING && !held.isAsked()) dueMs = Math.min(dueMs, joinFromMs);
        dueMs = Math.min(dueMs, joining.wakeAtMs());
        if (phase == Phase.STABLE && !held.isAsked()) dueMs = Math.min(dueMs, leadership.allGivenByMs());
        return dueMs;
    }

    /**
     * Takes an event in.
     *
     * @param nowMs monotonic milliseconds
     * @param randomBits any number; it spreads pauses
     * @return what is to be done, in this order
     */
    public List<MembershipAction> on(MembershipEvent event, long nowMs, long randomBits) {
        actions = new ArrayList<>();
        switch (event) {
            case MembershipEvent.Subscribed(SortedSet<String> topics) -> subscribed(topics, nowMs);
            case MembershipEvent.Unsubscribed unsubscribed -> unsubscribed(nowMs);
            case MembershipEvent.TopicsLearned(TopicLayouts learned, Set<String> known) ->
                leadership.learned(learned, known);
            case MembershipEvent.HandedOver(long number) -> held.handedOver(number);
            case MembershipEvent.Answered(long call, Response response) -> answered(call, response, nowMs, randomBits);
            case MembershipEvent.Unanswered(long call, String sentence, boolean isUnsupported) ->
                unanswered(call, sentence, isUnsupported, nowMs, randomBits);
            case MembershipEvent.CoordinatorRefused(ErrorCode error, String sentence) -> {
                leaving.giveUp();
                if (phase != Phase.AWAY) fail(error, sentence, false);
            }
            case MembershipEvent.CommitRefused refused -> heartbeats.hurry(nowMs);
            case MembershipEvent.Ticked(long atMs) -> ticked(atMs, nowMs);
            case MembershipEvent.Resumed resumed -> resumed(nowMs);
        }
        advance(nowMs);
        return List.copyOf(actions);
    }

    private void subscribed(SortedSet<String> topics, long nowMs) {
        subscribed = new TreeSet<>(topics);
        if (!isSubscribed) {
            isSubscribed = true;
            polledAtMs = nowMs;
            if (phase == Phase.AWAY && !isFinished) prepare("it subscribed");
        } else if (phase != Phase.AWAY && phase != Phase.PREPARING && !subscribed.equals(joinedFor)) {
            rejoinReason = "its subscription changed";
        }
    }

    private void unsubscribed(long nowMs) {
        isSubscribed = false;
        isFinished = false;
        subscribed = new TreeSet<>();
        held.clear();
        leave("it wants no records any more", nowMs);
        phase = Phase.AWAY;
    }

    private void resumed(long nowMs) {
        if (phase != Phase.AWAY || !isSubscribed || isFinished) return;
        polledAtMs = nowMs;
        prepare("it is polled again");
    }

    /** Goes, and says so if the coordinator is to know. */
    private void leave(String reason, long nowMs) {
        if (rules.leaves() && !identity.memberId().isEmpty())
            leaving.begin(requests.leave(identity, reason), nextCall(), nowMs, actions);
        putOut(MemberIdentity.stranger(rules.instanceId()));
    }

    /** It is in no generation any more; what the application has is lost, which {@link #advance} will tell it. */
    private void putOut(MemberIdentity remaining) {
        identity = remaining;
        hasAskedToJoin = false;
        held.putOut();
        leadership.end();
        joining.over();
        heartbeats.end();
    }

    private void prepare(String reason) {
        phase = Phase.PREPARING;
        rejoinReason = reason;
        joining.over();
        held.takeBackGiven();
        leadership.end();
    }

    private void pause(long nowMs, long randomBits) {
        failures++;
        joinFromMs = nowMs + rules.backoff().waitMs(failures, randomBits);
    }

    private void ticked(long atMs, long nowMs) {
        polledAtMs = Math.max(polledAtMs, atMs);
        if (phase == Phase.AWAY || nowMs - polledAtMs < rules.maxPollMs()) return;
        actions.add(new MembershipAction.TellTooSlow(nowMs - polledAtMs));
        leave("it was not polled for max.poll.interval.ms=" + rules.maxPollMs(), nowMs);
        phase = Phase.AWAY;
    }

    private void tell(Handover handover) {
        actions.add(new MembershipAction.Tell(handover));
    }

    /** Does what is next, if the application has done what it was asked. */
    private void advance(long nowMs) {
        beat(nowMs);
        if (leaving.wakeAtMs() <= nowMs) leaving.again(nextCall(), nowMs, actions);
        joining.assign(identity, nextCall(), nowMs, actions);
        if (held.isAsked()) return;
        if (!identity.isMember() && !held.owned().isEmpty()) {
            tell(held.loseAll());
            return;
        }
        if (phase == Phase.STABLE) settle(nowMs);
        if (phase == Phase.PREPARING && !held.isAsked()) join(nowMs);
    }

    /** Gives up and takes on what the last rebalance came to; after that, sees whether another one is needed. */
    private void settle(long nowMs) {
        Handover next = held.settle(identity.generation());
        if (next != null) {
            // Once all have let go, those that are to have it can be given it.
            if (!(next instanceof Handover.Assign))
                rejoinReason = "it has given up " + next.partitions().size() + " partitions that others get";
            tell(next);
            return;
        }
        if (rejoinReason.isEmpty()) rejoinReason = leadership.reasonToJoinAgain(nowMs);
        if (!rejoinReason.isEmpty()) prepare(rejoinReason);
    }

    private void join(long nowMs) {
        Handover first = held.beforeJoining(subscribed, isCooperative);
        if (first != null) {
            tell(first);
            return;
        }
        if (joinFromMs > nowMs) return;
        phase = Phase.JOINING;
        hasAskedToJoin = true;
        joinedFor = new TreeSet<>(subscribed);
        joining.join(
                requests.join(identity, subscribed, held.owned(), ownedGeneration(), held.lastGiven(), rejoinReason),
                nextCall(),
                actions);
        rejoinReason = "";
    }

    private int ownedGeneration() {
        return identity.isMember() ? held.generation() : MemberIdentity.NO_GENERATION;
    }

    private void answered(long call, Response response, long nowMs, long randomBits) {
        if (response instanceof LeaveGroupResponse left) {
            if (leaving.isItsCall(call)) leaving.answered(left, nowMs, randomBits, actions);
            return;
        }
        if (joining.isItsCall(call)) joining.answered();
        else if (heartbeats.isItsCall(call)) heartbeats.over();
        else return; // Of another time.
        switch (response) {
            case JoinGroupResponse joined -> joined(joined, nowMs, randomBits);
            case SyncGroupResponse synced -> synced(synced, nowMs, randomBits);
            case HeartbeatResponse beat -> beatAnswered(ErrorCode.forCode(beat.errorCode()), nowMs, randomBits);
            default -> throw new IllegalStateException("a member was answered by " + response.apiKey());
        }
    }

    private void joined(JoinGroupResponse joined, long nowMs, long randomBits) {
        switch (JoinAnswer.of(joined, rules, assignors)) {
            case JoinAnswer.Joined as -> {
                int generation = as.identity().generation();
                if (identity.isMember() && generation > identity.generation() + 1) held.missedGeneration();
                identity = as.identity();
                hasAskedToJoin = false;
                heartbeats.begin(nowMs);
                joining.joined(as, nextCall(), nowMs, actions);
            }
            case JoinAnswer.Named(MemberIdentity as) -> {
                boolean hadOne = !identity.memberId().isEmpty();
                identity = as;
                prepare("it has been given a member id");
                if (hadOne) pause(nowMs, randomBits);
            }
            case JoinAnswer.NotUnderstood(MemberIdentity as, String sentence) -> {
                identity = as;
                failHere(sentence, nowMs);
            }
            case JoinAnswer.Refused(ErrorCode error) -> refused("JoinGroup", error, nowMs, randomBits);
        }
    }

    private void synced(SyncGroupResponse synced, long nowMs, long randomBits) {
        switch (SyncAnswer.of(synced, rules)) {
            case SyncAnswer.Given(SortedSet<TopicPartition> assigned) -> given(assigned, nowMs, randomBits);
            case SyncAnswer.Overtaken overtaken -> prepare("the group rebalances once more");
            case SyncAnswer.NotUnderstood(String sentence) -> failHere(sentence, nowMs);
            case SyncAnswer.Refused(ErrorCode error) -> refused("SyncGroup", error, nowMs, randomBits);
        }
    }

    private void given(SortedSet<TopicPartition> assigned, long nowMs, long randomBits) {
        heartbeats.next(nowMs);
        for (TopicPartition each : assigned) {
            if (subscribed.contains(each.topic())) continue;
            actions.add(new MembershipAction.Note(each + " was assigned, which this member does not subscribe to"));
            prepare("it was assigned a topic it does not subscribe to");
            pause(nowMs, randomBits);
            return;
        }
        failures = 0;
        phase = Phase.STABLE;
        joining.over();
        held.give(assigned);
    }

    /** Heartbeats cannot overtake a JoinGroup or SyncGroup, which wait for other members; the coordinator expects none then. */
    private boolean mayBeat() {
        return !heartbeats.isAsking()
                && identity.isMember()
                && !hasAskedToJoin
                && (phase == Phase.STABLE || phase == Phase.PREPARING || joining.isAssigning());
    }

    private void beat(long nowMs) {
        if (!mayBeat() || heartbeats.dueMs() > nowMs) return;
        heartbeats.send(requests.heartbeat(identity), nextCall(), nowMs, actions);
    }

    private void beatAnswered(ErrorCode error, long nowMs, long randomBits) {
        switch (error) {
            case NONE -> failures = phase == Phase.STABLE ? 0 : failures;
            case REBALANCE_IN_PROGRESS -> {
                if (phase == Phase.STABLE && rejoinReason.isEmpty()) rejoinReason = "the group rebalances";
            }
            default -> {
                // A rebalance that has begun meanwhile is told the same by itself.
                if (phase == Phase.JOINING && !joining.isAssigning()) return;
                if (error.isRetriable()) {
                    if (isAboutCoordinator(error)) actions.add(new MembershipAction.FindCoordinator());
                    heartbeats.again(nowMs + rules.backoff().waitMs(++failures, randomBits));
                } else {
                    refused("Heartbeat", error, nowMs, randomBits);
                }
            }
        }
    }

    private static boolean isAboutCoordinator(ErrorCode error) {
        return error == ErrorCode.NOT_COORDINATOR || error == ErrorCode.COORDINATOR_NOT_AVAILABLE;
    }

    /** An error of the coordinator after which it has to join anew, or cannot. */
    private void refused(String what, ErrorCode error, long nowMs, long randomBits) {
        String said = what + " for group " + rules.groupId() + " was refused: " + error + ", " + error.message();
        switch (error) {
            case UNKNOWN_MEMBER_ID -> {
                putOut(MemberIdentity.stranger(rules.instanceId()));
                joinAgain(said, nowMs, randomBits);
            }
            case ILLEGAL_GENERATION -> {
                putOut(identity.withoutGeneration());
                joinAgain(said, nowMs, randomBits);
            }
            case FENCED_INSTANCE_ID ->
                fail(error, said + " Another process has group.instance.id=" + rules.instanceId(), true);
            case REBALANCE_IN_PROGRESS -> joinAgain(said, nowMs, randomBits);
            default -> {
                if (isAboutCoordinator(error)) actions.add(new MembershipAction.FindCoordinator());
                if (error.isRetriable()) joinAgain(said, nowMs, randomBits);
                else fail(error, said, false);
            }
        }
    }

    private void joinAgain(String why, long nowMs, long randomBits) {
        actions.add(new MembershipAction.Note(why));
        prepare("it could not go on");
        pause(nowMs, randomBits);
    }

    /** Something of the group cannot be understood here: the others are not to wait for this member. */
    private void failHere(String sentence, long nowMs) {
        leave("it cannot take part", nowMs);
        fail(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, sentence, false);
    }

    private void fail(ErrorCode error, String sentence, boolean isFinal) {
        putOut(MemberIdentity.stranger(rules.instanceId()));
        phase = Phase.AWAY;
        isFinished = isFinal;
        actions.add(new MembershipAction.Fail(error, sentence, isFinal));
    }

    private void unanswered(long call, String sentence, boolean isUnsupported, long nowMs, long randomBits) {
        if (leaving.isItsCall(call)) {
            leaving.unanswered(sentence, isUnsupported, nowMs, randomBits, actions);
            return;
        }
        boolean isStep = joining.isItsCall(call);
        if (!isStep && !heartbeats.isItsCall(call)) return;
        if (isUnsupported) {
            fail(ErrorCode.UNSUPPORTED_VERSION, "the coordinator of group " + rules.groupId() + ": " + sentence, false);
            return;
        }
        actions.add(new MembershipAction.FindCoordinator());
        if (isStep) {
            joinAgain(sentence, nowMs, randomBits);
        } else {
            heartbeats.over();
            heartbeats.again(nowMs + rules.backoff().waitMs(++failures, randomBits));
            actions.add(new MembershipAction.Note(sentence));
        }
    }

    private long nextCall() {
        return ++calls;
    }
}
