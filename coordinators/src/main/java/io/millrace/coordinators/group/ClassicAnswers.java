package io.millrace.coordinators.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.List;

/** The answers that several requests of classic members have in common. */
final class ClassicAnswers {
    private ClassicAnswers() {}

    static JoinGroupResponse joinError(String memberId, ErrorCode error) {
        return JoinGroupResponse.builder()
                .errorCode(error.code())
                .generationId(-1)
                .protocolName(null)
                .leader("")
                .memberId(memberId)
                .build();
    }

    /** The current generation, as this member is told of it; the leader is told who else is in it. */
    static JoinGroupResponse joined(ClassicGroup group, ClassicMember member) {
        return generation(group, member)
                .members(group.isLeader(member.memberId) ? group.roster() : List.of())
                .build();
    }

    static JoinGroupResponse.Builder generation(ClassicGroup group, ClassicMember member) {
        String leader = group.leaderId();
        return JoinGroupResponse.builder()
                .errorCode(ErrorCode.NONE.code())
                .generationId(group.generation())
                .protocolType(group.protocolType())
                .protocolName(group.protocolName())
                .leader(leader == null ? "" : leader)
                .memberId(member.memberId);
    }

    static SyncGroupResponse syncError(ErrorCode error) {
        return SyncGroupResponse.builder()
                .errorCode(error.code())
                .assignment(ClassicMember.NO_ASSIGNMENT)
                .build();
    }

    static SyncGroupResponse synced(ClassicGroup group, ClassicMember member) {
        return SyncGroupResponse.builder()
                .errorCode(ErrorCode.NONE.code())
                .protocolType(group.protocolType())
                .protocolName(group.protocolName())
                .assignment(member.assignment)
                .build();
    }
}
