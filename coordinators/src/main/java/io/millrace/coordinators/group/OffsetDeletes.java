package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.OffsetStore;
import io.millrace.coordinators.shard.Reply;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetDeleteRequest;
import io.millrace.protocol.messages.OffsetDeleteResponse;
import java.util.ArrayList;
import java.util.List;

/** OffsetDelete (key 47), version 0 (KIP-496): offsets of topics that the group does not consume. */
final class OffsetDeletes {
    private final GroupDirectory directory;
    private final OffsetStore offsets;

    OffsetDeletes(GroupDirectory directory, OffsetStore offsets) {
        this.directory = directory;
        this.offsets = offsets;
    }

    void delete(OffsetDeleteRequest request, Reply<OffsetDeleteResponse> reply, Turn turn) {
        if (request.groupId().isEmpty()) {
            turn.answer(reply, error(ErrorCode.INVALID_GROUP_ID));
            return;
        }
        ClassicGroup group = directory.find(request.groupId());
        if (group == null) {
            turn.answer(reply, error(ErrorCode.GROUP_ID_NOT_FOUND));
            return;
        }
        turn.shows(Math.max(group.lastMetadataOffset(), group.lastCommitOffset()));
        if (!group.isIn(ClassicGroupState.EMPTY) && !group.isConsumerType()) {
            turn.answer(reply, error(ErrorCode.NON_EMPTY_GROUP));
            return;
        }
        List<OffsetDeleteResponse.OffsetDeleteResponseTopic> topics =
                new ArrayList<>(request.topics().size());
        for (var topic : request.topics()) {
            boolean isConsumed = group.isSubscribedTo(topic.name());
            List<OffsetDeleteResponse.OffsetDeleteResponsePartition> partitions =
                    new ArrayList<>(topic.partitions().size());
            for (var partition : topic.partitions()) {
                int index = partition.partitionIndex();
                if (!isConsumed && offsets.find(group.groupId, topic.name(), index) != null) {
                    turn.write(GroupRecords.offsetTombstone(group.groupId, topic.name(), index));
                }
                partitions.add(OffsetDeleteResponse.OffsetDeleteResponsePartition.builder()
                        .partitionIndex(index)
                        .errorCode((isConsumed ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE).code())
                        .build());
            }
            topics.add(OffsetDeleteResponse.OffsetDeleteResponseTopic.builder()
                    .name(topic.name())
                    .partitions(partitions)
                    .build());
        }
        turn.answer(
                reply,
                OffsetDeleteResponse.builder()
                        .errorCode(ErrorCode.NONE.code())
                        .topics(topics)
                        .build());
    }

    static OffsetDeleteResponse error(ErrorCode error) {
        return OffsetDeleteResponse.builder().errorCode(error.code()).build();
    }
}
