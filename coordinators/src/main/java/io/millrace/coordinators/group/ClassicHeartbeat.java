package io.millrace.coordinators.group;

import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.HeartbeatRequest;
import io.millrace.protocol.messages.HeartbeatResponse;

/** Heartbeat (key 12), versions 0-4. Static members from v3 (KIP-345). */
final class ClassicHeartbeat {
    private final GroupDirectory directory;
    private final ClassicRebalance rebalance;

    ClassicHeartbeat(GroupDirectory directory, ClassicRebalance rebalance) {
        this.directory = directory;
        this.rebalance = rebalance;
    }

    void heartbeat(HeartbeatRequest request, Reply<HeartbeatResponse> reply, Turn turn) {
        turn.answer(
                reply,
                HeartbeatResponse.builder()
                        .errorCode(beat(request, turn).code())
                        .build());
    }

    private ErrorCode beat(HeartbeatRequest request, Turn turn) {
        if (request.groupId().isEmpty()) return ErrorCode.INVALID_GROUP_ID;
        ClassicGroup group = directory.find(request.groupId());
        if (group == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        turn.shows(group.lastMetadataOffset());
        ErrorCode error = group.check(request.memberId(), request.groupInstanceId());
        if (error != ErrorCode.NONE) return error;
        if (request.generationId() != group.generation()) return ErrorCode.ILLEGAL_GENERATION;
        ClassicMember member = group.member(request.memberId());
        if (member == null) return ErrorCode.UNKNOWN_MEMBER_ID;
        rebalance.heard(member, turn);
        return group.isIn(ClassicGroupState.PREPARING_REBALANCE) ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
    }
}
