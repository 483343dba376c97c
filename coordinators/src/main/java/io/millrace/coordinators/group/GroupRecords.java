package io.millrace.coordinators.group;

import io.millrace.coordinators.group.offsets.CommittedOffset;
import io.millrace.coordinators.shard.CoordinatorRecord;
import io.millrace.protocol.messages.GroupMetadataKey;
import io.millrace.protocol.messages.GroupMetadataValue;
import io.millrace.protocol.messages.OffsetCommitKey;
import io.millrace.protocol.messages.OffsetCommitValue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The records of classic groups and offsets, at the versions that Kafka 4.4.0 writes. */
final class GroupRecords {
    private static final int GROUP_METADATA_VERSION = 3;
    private static final int OFFSET_COMMIT_VERSION = 4;
    /** The only version with a place for an expiry chosen by the client. */
    private static final int OFFSET_COMMIT_WITH_EXPIRY_VERSION = 1;

    private GroupRecords() {}

    /** A group that exists, and nothing more. */
    static CoordinatorRecord newGroup(String groupId, long wallMs) {
        GroupMetadataValue value = GroupMetadataValue.builder()
                .protocolType("")
                .generation(0)
                .protocol(null)
                .leader(null)
                .currentStateTimestamp(wallMs)
                .members(List.of())
                .build();
        return CoordinatorRecord.of(keyOf(groupId), value, GROUP_METADATA_VERSION);
    }

    /** The group's generation as it stands, with these members and these assignments. */
    static CoordinatorRecord generation(
            ClassicGroup group,
            List<ClassicMember> members,
            Function<ClassicMember, byte[]> assignments,
            @Nullable String leaderId,
            long wallMs) {
        List<GroupMetadataValue.MemberMetadata> stored = new ArrayList<>(members.size());
        for (ClassicMember member : members) {
            stored.add(GroupMetadataValue.MemberMetadata.builder()
                    .memberId(member.memberId)
                    .groupInstanceId(member.groupInstanceId)
                    .clientId(member.clientId)
                    .clientHost(member.clientHost)
                    .rebalanceTimeout(member.rebalanceTimeoutMs)
                    .sessionTimeout(member.sessionTimeoutMs)
                    .subscription(member.metadataFor(group.protocolName()))
                    .assignment(assignments.apply(member))
                    .build());
        }
        String type = group.protocolType();
        GroupMetadataValue value = GroupMetadataValue.builder()
                .protocolType(type == null ? "" : type)
                .generation(group.generation())
                .protocol(group.protocolName())
                .leader(leaderId)
                .currentStateTimestamp(wallMs)
                .members(stored)
                .build();
        return CoordinatorRecord.of(keyOf(group.groupId), value, GROUP_METADATA_VERSION);
    }

    static CoordinatorRecord groupTombstone(String groupId) {
        return CoordinatorRecord.tombstone(keyOf(groupId));
    }

    static CoordinatorRecord offset(String groupId, String topic, int partition, CommittedOffset committed) {
        OffsetCommitValue value = OffsetCommitValue.builder()
                .offset(committed.offset())
                .leaderEpoch(committed.leaderEpoch())
                .metadata(committed.metadata())
                .commitTimestamp(committed.commitTimestampMs())
                .expireTimestamp(committed.expireTimestampMs())
                .topicId(committed.topicId())
                .build();
        int version = committed.expireTimestampMs() < 0 ? OFFSET_COMMIT_VERSION : OFFSET_COMMIT_WITH_EXPIRY_VERSION;
        return CoordinatorRecord.of(keyOf(groupId, topic, partition), value, version);
    }

    static CoordinatorRecord offsetTombstone(String groupId, String topic, int partition) {
        return CoordinatorRecord.tombstone(keyOf(groupId, topic, partition));
    }

    private static GroupMetadataKey keyOf(String groupId) {
        return GroupMetadataKey.builder().group(groupId).build();
    }

    private static OffsetCommitKey keyOf(String groupId, String topic, int partition) {
        return OffsetCommitKey.builder()
                .group(groupId)
                .topic(topic)
                .partition(partition)
                .build();
    }
}
