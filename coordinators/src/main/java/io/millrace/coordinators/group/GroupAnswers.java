package io.millrace.coordinators.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.HeartbeatResponse;
import io.millrace.protocol.messages.JoinGroupRequest;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.LeaveGroupResponse;
import io.millrace.protocol.messages.OffsetCommitRequest;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import java.util.List;

/** Answers that hold nothing but an error, in the form of each API: for the shard, and for a server that refuses earlier. */
public final class GroupAnswers {
    private static final int NULL_PROTOCOL_NAME_VERSION = 7;

    private GroupAnswers() {}

    /** JoinGroup in the words of a version: up to 6 the name of no protocol is empty, from 7 it is null (KIP-559). */
    public static JoinGroupResponse joinGroup(int version, JoinGroupResponse response) {
        if (version >= NULL_PROTOCOL_NAME_VERSION || response.protocolName() != null) return response;
        return response.toBuilder().protocolName("").build();
    }

    /** JoinGroup, to whoever asked; in the words of the newest version. */
    public static JoinGroupResponse joinGroup(JoinGroupRequest request, ErrorCode error) {
        return ClassicAnswers.joinError(request.memberId(), error);
    }

    /** SyncGroup. */
    public static SyncGroupResponse syncGroup(ErrorCode error) {
        return ClassicAnswers.syncError(error);
    }

    /**
     * Heartbeat. While the coordinator loads, a member is told that all is well: it would only come again, and its session
     * begins anew after the load.
     */
    public static HeartbeatResponse heartbeat(ErrorCode error) {
        ErrorCode told =
                error == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : GroupErrors.ofMembership(error);
        return HeartbeatResponse.builder().errorCode(told.code()).build();
    }

    /** LeaveGroup. */
    public static LeaveGroupResponse leaveGroup(ErrorCode error) {
        return LeaveGroupResponse.builder().errorCode(error.code()).build();
    }

    /** OffsetCommit: the error at every partition. */
    public static OffsetCommitResponse offsetCommit(OffsetCommitRequest request, ErrorCode error) {
        return OffsetCommits.refusal(request, error);
    }

    /** One group of an OffsetFetch. */
    public static OffsetFetchResponse.OffsetFetchResponseGroup offsetFetch(String groupId, ErrorCode error) {
        return OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                .groupId(groupId)
                .errorCode(error.code())
                .topics(List.of())
                .build();
    }

    /** OffsetDelete. */
    public static OffsetDeleteResponse offsetDelete(ErrorCode error) {
        return OffsetDeletes.error(error);
    }

    /** One group of a DescribeGroups. */
    public static DescribeGroupsResponse.DescribedGroup describeGroup(String groupId, ErrorCode error) {
        return DescribeGroupsResponse.DescribedGroup.builder()
                .groupId(groupId)
                .errorCode(error.code())
                .groupState("")
                .protocolType("")
                .protocolData("")
                .build();
    }

    /** Groups of a DeleteGroups. */
    public static List<DeleteGroupsResponse.DeletableGroupResult> deleteGroups(List<String> groupIds, ErrorCode error) {
        return groupIds.stream().map(id -> GroupDeletion.result(id, error)).toList();
    }
}
