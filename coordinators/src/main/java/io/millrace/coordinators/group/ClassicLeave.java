package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.LeaveGroupRequest;
import io.millrace.protocol.messages.LeaveGroupResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** LeaveGroup (key 13), versions 0-5. Several members, also static ones by instance id, from v3 (KIP-345). */
final class ClassicLeave {
    private static final int SEVERAL_MEMBERS_VERSION = 3;

    private final GroupDirectory directory;
    private final ClassicRebalance rebalance;

    ClassicLeave(GroupDirectory directory, ClassicRebalance rebalance) {
        this.directory = directory;
        this.rebalance = rebalance;
    }

    void leave(GroupRequestContext context, LeaveGroupRequest request, Reply<LeaveGroupResponse> reply, Turn turn) {
        boolean isSingle = context.apiVersion() < SEVERAL_MEMBERS_VERSION;
        if (request.groupId().isEmpty()) {
            turn.answer(reply, error(ErrorCode.INVALID_GROUP_ID));
            return;
        }
        List<LeaveGroupRequest.MemberIdentity> leaving = isSingle
                ? List.of(LeaveGroupRequest.MemberIdentity.builder()
                        .memberId(request.memberId())
                        .build())
                : request.members();
        ClassicGroup group = directory.find(request.groupId());
        List<LeaveGroupResponse.MemberResponse> left = new ArrayList<>(leaving.size());
        boolean hasChanged = false;
        for (LeaveGroupRequest.MemberIdentity identity : leaving) {
            ErrorCode error = remove(group, identity, turn);
            hasChanged |= error == ErrorCode.NONE;
            left.add(LeaveGroupResponse.MemberResponse.builder()
                    .memberId(identity.memberId())
                    .groupInstanceId(identity.groupInstanceId())
                    .errorCode(error.code())
                    .build());
        }
        if (group != null) {
            turn.shows(group.lastMetadataOffset());
            if (hasChanged) goOn(group, turn);
        }
        turn.answer(
                reply,
                isSingle
                        ? error(ErrorCode.forCode(left.getFirst().errorCode()))
                        : LeaveGroupResponse.builder()
                                .errorCode(ErrorCode.NONE.code())
                                .members(left)
                                .build());
    }

    private ErrorCode remove(@Nullable ClassicGroup group, LeaveGroupRequest.MemberIdentity identity, Turn turn) {
        if (group == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        String memberId = identity.memberId();
        Deadline pending = group.pendingJoins().remove(memberId);
        if (pending != null) {
            rebalance.endPendingJoin(pending);
            return ErrorCode.NONE;
        }
        // An administrator knows the instance id only (KIP-345).
        ClassicMember member =
                memberId.isEmpty() ? group.staticMember(identity.groupInstanceId()) : group.member(memberId);
        if (!memberId.isEmpty()) {
            ErrorCode error = group.check(memberId, identity.groupInstanceId());
            if (error != ErrorCode.NONE) return error;
        }
        if (member == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        rebalance.remove(group, member, ErrorCode.UNKNOWN_MEMBER_ID, turn);
        return ErrorCode.NONE;
    }

    private void goOn(ClassicGroup group, Turn turn) {
        switch (group.state()) {
            case STABLE, COMPLETING_REBALANCE -> rebalance.membersChanged(group, turn);
            case PREPARING_REBALANCE -> rebalance.completeJoinIfAllJoined(group, turn);
            case EMPTY, DEAD -> {}
        }
    }

    private static LeaveGroupResponse error(ErrorCode error) {
        return LeaveGroupResponse.builder().errorCode(error.code()).build();
    }
}
