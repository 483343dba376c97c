package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.OffsetStore;
import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DeleteGroupsResponse;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** DeleteGroups (key 42), versions 0-3 (KIP-229): groups without members, with all their offsets. */
final class GroupDeletion {
    private final GroupDirectory directory;
    private final OffsetStore offsets;

    GroupDeletion(GroupDirectory directory, OffsetStore offsets) {
        this.directory = directory;
        this.offsets = offsets;
    }

    void delete(List<String> groupIds, Reply<List<DeleteGroupsResponse.DeletableGroupResult>> reply, Turn turn) {
        List<DeleteGroupsResponse.DeletableGroupResult> results = new ArrayList<>(groupIds.size());
        for (String groupId : new LinkedHashSet<>(groupIds)) {
            ClassicGroup group = directory.find(groupId);
            ErrorCode error = check(group);
            if (group != null) turn.shows(group.lastMetadataOffset());
            if (error == ErrorCode.NONE) tombstones(groupId, turn);
            results.add(result(groupId, error));
        }
        turn.answer(reply, results);
    }

    private static ErrorCode check(@Nullable ClassicGroup group) {
        if (group == null) return ErrorCode.GROUP_ID_NOT_FOUND;
        return group.isIn(ClassicGroupState.EMPTY) ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
    }

    /** The offsets first: a group that is half deleted is still there, and can be deleted again. */
    private void tombstones(String groupId, Turn turn) {
        offsets.groupOffsets(groupId).forEach((topic, partitions) -> {
            for (int partition : partitions.keySet()) {
                turn.write(GroupRecords.offsetTombstone(groupId, topic, partition));
            }
        });
        turn.write(GroupRecords.groupTombstone(groupId));
    }

    static DeleteGroupsResponse.DeletableGroupResult result(String groupId, ErrorCode error) {
        return DeleteGroupsResponse.DeletableGroupResult.builder()
                .groupId(groupId)
                .errorCode(error.code())
                .build();
    }
}
