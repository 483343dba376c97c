package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * How a classic group gets from one generation to the next: the join phase, the wait for the assignment, and the deadlines
 * that end either, so that no member waits for ever (KAFKA-9752, KAFKA-12890).
 */
final class ClassicRebalance {
    private final GroupLimits limits;
    private final Deadlines deadlines;
    private final Gathering gathering;

    ClassicRebalance(GroupLimits limits, Deadlines deadlines) {
        this.limits = limits;
        this.deadlines = deadlines;
        this.gathering = new Gathering(limits.initialRebalanceDelayMs());
    }

    /** Something about the members has changed: begins a rebalance, or goes on with the one there is. */
    void membersChanged(ClassicGroup group, Turn turn) {
        if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)) completeJoinIfAllJoined(group, turn);
        else prepare(group, turn);
    }

    /** Begins the join phase. */
    void prepare(ClassicGroup group, Turn turn) {
        if (group.isIn(ClassicGroupState.COMPLETING_REBALANCE))
            refuseSyncs(group, ErrorCode.REBALANCE_IN_PROGRESS, turn);
        deadlines.clear(group.syncDeadline);
        boolean isInitial = group.isIn(ClassicGroupState.EMPTY);
        turn.note(group, "rebalances from " + group.state().label() + ", generation " + group.generation());
        group.moveTo(ClassicGroupState.PREPARING_REBALANCE, turn.wallMs());
        group.isInitialRebalance = isInitial;
        group.hasNewJoiner = false;
        if (isInitial) {
            deadlines.set(group.joinDeadline, turn.nowMs() + gathering.begin(group));
        } else if (group.haveAllJoined()) {
            completeJoin(group, turn);
        } else {
            deadlines.set(group.joinDeadline, turn.nowMs() + group.rebalanceTimeoutMs());
        }
    }

    /** Ends the join phase if nobody is missing; the first one waits for its delay in any case. */
    void completeJoinIfAllJoined(ClassicGroup group, Turn turn) {
        if (!group.isIn(ClassicGroupState.PREPARING_REBALANCE) || group.isInitialRebalance) return;
        if (group.haveAllJoined()) completeJoin(group, turn);
    }

    /** The time for joining is over; the first time is prolonged while members keep coming (KIP-134). */
    void joinDue(ClassicGroup group, Turn turn) {
        if (!group.isIn(ClassicGroupState.PREPARING_REBALANCE)) return;
        int moreMs = group.isInitialRebalance ? gathering.prolong(group) : 0;
        if (moreMs > 0) deadlines.set(group.joinDeadline, turn.nowMs() + moreMs);
        else completeJoin(group, turn);
    }

    private void completeJoin(ClassicGroup group, Turn turn) {
        deadlines.clear(group.joinDeadline);
        for (ClassicMember member : List.copyOf(group.members())) {
            if (!member.isAwaitingJoin() && !member.isStatic()) {
                remove(group, member, ErrorCode.UNKNOWN_MEMBER_ID, turn);
            }
        }
        if (group.size() > 0 && !group.electJoinedLeader()) {
            // Only static members that may yet come back: they keep their places until their sessions end.
            deadlines.set(group.joinDeadline, turn.nowMs() + group.rebalanceTimeoutMs());
            return;
        }
        group.nextGeneration(turn.wallMs());
        if (group.isIn(ClassicGroupState.EMPTY)) {
            turn.note(group, "generation " + group.generation() + " is empty");
            turn.write(GroupRecords.generation(
                    group, List.of(), member -> ClassicMember.NO_ASSIGNMENT, null, turn.wallMs()));
            return;
        }
        turn.note(
                group,
                "generation " + group.generation() + " has " + group.size() + " members, leader " + group.leaderId()
                        + ", protocol " + group.protocolName());
        for (ClassicMember member : group.members()) {
            group.pendingSyncs().add(member.memberId);
            member.isNew = false;
            restartSession(member, turn);
            Reply<JoinGroupResponse> reply = group.takeAwaitingJoin(member);
            if (reply != null) turn.answer(reply, ClassicAnswers.joined(group, member));
        }
        turn.shows(group.lastMetadataOffset());
        deadlines.set(group.syncDeadline, turn.nowMs() + group.rebalanceTimeoutMs());
    }

    /** The leader's assignment is in the log: everyone who waits for it has it. */
    void stabilize(ClassicGroup group, Function<ClassicMember, byte[]> assignments, Turn turn) {
        group.moveTo(ClassicGroupState.STABLE, turn.wallMs());
        for (ClassicMember member : group.members()) {
            member.assignment = assignments.apply(member);
            Reply<SyncGroupResponse> reply = member.awaitingSync;
            if (reply == null) continue;
            member.awaitingSync = null;
            restartSession(member, turn);
            turn.answer(reply, ClassicAnswers.synced(group, member));
        }
    }

    /** There will be no assignment for this generation. */
    void refuseSyncs(ClassicGroup group, ErrorCode error, Turn turn) {
        for (ClassicMember member : group.members()) {
            member.assignment = ClassicMember.NO_ASSIGNMENT;
            Reply<SyncGroupResponse> reply = member.awaitingSync;
            if (reply == null) continue;
            member.awaitingSync = null;
            restartSession(member, turn);
            turn.answer(reply, ClassicAnswers.syncError(error));
        }
    }

    /** Notes that a member has asked for its assignment. */
    void syncReceived(ClassicGroup group, String memberId) {
        if (group.pendingSyncs().remove(memberId) && group.pendingSyncs().isEmpty()) {
            deadlines.clear(group.syncDeadline);
        }
    }

    /** The time for syncing is over: goes on without those who did not (KAFKA-12890). */
    void syncDue(ClassicGroup group, Turn turn) {
        if (group.pendingSyncs().isEmpty()) return;
        if (!group.isIn(ClassicGroupState.COMPLETING_REBALANCE) && !group.isIn(ClassicGroupState.STABLE)) return;
        turn.note(group, group.pendingSyncs().size() + " members did not sync in time and are removed");
        for (String memberId : new ArrayList<>(group.pendingSyncs())) {
            ClassicMember member = group.member(memberId);
            if (member != null) remove(group, member, ErrorCode.UNKNOWN_MEMBER_ID, turn);
        }
        prepare(group, turn);
    }

    /** Nothing was heard from a member for as long as it may be silent. */
    void sessionDue(ClassicGroup group, ClassicMember member, Turn turn) {
        if (group.member(member.memberId) != member) return;
        boolean waitsForUs = member.isAwaitingJoin() || member.awaitingSync != null;
        if (waitsForUs && !member.isNew) return;
        turn.note(group, "member " + member.memberId + " was silent for too long and is removed");
        remove(group, member, ErrorCode.UNKNOWN_MEMBER_ID, turn);
        membersChanged(group, turn);
    }

    /** A member id was given out, and nobody joined with it. */
    void pendingJoinDue(ClassicGroup group, String memberId, Turn turn) {
        if (group.pendingJoins().remove(memberId) != null) completeJoinIfAllJoined(group, turn);
    }

    /** Takes a member out; what follows for the group is the caller's to say. */
    void remove(ClassicGroup group, ClassicMember member, ErrorCode error, Turn turn) {
        refuseWaiting(group, member, member.memberId, error, turn);
        deadlines.clear(member.session);
        group.remove(member);
        if (group.pendingSyncs().isEmpty()) deadlines.clear(group.syncDeadline);
    }

    /** Answers what a member waits for with an error. */
    void refuseWaiting(ClassicGroup group, ClassicMember member, String memberIdTold, ErrorCode error, Turn turn) {
        Reply<JoinGroupResponse> join = group.takeAwaitingJoin(member);
        if (join != null) turn.answer(join, ClassicAnswers.joinError(memberIdTold, error));
        Reply<SyncGroupResponse> sync = member.awaitingSync;
        member.awaitingSync = null;
        if (sync != null) turn.answer(sync, ClassicAnswers.syncError(error));
    }

    /** The member was heard of. */
    void restartSession(ClassicMember member, Turn turn) {
        deadlines.set(member.session, turn.nowMs() + member.sessionTimeoutMs);
    }

    /** A member said it lives; one that waits for its first generation keeps the deadline of that. */
    void heard(ClassicMember member, Turn turn) {
        if (!member.isNew) restartSession(member, turn);
    }

    /** A member joins for the first time: it cannot send heartbeats while it waits. */
    void startFirstSession(ClassicMember member, Turn turn) {
        deadlines.set(member.session, turn.nowMs() + limits.newMemberJoinTimeoutMs());
    }

    void startPendingJoin(Deadline deadline, int sessionTimeoutMs, Turn turn) {
        deadlines.set(deadline, turn.nowMs() + sessionTimeoutMs);
    }

    void endPendingJoin(Deadline deadline) {
        deadlines.clear(deadline);
    }

    /** The group goes: nothing of it may fire any more. */
    void dissolve(ClassicGroup group) {
        deadlines.clear(group.joinDeadline);
        deadlines.clear(group.syncDeadline);
        for (Deadline pending : group.pendingJoins().values()) deadlines.clear(pending);
        for (ClassicMember member : group.members()) deadlines.clear(member.session);
    }
}
