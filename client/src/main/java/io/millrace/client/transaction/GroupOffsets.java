package io.millrace.client.transaction;

import io.millrace.client.CommittedOffset;
import io.millrace.records.TopicPartition;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Offsets that a group gets if a transaction is committed.
 *
 * @param generation the member's generation, or epoch; -1 without membership
 * @param memberId empty without membership
 */
public record GroupOffsets(
        String groupId,
        int generation,
        String memberId,
        @Nullable String groupInstanceId,
        Map<TopicPartition, CommittedOffset> offsets) {
    /** Keeps its own copy of the map. */
    public GroupOffsets {
        if (groupId.isEmpty()) throw new IllegalArgumentException("the group id is empty");
        offsets = new TreeMap<>(offsets);
    }

    GroupOffsets only(Map<TopicPartition, CommittedOffset> some) {
        return new GroupOffsets(groupId, generation, memberId, groupInstanceId, some);
    }
}
