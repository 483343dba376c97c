package io.millrace.client.assignor;

import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;

/** A way to share the partitions of all subscribed topics among the members of one group. */
public interface Assignor {
    /** The name by which members agree on it in JoinGroup, such as {@code "range"}. */
    String name();

    /** Whether members may keep what they read while they join, as nothing is given to one before another has let it go (KIP-429). */
    default boolean isCooperative() {
        return false;
    }

    /**
     * Shares the partitions out. Each partition of a subscribed topic that exists goes to exactly one member that subscribes
     * to it; the same members and topics give the same result, in whatever order they are given.
     *
     * @param topics what is known of at least all subscribed topics that exist
     * @param members all members of the group, each id once
     * @return for every member, by member id, its partitions; none if there was nothing for it
     */
    Map<String, List<TopicPartition>> assign(TopicLayouts topics, List<GroupMember> members);
}
