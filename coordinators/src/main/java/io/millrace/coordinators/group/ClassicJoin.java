package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * JoinGroup (key 11), versions 0-9. A member id has to be brought along from v4 (KIP-394), static members from v5
 * (KIP-345), a static leader skips the assignment from v9 (KIP-814).
 */
final class ClassicJoin {
    private static final int REBALANCE_TIMEOUT_VERSION = 1;
    private static final int KNOWN_MEMBER_ID_VERSION = 4;
    private static final int SKIP_ASSIGNMENT_VERSION = 9;
    /** Member ids given out and not joined with yet, per group: they cost their asker nothing. */
    private static final int MAX_PENDING_JOINS = 100_000;

    /** One request, with what its versions leave open filled in. */
    private record Joining(
            GroupRequestContext context,
            JoinGroupRequest request,
            int rebalanceTimeoutMs,
            List<JoinGroupRequest.JoinGroupRequestProtocol> protocols,
            UUID freshId,
            Reply<JoinGroupResponse> reply) {
        boolean isNew() {
            return request.memberId().isEmpty();
        }
    }

    private final GroupLimits limits;
    private final GroupDirectory directory;
    private final ClassicRebalance rebalance;

    ClassicJoin(GroupLimits limits, GroupDirectory directory, ClassicRebalance rebalance) {
        this.limits = limits;
        this.directory = directory;
        this.rebalance = rebalance;
    }

    void join(
            GroupRequestContext context,
            JoinGroupRequest request,
            UUID freshId,
            Reply<JoinGroupResponse> reply,
            Turn turn) {
        Joining joining = new Joining(
                context,
                request,
                context.apiVersion() < REBALANCE_TIMEOUT_VERSION
                        ? request.sessionTimeoutMs()
                        : request.rebalanceTimeoutMs(),
                distinct(request.protocols()),
                freshId,
                reply);
        ErrorCode error = check(joining);
        ClassicGroup group = directory.find(request.groupId());
        if (error == ErrorCode.NONE && group == null && !joining.isNew()) error = ErrorCode.UNKNOWN_MEMBER_ID;
        if (error != ErrorCode.NONE) {
            refuse(joining, error, turn);
        } else if (group != null) {
            joinGroup(group, joining, turn);
        } else {
            createThenJoin(joining, turn);
        }
    }

    private ErrorCode check(Joining joining) {
        JoinGroupRequest request = joining.request;
        if (request.groupId().isEmpty()) return ErrorCode.INVALID_GROUP_ID;
        if (request.sessionTimeoutMs() < limits.minSessionTimeoutMs()
                || request.sessionTimeoutMs() > limits.maxSessionTimeoutMs()) {
            return ErrorCode.INVALID_SESSION_TIMEOUT;
        }
        return directory.isForeign(request.groupId()) ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL : ErrorCode.NONE;
    }

    /** The group is in the log before anyone is in the group; it stays there if its first member is refused. */
    private void createThenJoin(Joining joining, Turn turn) {
        String groupId = joining.request.groupId();
        turn.write(GroupRecords.newGroup(groupId, turn.wallMs()));
        turn.then(new Turn.Sequel() {
            @Override
            public void appended(Turn then) {
                joinGroup(directory.get(groupId), joining, then);
            }

            @Override
            public void refused(ErrorCode error, Turn then) {
                refuse(joining, GroupErrors.ofMembership(error), then);
            }
        });
    }

    private void joinGroup(ClassicGroup group, Joining joining, Turn turn) {
        turn.shows(group.lastMetadataOffset());
        if (!hasRoomFor(group, joining)) {
            turnAway(group, joining, turn);
        } else if (!group.couldTake(joining.request.protocolType(), joining.protocols)) {
            refuse(joining, ErrorCode.INCONSISTENT_GROUP_PROTOCOL, turn);
        } else if (joining.isNew()) {
            joinNew(group, joining, turn);
        } else {
            joinKnown(group, joining, turn);
        }
    }

    /** There are enough members without this one, even if it was one of them until now. */
    private void turnAway(ClassicGroup group, Joining joining, Turn turn) {
        dropPending(group, joining.request.memberId());
        ClassicMember member = group.member(joining.request.memberId());
        if (member != null) rebalance.remove(group, member, ErrorCode.GROUP_MAX_SIZE_REACHED, turn);
        turn.answer(joining.reply, ClassicAnswers.joinError("", ErrorCode.GROUP_MAX_SIZE_REACHED));
        rebalance.completeJoinIfAllJoined(group, turn);
    }

    private boolean hasRoomFor(ClassicGroup group, Joining joining) {
        ClassicMember member = group.member(joining.request.memberId());
        if (member == null) member = group.staticMember(joining.request.groupInstanceId());
        return switch (group.state()) {
            case EMPTY, DEAD -> true;
            case PREPARING_REBALANCE ->
                (member != null && member.isAwaitingJoin()) || group.awaitingJoinCount() < limits.maxSize();
            case COMPLETING_REBALANCE, STABLE -> member != null || group.size() < limits.maxSize();
        };
    }

    private void joinNew(ClassicGroup group, Joining joining, Turn turn) {
        String instanceId = joining.request.groupInstanceId();
        String memberId = (instanceId == null ? joining.context.clientId() : instanceId) + "-" + joining.freshId;
        if (instanceId != null) {
            ClassicMember former = group.staticMember(instanceId);
            if (former == null) add(group, memberId, joining, turn);
            else replaceStatic(group, former, memberId, joining, turn);
        } else if (joining.context.apiVersion() < KNOWN_MEMBER_ID_VERSION) {
            add(group, memberId, joining, turn);
        } else if (group.pendingJoins().size() >= MAX_PENDING_JOINS) {
            turn.answer(joining.reply, ClassicAnswers.joinError("", ErrorCode.GROUP_MAX_SIZE_REACHED));
        } else {
            Deadline deadline = new Deadline(due -> rebalance.pendingJoinDue(group, memberId, due));
            group.pendingJoins().put(memberId, deadline);
            rebalance.startPendingJoin(deadline, joining.request.sessionTimeoutMs(), turn);
            turn.answer(joining.reply, ClassicAnswers.joinError(memberId, ErrorCode.MEMBER_ID_REQUIRED));
        }
    }

    private void joinKnown(ClassicGroup group, Joining joining, Turn turn) {
        String memberId = joining.request.memberId();
        if (joining.request.groupInstanceId() == null && dropPending(group, memberId)) {
            add(group, memberId, joining, turn);
            return;
        }
        ErrorCode error = group.check(memberId, joining.request.groupInstanceId());
        ClassicMember member = group.member(memberId);
        if (error != ErrorCode.NONE || member == null) {
            refuse(joining, error == ErrorCode.NONE ? ErrorCode.UNKNOWN_MEMBER_ID : error, turn);
            return;
        }
        if (tellsNothingNew(group, member, joining)) {
            rebalance.restartSession(member, turn);
            turn.answer(joining.reply, ClassicAnswers.joined(group, member));
        } else {
            update(group, member, joining, turn);
            rebalance.membersChanged(group, turn);
        }
    }

    /** A member that asks again has lost its answer; a stable group's leader that joins again wants a rebalance. */
    private static boolean tellsNothingNew(ClassicGroup group, ClassicMember member, Joining joining) {
        return switch (group.state()) {
            case COMPLETING_REBALANCE -> member.hasProtocols(joining.protocols);
            case STABLE -> !group.isLeader(member.memberId) && member.hasProtocols(joining.protocols);
            case EMPTY, PREPARING_REBALANCE, DEAD -> false;
        };
    }

    private void add(ClassicGroup group, String memberId, Joining joining, Turn turn) {
        ClassicMember member = newMember(group, memberId, joining);
        member.isNew = true;
        member.awaitingJoin = joining.reply;
        if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)) group.hasNewJoiner = true;
        group.add(member);
        rebalance.startFirstSession(member, turn);
        rebalance.membersChanged(group, turn);
    }

    private void update(ClassicGroup group, ClassicMember member, Joining joining, Turn turn) {
        group.changeProtocols(member, joining.protocols);
        member.rebalanceTimeoutMs = joining.rebalanceTimeoutMs;
        member.sessionTimeoutMs = joining.request.sessionTimeoutMs();
        Reply<JoinGroupResponse> displaced = group.awaitJoin(member, joining.reply);
        if (displaced != null) {
            turn.answer(displaced, ClassicAnswers.joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS));
        }
    }

    /** A static member came back without its member id: it gets a new one, and the old one is fenced (KIP-345). */
    private void replaceStatic(ClassicGroup group, ClassicMember former, String memberId, Joining joining, Turn turn) {
        ClassicMember successor = newMember(group, memberId, joining);
        successor.assignment = former.assignment;
        if (group.isIn(ClassicGroupState.STABLE)
                && group.selectProtocol(former, joining.protocols).equals(group.protocolName())) {
            replaceWithoutRebalance(group, former, successor, joining, turn);
            return;
        }
        takeOver(group, former, successor, turn);
        group.awaitJoin(successor, joining.reply);
        if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)) rebalance.completeJoinIfAllJoined(group, turn);
        else rebalance.prepare(group, turn);
    }

    /** The assignment stays; that it is another member's now has to be in the log first. */
    private void replaceWithoutRebalance(
            ClassicGroup group, ClassicMember former, ClassicMember successor, Joining joining, Turn turn) {
        turn.note(group, "static member " + former.memberId + " is replaced by " + successor.memberId);
        String formerLeader = group.leaderId();
        List<ClassicMember> members = new ArrayList<>(group.members());
        members.set(members.indexOf(former), successor);
        String leader = group.isLeader(former.memberId) ? successor.memberId : formerLeader;
        turn.write(GroupRecords.generation(group, members, member -> member.assignment, leader, turn.wallMs()));
        turn.then(new Turn.Sequel() {
            @Override
            public void appended(Turn then) {
                takeOver(group, former, successor, then);
                then.answer(joining.reply, replaced(group, successor, formerLeader, joining.context.apiVersion()));
            }

            @Override
            public void refused(ErrorCode error, Turn then) {
                then.answer(joining.reply, ClassicAnswers.joinError("", GroupErrors.ofMembership(error)));
            }
        });
    }

    private void takeOver(ClassicGroup group, ClassicMember former, ClassicMember successor, Turn turn) {
        rebalance.refuseWaiting(group, former, former.memberId, ErrorCode.FENCED_INSTANCE_ID, turn);
        rebalance.endPendingJoin(former.session);
        group.replace(former, successor);
        group.forgetSubscriptions();
        rebalance.restartSession(successor, turn);
    }

    /** Before v9 a returned leader must not know that it leads: it would assign anew, and nobody would hear of it. */
    private static JoinGroupResponse replaced(
            ClassicGroup group, ClassicMember member, @Nullable String formerLeader, int version) {
        JoinGroupResponse.Builder response = ClassicAnswers.generation(group, member);
        if (version < SKIP_ASSIGNMENT_VERSION) {
            return response.leader(formerLeader == null ? "" : formerLeader)
                    .members(List.of())
                    .build();
        }
        boolean isLeader = group.isLeader(member.memberId);
        return response.members(isLeader ? group.roster() : List.of())
                .skipAssignment(isLeader)
                .build();
    }

    private ClassicMember newMember(ClassicGroup group, String memberId, Joining joining) {
        return directory.newMember(
                group,
                memberId,
                joining.request.groupInstanceId(),
                joining.context.clientId(),
                joining.context.clientHost(),
                joining.request.protocolType(),
                joining.rebalanceTimeoutMs,
                joining.request.sessionTimeoutMs(),
                joining.protocols);
    }

    private boolean dropPending(ClassicGroup group, String memberId) {
        Deadline pending = group.pendingJoins().remove(memberId);
        if (pending == null) return false;
        rebalance.endPendingJoin(pending);
        return true;
    }

    private static void refuse(Joining joining, ErrorCode error, Turn turn) {
        turn.answer(joining.reply, ClassicAnswers.joinError(joining.request.memberId(), error));
    }

    private static List<JoinGroupRequest.JoinGroupRequestProtocol> distinct(
            List<JoinGroupRequest.JoinGroupRequestProtocol> protocols) {
        Set<String> names = new HashSet<>();
        List<JoinGroupRequest.JoinGroupRequestProtocol> distinct = new ArrayList<>(protocols.size());
        for (var protocol : protocols) {
            if (names.add(protocol.name())) distinct.add(protocol);
        }
        return List.copyOf(distinct);
    }
}
