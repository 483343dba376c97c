package io.millrace.client;

import java.util.Optional;

/**
 * Who commits offsets for a group: a member as its consumer knows it, or somebody outside.
 *
 * @param generation the member's generation, or its epoch in a group of the newer protocol; -1 without membership
 * @param memberId empty without membership
 */
public record ConsumerGroupMetadata(String groupId, int generation, String memberId, Optional<String> groupInstanceId) {
    /** Checks that there is a group. */
    public ConsumerGroupMetadata {
        if (groupId.isEmpty()) throw new IllegalArgumentException("the group id is empty");
    }

    /** A group without members, whose partitions somebody has chosen for himself. The group's coordinator fences nobody. */
    public ConsumerGroupMetadata(String groupId) {
        this(groupId, -1, "", Optional.empty());
    }
}
