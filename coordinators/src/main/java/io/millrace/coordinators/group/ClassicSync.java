package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.SyncGroupRequest;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** SyncGroup (key 14), versions 0-5. Static members from v3 (KIP-345), protocol type and name from v5 (KIP-559). */
final class ClassicSync {
    private static final int PROTOCOL_VERSION = 5;

    private final GroupDirectory directory;
    private final ClassicRebalance rebalance;

    ClassicSync(GroupDirectory directory, ClassicRebalance rebalance) {
        this.directory = directory;
        this.rebalance = rebalance;
    }

    void sync(GroupRequestContext context, SyncGroupRequest request, Reply<SyncGroupResponse> reply, Turn turn) {
        ClassicGroup group = directory.find(request.groupId());
        ClassicMember member = group == null ? null : group.member(request.memberId());
        ErrorCode error = check(context, request, group);
        if (group == null || member == null || error != ErrorCode.NONE) {
            turn.answer(reply, ClassicAnswers.syncError(error));
            return;
        }
        turn.shows(group.lastMetadataOffset());
        switch (group.state()) {
            case PREPARING_REBALANCE -> turn.answer(reply, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
            case COMPLETING_REBALANCE -> await(group, member, request, reply, turn);
            case STABLE -> {
                rebalance.syncReceived(group, member.memberId);
                rebalance.restartSession(member, turn);
                turn.answer(reply, ClassicAnswers.synced(group, member));
            }
            case EMPTY, DEAD ->
                throw new IllegalStateException("group " + group.groupId + " is " + group.state() + " with members");
        }
    }

    private static ErrorCode check(
            GroupRequestContext context, SyncGroupRequest request, @Nullable ClassicGroup group) {
        if (context.apiVersion() >= PROTOCOL_VERSION
                && (request.protocolType() == null || request.protocolName() == null)) {
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        }
        if (request.groupId().isEmpty()) return ErrorCode.INVALID_GROUP_ID;
        if (group == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        ErrorCode error = group.check(request.memberId(), request.groupInstanceId());
        if (error != ErrorCode.NONE) return error;
        if (request.generationId() != group.generation()) return ErrorCode.ILLEGAL_GENERATION;
        if (differs(request.protocolType(), group.protocolType())
                || differs(request.protocolName(), group.protocolName())) {
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        }
        return ErrorCode.NONE;
    }

    private static boolean differs(@Nullable String said, @Nullable String held) {
        return said != null && !said.equals(held);
    }

    private void await(
            ClassicGroup group,
            ClassicMember member,
            SyncGroupRequest request,
            Reply<SyncGroupResponse> reply,
            Turn turn) {
        if (member.awaitingSync != null) {
            turn.answer(member.awaitingSync, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
        }
        member.awaitingSync = reply;
        rebalance.syncReceived(group, member.memberId);
        if (!group.isLeader(member.memberId)) return;

        Map<String, byte[]> assigned = new HashMap<>();
        for (var assignment : request.assignments()) assigned.put(assignment.memberId(), assignment.assignment());
        Function<ClassicMember, byte[]> assignments =
                one -> assigned.getOrDefault(one.memberId, ClassicMember.NO_ASSIGNMENT);
        turn.write(GroupRecords.generation(
                group, List.copyOf(group.members()), assignments, group.leaderId(), turn.wallMs()));
        turn.then(new Turn.Sequel() {
            @Override
            public void appended(Turn then) {
                rebalance.stabilize(group, assignments, then);
            }

            @Override
            public void refused(ErrorCode error, Turn then) {
                rebalance.refuseSyncs(group, GroupErrors.ofMembership(error), then);
                rebalance.prepare(group, then);
            }
        });
    }
}
