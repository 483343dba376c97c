package io.millrace.client.membership;

import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.SyncGroupRequest;
import java.util.List;

/**
 * How a member gets into a generation: JoinGroup, the sharing out if it leads, SyncGroup. One request at a time; an answer that comes
 * when this is over is of another time. What follows from the answers is the membership's to say.
 */
final class JoinConversation {
    private enum Step {
        OVER,
        JOINING,
        /** It leads, and waits to know the topics of all members. */
        ASSIGNING,
        SYNCING
    }

    private static final long NEVER = Long.MAX_VALUE;
    private static final long NO_CALL = -1;

    private final MembershipRules rules;
    private final MembershipRequests requests;
    private final Leadership leadership;
    private Step step = Step.OVER;
    private long call = NO_CALL;
    private String protocol = "";

    JoinConversation(MembershipRules rules, MembershipRequests requests, Leadership leadership) {
        this.rules = rules;
        this.requests = requests;
        this.leadership = leadership;
    }

    /** Whether it waits for the member itself, and not for the coordinator. */
    boolean isAssigning() {
        return step == Step.ASSIGNING;
    }

    boolean isItsCall(long number) {
        return call == number;
    }

    /** When {@link #assign} goes on without what is missing; {@link Long#MAX_VALUE} for never. */
    long wakeAtMs() {
        return isAssigning() ? leadership.assignByMs() : NEVER;
    }

    /** It has come to its end, or to nothing. */
    void over() {
        step = Step.OVER;
        call = NO_CALL;
    }

    /** The request that is on its way is answered. */
    void answered() {
        call = NO_CALL;
    }

    /** Begins. */
    void join(JoinGroupRequest request, long itsCall, List<MembershipAction> actions) {
        step = Step.JOINING;
        call = itsCall;
        actions.add(new MembershipAction.Ask(itsCall, request, rules.rebalanceTimeoutMs()));
    }

    /** It is in the generation: a follower asks what it is given, a leader learns of the topics first. */
    void joined(JoinAnswer.Joined as, long itsCall, long nowMs, List<MembershipAction> actions) {
        protocol = as.assignor();
        GroupLeader leader = as.leader();
        if (leader == null) {
            sync(as.identity(), List.of(), itsCall, actions);
            return;
        }
        step = Step.ASSIGNING;
        leadership.begin(leader, nowMs);
        actions.add(new MembershipAction.LearnTopics(leader.topics()));
    }

    /** Shares out if that is what it is at, and enough is known. */
    void assign(MemberIdentity identity, long itsCall, long nowMs, List<MembershipAction> actions) {
        if (!isAssigning()) return;
        List<SyncGroupRequest.SyncGroupRequestAssignment> assignments = leadership.assign(nowMs);
        if (assignments != null) sync(identity, assignments, itsCall, actions);
    }

    private void sync(
            MemberIdentity identity,
            List<SyncGroupRequest.SyncGroupRequestAssignment> assignments,
            long itsCall,
            List<MembershipAction> actions) {
        step = Step.SYNCING;
        call = itsCall;
        actions.add(new MembershipAction.Ask(
                itsCall, requests.sync(identity, protocol, assignments), rules.rebalanceTimeoutMs()));
    }
}
