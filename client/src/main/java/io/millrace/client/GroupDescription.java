package io.millrace.client;

import io.millrace.records.TopicPartition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A group and who is in it.
 *
 * @param type {@code classic} or {@code consumer}
 * @param state as Kafka names it, such as {@code Stable}
 * @param protocolType {@code consumer} for groups of consumers; empty for a simple group
 * @param assignor who shares out the partitions, such as {@code range}; empty if the group is empty
 * @param coordinator where the broker is that coordinates it
 */
public record GroupDescription(
        String groupId,
        String type,
        String state,
        String protocolType,
        String assignor,
        HostAndPort coordinator,
        List<Member> members) {
    /** Fixes the list. */
    public GroupDescription {
        members = List.copyOf(members);
    }

    /**
     * A member.
     *
     * @param instanceId {@code group.instance.id} of a static member
     * @param host as the coordinator sees it
     * @param assignment ascending; empty if it has none, or it is not one of consumers
     */
    public record Member(
            String memberId,
            @Nullable String instanceId,
            String clientId,
            String host,
            List<TopicPartition> assignment) {
        /** Sorts the assignment. */
        public Member {
            assignment = assignment.stream().sorted().toList();
        }
    }
}
